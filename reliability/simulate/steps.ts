/**
 * What simulated processes do, one step at a time, and what each step checks.
 *
 * @module
 */
import { applyToModel, applyToTransaction, findDifference, isEqual, randomChanges, valueOf } from "@holdfast/storage-engine/simulation";
import { Store } from "./engine.ts";
import type { Change, Content, Fault, FaultOperation, SeededRandom, StoreOptions, WriteTransaction } from "./engine.ts";
import type { CommitNode, KeyName } from "./commit-model.ts";
import { fail } from "./failure.ts";
import { circumstances, judge } from "./judge.ts";
import { isKeyRefusal, KEY_NAMES, keyOption } from "./keys.ts";
import { IS_COPY, PATH } from "./world.ts";
import type { CopyRecord, Handle, SimulatedProcess, World } from "./world.ts";

/** One step of one process, drawn from the world's random numbers. */
export type Step = (world: World, process: SimulatedProcess) => void;

interface WeighedStep {
  readonly name: string;
  readonly weight: number;
  readonly run: (world: World, process: SimulatedProcess, handle: Handle) => void;
}

const STEPS: readonly WeighedStep[] = [
  { name: "write", weight: 40, run: write },
  { name: "look", weight: 12, run: look },
  { name: "hold", weight: 8, run: hold },
  { name: "look again", weight: 10, run: lookAgain },
  { name: "listen", weight: 3, run: listen },
  { name: "open another", weight: 4, run: (world, process) => open(world, process) },
  { name: "verify", weight: 3, run: verify },
  { name: "close", weight: 7, run: close },
  { name: "compact", weight: 3, run: (world, process, handle) => replace(world, process, handle, undefined) },
  { name: "rekey", weight: 2, run: (world, process, handle) => replace(world, process, handle, world.random.pick(KEY_NAMES)) },
  { name: "copy", weight: 2, run: copy },
  { name: "die", weight: 2, run: (world, process) => world.kill(process) },
];
const TOTAL_WEIGHT = STEPS.reduce((sum, step) => sum + step.weight, 0);

/** Draws a step and does it; a process without a store opens one. */
export function step(world: World, process: SimulatedProcess): void {
  const { random, config } = world;
  if (random.chance(config.faults)) process.volume.inject(drawFault(random));
  if (process.handles.length === 0) return open(world, process);
  const handle = random.pick(process.handles);
  let draw = random.below(TOTAL_WEIGHT);
  const chosen = STEPS.find(({ weight }) => (draw -= weight) < 0) as WeighedStep;
  world.trace?.(`${process.name}: ${chosen.name}`);
  chosen.run(world, process, handle);
}

function drawFault(random: SeededRandom): Fault {
  const operation = random.pick<FaultOperation>(["read", "write", "write", "sync", "sync", "open", "truncate", "name", "syncDirectory"]);
  const outcome = random.pick(operation === "read" ? (["EIO", "short"] as const) : operation === "write" ? (["EIO", "short", "ENOSPC", "kill"] as const) : (["EIO", "kill"] as const));
  return { operation, outcome, after: random.below(operation === "read" || operation === "write" ? 6 : 2), times: random.pick([1, 1, 3]) };
}

// ---- Opening and closing ---------------------------------------------------------------------------------------

function open(world: World, process: SimulatedProcess): void {
  const { random } = world;
  const isReadOnly = process.handles.length === 0 ? random.chance(0.06) : random.chance(0.2);
  const options: Omit<StoreOptions, "path" | "volume"> = {
    readOnly: isReadOnly,
    lockTimeoutMs: random.pick([1, 8]),
    cacheBytes: random.pick([20_000, 300_000, undefined]),
    dirtyBytes: random.pick([undefined, undefined, 64 * 8192]),
  };
  world.trace?.(`${process.name}: open ${isReadOnly ? "to read " : ""}with a cache of ${options.cacheBytes ?? "default"}`);
  const openedAtFault = world.faultCount;
  const store = openWithAnyKey(world, process, options);
  if (store === undefined) return;
  const handle: Handle = { store, isReadOnly, file: world.liveFile(), held: [], openedAtFault, hasHeard: false, isListening: false };
  if (process.isGone) return;
  process.handles.push(handle);
  checkNewest(world, process, handle);
}

/** While a re-keying has not been completed, either key may be the right one; exactly one must be. */
function openWithAnyKey(world: World, process: SimulatedProcess, options: Omit<StoreOptions, "path" | "volume">): Store | undefined {
  const keys = possibleKeys(world);
  const before = circumstances(world, options.readOnly === true ? ["FILE_MISSING"] : []);
  let refusal: unknown;
  for (const key of keys) {
    try {
      const store = Store.open({ path: PATH, volume: process.volume, ...options, ...keyOption(key) });
      world.planted?.store?.(store);
      return store;
    } catch (error) {
      refusal = error;
      if (!isKeyRefusal(error)) break;
    }
  }
  // Another process may have re-keyed the file while this one tried the keys.
  const isOutrun = isKeyRefusal(refusal) && possibleKeys(world).some((key, index) => keys[index] !== key);
  if (!isOutrun) judge(world, process, { doing: "opening", error: refusal, before });
  return undefined;
}

function possibleKeys(world: World): KeyName[] {
  return [...new Set(world.model.allowedNow().map((node) => node.key))].reverse();
}

function close(world: World, process: SimulatedProcess, handle: Handle): void {
  if (world.random.chance(0.5)) for (const { snapshot } of handle.held.splice(0)) snapshot.close();
  const before = circumstances(world);
  try {
    handle.store.close();
    if (!handle.store.isClosed) fail(`${process.name}: a closed store says that it is open`);
  } catch (error) {
    judge(world, process, { doing: "closing", error, before, handle });
  } finally {
    const index = process.handles.indexOf(handle);
    if (index >= 0) process.handles.splice(index, 1);
  }
}

// ---- Writing ---------------------------------------------------------------------------------------------------

function write(world: World, process: SimulatedProcess, handle: Handle): void {
  const expected = handle.isReadOnly ? ["STORE_READ_ONLY"] : [];
  const before = circumstances(world, expected);
  let transaction: WriteTransaction | undefined;
  try {
    transaction = handle.store.beginWrite();
    if (process.isGone) return;
    if (handle.isReadOnly) fail(`${process.name}: a store that was opened to be read lets itself be written`);
    const base = baseOf(world, process, handle, transaction);
    const changes = drawChanges(world, base.content);
    const content = change(world, process, { transaction, base, changes });
    // What needs no call of the disk still works in a process that was killed meanwhile; it asks for nothing more.
    if (process.isGone) return;
    if (world.random.chance(0.1)) {
      transaction.abort();
      return;
    }
    commit(world, process, { transaction, base, content });
  } catch (error) {
    const wasEnded = process.isGone;
    if (!wasEnded) transaction?.abort();
    judge(world, process, { doing: "writing", error, before, handle });
    // As its documentation says: close the store and open it again.
    if (!wasEnded && (error as { code?: unknown }).code === "COMMIT_UNKNOWN") close(world, process, handle);
  }
}

/** The commit that a transaction builds on: every acknowledged one is in it, and it will survive a power cut. */
function baseOf(world: World, process: SimulatedProcess, handle: Handle, transaction: WriteTransaction): CommitNode {
  const number = transaction.commitBefore;
  const base = world.model.find(world.liveFile(), number);
  if (base === undefined) {
    const sure = world.model.newestSure;
    fail(`${process.name}: a transaction builds on commit ${number}, and ${sure.number} has been acknowledged`);
  }
  if (handle.file !== base.file) fail(`${process.name}: a transaction was begun on a file that has been replaced`);
  world.model.buildOn(base, world.disk.position);
  return base;
}

function drawChanges(world: World, content: Content): Change[] {
  const { random, config } = world;
  const { keys, maxChanges, maxValueBytes, maxLargeBytes } = config;
  if (random.chance(config.spills)) {
    const tree = random.pick(["one", "two", "bulk"]);
    const count = 3 + random.below(10);
    return Array.from({ length: count }, (_, index) => ({ kind: "put", tree, key: `big-${index}`, value: valueOf(random, Math.floor(700_000 / count) + random.below(9000)) }));
  }
  const draw = random.next();
  // More than a record of the log can hold: the pages go straight to the file.
  if (draw < 0.04) return Array.from({ length: 30 }, (_, index) => ({ kind: "put", tree: "bulk", key: `key-${String(index * 3).padStart(6, "0")}`, value: valueOf(random, 500 + random.below(200)) }));
  if (draw < 0.09) return [{ kind: "drop", tree: random.pick(["one", "two", "three", "bulk"]) }, ...randomChanges(random, { keys, maxChanges: 4 })];
  if (draw < 0.13) return [...(content.get("bulk")?.keys() ?? [])].slice(0, 20).map((key) => ({ kind: "delete", tree: "bulk", key }));
  return randomChanges(random, { keys, maxChanges, maxValueBytes, maxLargeBytes });
}

function change(world: World, process: SimulatedProcess, doing: { transaction: WriteTransaction; base: CommitNode; changes: readonly Change[] }): Content {
  const { transaction, base, changes } = doing;
  for (const each of changes) {
    applyToTransaction(transaction, each);
    if (world.random.chance(0.1)) world.pause(process);
  }
  const content = applyToModel(base.content, changes);
  if (world.random.chance(0.1)) {
    const difference = findDifference(transaction, content);
    if (difference !== undefined) fail(`${process.name}: inside its transaction: ${difference}`);
  }
  return content;
}

function commit(world: World, process: SimulatedProcess, doing: { transaction: WriteTransaction; base: CommitNode; content: Content }): void {
  const { transaction, base, content } = doing;
  const node = world.model.propose(base, content, world.disk.position);
  world.inFlight.add(node);
  try {
    const number = transaction.commit();
    // The engine may not have noticed, but a dead process has told nobody.
    if (process.isGone) return;
    if (number === node.number) {
      world.model.promise(node, world.disk.position);
      world.acknowledged = node;
    } else if (number === base.number) world.model.refuse(node);
    else fail(`${process.name}: commit ${number} follows commit ${base.number}`);
    world.trace?.(`  ${process.name}: commit ${number} at ${world.disk.position}`);
    if (number === base.number && difference(base.content, content)) fail(`${process.name}: a transaction that changed something was not made a commit`);
  } catch (error) {
    if (!process.isGone && (error as { code?: unknown }).code !== "COMMIT_UNKNOWN") world.model.refuse(node);
    throw error;
  } finally {
    world.inFlight.delete(node);
  }
}

function difference(one: Content, two: Content): boolean {
  if ([...one.keys()].toSorted().join() !== [...two.keys()].toSorted().join()) return true;
  for (const [name, entries] of one) {
    const others = two.get(name);
    if (others?.size !== entries.size) return true;
    for (const [key, value] of entries) if (!isEqual(value, others.get(key) ?? new Uint8Array(0)) || !others.has(key)) return true;
  }
  return false;
}

// ---- Reading ---------------------------------------------------------------------------------------------------

function look(world: World, process: SimulatedProcess, handle: Handle): void {
  const told = world.acknowledged;
  const before = circumstances(world);
  try {
    handle.store.refresh();
    if (process.isGone) return;
    world.noteFaults(process);
    const { commit: number } = handle.store;
    if (!world.isHintBroken && handle.file === told?.file && number < told.number) fail(`${process.name}: after a refresh commit ${number} is the newest, and ${told.number} had been acknowledged`);
  } catch (error) {
    judge(world, process, { doing: "refreshing", error, before, handle });
    return;
  }
  checkNewest(world, process, handle);
}

function checkNewest(world: World, process: SimulatedProcess, handle: Handle): void {
  const held = takeSnapshot(world, process, handle);
  if (held === undefined) return;
  checkHeld(world, process, held, handle);
  if (!process.isGone) held.snapshot.close();
}

function takeSnapshot(world: World, process: SimulatedProcess, handle: Handle): { snapshot: ReturnType<Store["snapshot"]>; node: CommitNode } | undefined {
  const before = circumstances(world);
  try {
    const snapshot = handle.store.snapshot();
    const node = world.model.findAny(handle.file, snapshot.commit);
    if (node === undefined) fail(`${process.name}: commit ${snapshot.commit} can be read, and nobody made it`);
    // Who made it is still inside its call, so it has been published: never before it is durable.
    if (world.inFlight.has(node)) world.model.promise(node, world.disk.position);
    return { snapshot, node };
  } catch (error) {
    judge(world, process, { doing: "taking a snapshot", error, before, handle });
    return undefined;
  }
}

function checkHeld(world: World, process: SimulatedProcess, { snapshot, node }: { snapshot: ReturnType<Store["snapshot"]>; node: CommitNode }, handle: Handle): void {
  const before = circumstances(world);
  try {
    const found = findDifference(snapshot, node.content, { reverse: world.random.chance(0.3) });
    if (found !== undefined) fail(`${process.name}: its snapshot of commit ${node.number}: ${found}`);
    if (world.random.chance(0.2)) checkRange(world, process, { snapshot, node });
  } catch (error) {
    judge(world, process, { doing: "reading a snapshot", error, before, handle });
  }
}

/** A cursor over a part, in either direction, and single keys. */
function checkRange(world: World, process: SimulatedProcess, { snapshot, node }: { snapshot: ReturnType<Store["snapshot"]>; node: CommitNode }): void {
  const { random } = world;
  for (const [name, entries] of node.content) {
    const [low, high] = [random.below(world.config.keys), random.below(world.config.keys)].toSorted((a, b) => a - b) as [number, number];
    const [from, to] = [`key-${String(low).padStart(6, "0")}`, `key-${String(high).padStart(6, "0")}`];
    const expected = [...entries.keys()].filter((key) => key >= from && key < to).toSorted();
    const reverse = random.chance(0.5);
    if (reverse) expected.reverse();
    const encoder = new TextEncoder();
    const cursor = snapshot.tree(name)?.cursor({ from: encoder.encode(from), to: encoder.encode(to), reverse });
    const found: string[] = [];
    while (cursor?.next() === true) found.push(new TextDecoder().decode(cursor.key()));
    if (found.join() !== expected.join()) fail(`${process.name}: keys of ${name} from ${from} to ${to}: ${found.length} where ${expected.length} should be`);
    const value = snapshot.tree(name)?.get(encoder.encode(from));
    const known = entries.get(from);
    if ((value === undefined) !== (known === undefined) || (value !== undefined && known !== undefined && !isEqual(value, known))) fail(`${process.name}: ${name} has another value under ${from}`);
  }
}

function hold(world: World, process: SimulatedProcess, handle: Handle): void {
  if (world.random.chance(0.5)) look(world, process, handle);
  if (process.isGone) return;
  const held = takeSnapshot(world, process, handle);
  if (held !== undefined) handle.held.push(held);
}

/** Everything that is held still reads the same, and the change list between two of them is their difference. */
function lookAgain(world: World, process: SimulatedProcess, handle: Handle): void {
  for (const held of handle.held) {
    if (process.isGone) return;
    checkHeld(world, process, held, handle);
  }
  const [first] = handle.held;
  if (first !== undefined && !process.isGone) {
    const now = takeSnapshot(world, process, handle);
    if (now !== undefined) {
      checkChanges(world, process, { from: first, to: now, handle });
      if (!process.isGone) now.snapshot.close();
    }
  }
  if (process.isGone) return;
  for (const { snapshot } of handle.held.splice(0, world.random.below(handle.held.length + 1))) snapshot.close();
}

function checkChanges(world: World, process: SimulatedProcess, doing: { from: Handle["held"][number]; to: Handle["held"][number]; handle: Handle }): void {
  const { from, to, handle } = doing;
  const before = circumstances(world);
  try {
    const decoder = new TextDecoder();
    const lists = handle.store.changes(from.snapshot, to.snapshot);
    const listed = new Map(lists.map(({ tree, entries }) => [tree, new Map(entries.map((entry) => [decoder.decode(entry.key), entry]))]));
    const trees = new Set([...from.node.content.keys(), ...to.node.content.keys(), ...listed.keys()]);
    for (const tree of trees) {
      const [old, now] = [from.node.content.get(tree), to.node.content.get(tree)];
      const found = listed.get(tree);
      for (const key of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? []), ...(found?.keys() ?? [])])) {
        const entry = found?.get(key);
        const [was, is] = [old?.get(key), now?.get(key)];
        const isChanged = !isSameValue(was, is);
        const isRight = entry === undefined ? !isChanged : isChanged && isSameValue(entry.before, was) && isSameValue(entry.after, is);
        if (!isRight) fail(`${process.name}: the change list from commit ${from.node.number} to ${to.node.number} is wrong about ${key} of ${tree}`);
      }
    }
  } catch (error) {
    judge(world, process, { doing: "comparing snapshots", error, before, handle });
  }
}

function isSameValue(one: Uint8Array | undefined, two: Uint8Array | undefined): boolean {
  return one === undefined || two === undefined ? one === two : isEqual(one, two);
}

// ---- Listening -------------------------------------------------------------------------------------------------

function listen(world: World, process: SimulatedProcess, handle: Handle): void {
  if (handle.isListening) return;
  const before = circumstances(world);
  try {
    handle.store.onForeignCommit(() => (handle.hasHeard = true));
    handle.isListening = true;
    // What was committed before it listened is nobody's duty to tell.
    handle.store.refresh();
  } catch (error) {
    judge(world, process, { doing: "listening", error, before, handle });
    handle.isListening = false;
  }
}

/** After the listeners have been called: whoever listens knows of every commit, or has just been told that there are some. */
export function checkListeners(world: World): void {
  const told = world.acknowledged;
  if (told === undefined) return;
  for (const process of world.processes) {
    if (process.isGone || process.isBusy) continue;
    for (const handle of process.handles) {
      if (!handle.isListening || handle.file !== told.file || world.isHintBroken) continue;
      if (!handle.hasHeard && handle.store.commit < told.number) fail(`${process.name} listens, knows commit ${handle.store.commit}, and was not told of commit ${told.number}`);
      handle.hasHeard = false;
      const from = world.quietly(() => takeSnapshot(world, process, handle));
      if (from === undefined) continue;
      world.quietly(() => {
        look(world, process, handle);
        const to = takeSnapshot(world, process, handle);
        if (to === undefined) return;
        if (to.node.file === told.file && to.node.number < told.number) fail(`${process.name} was called and still does not see commit ${told.number}`);
        checkChanges(world, process, { from, to, handle });
        from.snapshot.close();
        to.snapshot.close();
      });
    }
  }
}

// ---- The whole file --------------------------------------------------------------------------------------------

function verify(world: World, process: SimulatedProcess, handle: Handle): void {
  const before = circumstances(world);
  const known = handle.openedAtFault;
  try {
    const report = handle.store.verify();
    if (process.isGone) return;
    world.noteFaults(process);
    if (report.isClean || world.faultCount > before.faults) return;
    // After a failed sync the writers say so; what is on the disk is sound nonetheless.
    const problems = report.problems.filter(({ code }) => code !== "COMMIT_UNKNOWN" || world.faultCount === known);
    if (problems.length > 0) fail(`${process.name}: verify: ${problems.map(({ code, message }) => `${code} ${message}`).join("; ")}`);
  } catch (error) {
    judge(world, process, { doing: "verifying", error, before, handle });
  }
}

/** Compacts, or re-keys. */
function replace(world: World, process: SimulatedProcess, handle: Handle, newKey: KeyName | undefined): void {
  if (world.random.chance(0.7)) for (const { snapshot } of handle.held.splice(0)) snapshot.close();
  if (world.replacing !== undefined) return;
  const isAlone = (): boolean => handle.held.length === 0 && world.processes.every((other) => other.volume.isKilled || (other === process ? other.handles.length === 1 : other.handles.length === 0 && !other.isBusy && !other.isGone));
  const wasAlone = isAlone();
  const expected = [...(wasAlone ? [] : ["STORE_IN_USE"]), ...(handle.isReadOnly ? ["STORE_READ_ONLY"] : [])];
  const before = circumstances(world, expected);
  world.replacing = { process, key: newKey ?? world.model.newestSure.key };
  try {
    const { store } = handle;
    if (newKey === undefined) store.compact();
    else store.rekey(keyOption(newKey).encryptionKey);
    if (process.isGone) return;
    handle.file = world.liveFile();
    // Others may have committed to the new file before this call came back.
    const node = world.model.findAny(handle.file, store.commit);
    if (node === undefined || node.key !== world.replacing.key) fail(`${process.name}: after the file was replaced its commit is ${store.commit}, which nobody made`);
    world.model.promise(firstOfFile(node), world.disk.position);
    checkNewest(world, process, handle);
  } catch (error) {
    // Others may have opened the file since.
    const mayBeShared = (error as { code?: unknown }).code === "STORE_IN_USE" && (world.isNested || world.config.turnsPerCall > 0);
    judge(world, process, { doing: newKey === undefined ? "compacting" : "re-keying", error, before: mayBeShared ? { ...before, expected: [...expected, "STORE_IN_USE"] } : before, handle });
    if (handle.store.isClosed && !process.isGone) process.handles.splice(process.handles.indexOf(handle), 1);
  } finally {
    world.replacing = undefined;
  }
}

/** The commit with which a file begins. Later ones are promised by whoever made them: one of them may have died before its sync. */
function firstOfFile(node: CommitNode): CommitNode {
  let first = node;
  while (first.parent !== undefined && first.parent.file === first.file) first = first.parent;
  return first;
}

function copy(world: World, process: SimulatedProcess, handle: Handle): void {
  const key = world.random.pick(KEY_NAMES);
  const number = world.random.below(3);
  const known = world.copies.find(({ path }) => path === `/db/copy-${number}`);
  if (known !== undefined && known.sureAt === Infinity) return;
  const node = world.model.findAny(handle.file, handle.store.commit);
  if (node === undefined) fail(`${process.name}: commit ${handle.store.commit} is its newest, and nobody made it`);
  const record: CopyRecord = known ?? { path: `/db/copy-${number}`, node, key, startedAt: world.disk.position, sureAt: Infinity };
  if (known === undefined) world.copies.push(record);
  const before = circumstances(world, known === undefined ? [] : ["TARGET_EXISTS"]);
  try {
    const encryptionKey = keyOption(key).encryptionKey;
    handle.store.writeCopyTo({ path: record.path, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
    if (process.isGone) return;
    if (known !== undefined) fail(`${process.name}: a copy replaced a file`);
    record.sureAt = world.disk.position;
  } catch (error) {
    judge(world, process, { doing: "copying", error, before, handle });
  }
}

// ---- The end ---------------------------------------------------------------------------------------------------

/** Whoever stands still dies, all others look once more and close; then the file is sound and nothing else is left. */
export function finish(world: World): void {
  world.quietly(() => {
    for (const process of world.frozen()) world.kill(process);
    for (const process of world.processes) {
      for (const handle of [...process.handles]) {
        look(world, process, handle);
        for (const held of handle.held) checkHeld(world, process, held, handle);
        close(world, process, handle);
      }
    }
    // A file that never got its name, or no room to open it: nothing more to see.
    if (world.liveFile() === "") return;
    const last = world.processes[0] as SimulatedProcess;
    world.disk.capacityBytes = Infinity;
    const store = openWithAnyKey(world, last, {});
    if (store === undefined) return;
    const handle: Handle = { store, isReadOnly: false, file: world.liveFile(), held: [], openedAtFault: world.faultCount, hasHeard: false, isListening: false };
    last.handles.push(handle);
    const node = world.model.find(handle.file, store.commit);
    if (node === undefined) fail(`at the end commit ${store.commit} is the newest, and ${world.model.newestSure.number} had been acknowledged`);
    checkNewest(world, last, handle);
    verify(world, last, handle);
    close(world, last, handle);
    const left = world.disk.live.paths().filter((path) => path !== PATH && !IS_COPY.test(path));
    if (left.length > 0) fail(`after the last store was closed there are still ${left.join(", ")}`);
  });
}
