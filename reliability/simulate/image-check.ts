/**
 * One crash point: what a power cut left is opened, held against the model, verified, and used again.
 *
 * @module
 */
import { applyToModel, applyToTransaction, findDifference } from "@holdfast/storage-engine/simulation";
import { Store } from "./engine.ts";
import type { Change, MemoryVolume, SeededRandom } from "./engine.ts";
import type { CommitNode, KeyName } from "./commit-model.ts";
import { fail, SimulationFailure } from "./failure.ts";
import { isKeyRefusal, keyOption } from "./keys.ts";
import { IS_COPY, PATH } from "./world.ts";
import type { CopyRecord } from "./world.ts";

const AFTERWARDS: Change = { kind: "put", tree: "after", key: "crash", value: Uint8Array.of(1, 2, 3) };

/** An image and what it may hold. */
export interface ImageInput {
  readonly volume: MemoryVolume;
  readonly position: number;
  readonly allowed: readonly CommitNode[];
  readonly copies: readonly CopyRecord[];
  readonly random: SeededRandom;
}

/**
 * Recovers the image and checks it. The volume is changed.
 *
 * @returns The commit that it holds.
 * @throws {SimulationFailure}
 */
export function checkImage(input: ImageInput): CommitNode {
  const { volume, allowed, random } = input;
  checkCopies(input);
  const file = volume.stat(PATH)?.identity ?? "";
  const candidates = allowed.filter((node) => node.file === file);
  if (candidates.length === 0) fail(file === "" ? "the database is gone" : "a database has its name that should not be there");
  if (random.chance(0.05) && file !== "") checkReadOnly(volume, candidates);
  const { store, key } = openOne(volume, candidates);
  const node = identify(store, { candidates, file, key });
  checkVerified(store);
  if (random.chance(0.15)) useAgain({ volume, store, node, random });
  return node;
}

function openOne(volume: MemoryVolume, candidates: readonly CommitNode[]): { store: Store; key: KeyName } {
  const keys = [...new Set(candidates.map((node) => node.key))];
  for (const key of keys) {
    try {
      return { store: open(volume, key), key };
    } catch (error) {
      if (!isKeyRefusal(error)) throw asFailure("opening", error);
    }
  }
  return fail(`neither the old key nor the new one opens the file (${keys.join(", ")})`);
}

function open(volume: MemoryVolume, key: KeyName, isReadOnly = false): Store {
  return Store.open({ path: PATH, volume, readOnly: isReadOnly, lockTimeoutMs: 0, ...keyOption(key) });
}

function identify(store: Store, expected: { candidates: readonly CommitNode[]; file: string; key: KeyName }): CommitNode {
  const { commit } = store;
  const node = expected.candidates.findLast((candidate) => candidate.number === commit && candidate.key === expected.key);
  const numbers = expected.candidates.map((candidate) => candidate.number).join(" or ");
  if (node === undefined) fail(`commit ${commit} is the newest, where ${numbers} should be`);
  compare(store, node);
  return node;
}

function compare(store: Store, node: Pick<CommitNode, "number" | "content">): void {
  const snapshot = store.snapshot();
  try {
    const difference = findDifference(snapshot, node.content);
    if (difference !== undefined) fail(`commit ${node.number}: ${difference}`);
  } catch (error) {
    throw asFailure("reading", error);
  } finally {
    snapshot.close();
  }
}

function checkVerified(store: Store): void {
  try {
    const { problems } = store.verify();
    if (problems.length > 0) fail(`verify: ${problems.map(({ code, message }) => `${code} ${message}`).join("; ")}`);
  } catch (error) {
    throw asFailure("verifying", error);
  }
}

function checkReadOnly(volume: MemoryVolume, candidates: readonly CommitNode[]): void {
  for (const key of new Set(candidates.map((node) => node.key))) {
    try {
      const store = open(volume.fork(), key, true);
      identify(store, { candidates, file: "", key });
      store.close();
      return;
    } catch (error) {
      if (!isKeyRefusal(error)) throw asFailure("opening to read", error);
    }
  }
}

/** Commits, ends cleanly or not, and looks again. */
function useAgain(doing: { volume: MemoryVolume; store: Store; node: CommitNode; random: SeededRandom }): void {
  const { store, node, random } = doing;
  let { volume } = doing;
  try {
    const transaction = store.beginWrite();
    applyToTransaction(transaction, AFTERWARDS);
    const number = transaction.commit();
    if (number !== node.number + 1) fail(`the commit after commit ${node.number} has the number ${number}`);
    // A fork has no locks: to it, the process has been killed.
    if (random.chance(0.5)) volume = volume.fork();
    store.close();
    const again = open(volume, node.key);
    compare(again, { number, content: applyToModel(node.content, [AFTERWARDS]) });
    checkVerified(again);
    again.close();
  } catch (error) {
    throw asFailure("going on after the power cut", error);
  }
  const left = volume.paths().filter((path) => path !== PATH && !IS_COPY.test(path));
  if (left.length > 0) fail(`after the last store was closed there are still ${left.join(", ")}`);
}

function checkCopies({ volume, position, copies, random }: ImageInput): void {
  for (const { path, node, key, startedAt, sureAt } of copies) {
    const isThere = volume.stat(path) !== undefined;
    if (!isThere && sureAt <= position) fail(`the copy ${path} is gone`);
    if (!isThere) continue;
    if (startedAt >= position) fail(`the copy ${path} is there before it was asked for`);
    // What was complete long ago stays as it was; a look at it now and then is enough.
    if (sureAt < position - 20 && random.chance(0.95)) continue;
    try {
      const store = Store.open({ path, volume: volume.fork(), ...keyOption(key) });
      compare(store, node);
      checkVerified(store);
      store.close();
    } catch (error) {
      throw asFailure(`the copy ${path}`, error);
    }
  }
}

function asFailure(doing: string, error: unknown): Error {
  if (error instanceof SimulationFailure) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const text = error instanceof Error ? (typeof code === "string" ? `${code} ${error.message}` : (error.stack ?? error.message)) : String(error);
  return new SimulationFailure(`${doing}: ${text}`, { cause: error });
}
