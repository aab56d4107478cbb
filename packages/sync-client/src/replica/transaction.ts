/**
 * The replica's records and the application's objects in one open transaction.
 *
 * What holds at the end of every transaction: an object shows what `materialise` says of its pending state if it has one, and of its
 * confirmed state otherwise; a link to an object that is not there is hidden, and noted, so that it shows again when that one comes.
 *
 * @module
 */
import type { ReplicaAccess } from "@holdfast/realm/replica";
import { applyOperations, compactState, completed, HybridClock, materialise, NEVER } from "@holdfast/sync-protocol";
import type { ObjectName, ObjectState, Operation, PlainObject, PlainValue, Stamp, SyncSchema, WireKey } from "@holdfast/sync-protocol";
import { toWireKey } from "../wire/to-plain.ts";
import { toReplicaFields, toReplicaKey } from "../wire/to-replica.ts";
import { bytesOf, firstOfPair, hasPrefix, keyNumber, nameText, numberKey, pairPrefix, parseName, secondOfPair, textOf } from "./names.ts";
import { TREES } from "./records.ts";
import type { Meta, OutboxRecord, PendingRecord } from "./records.ts";

const NOTHING = new Uint8Array(0);

/** One open transaction. */
export class ReplicaTransaction {
  readonly access: ReplicaAccess;
  readonly schema: SyncSchema;
  readonly #now: () => number;
  #clock: HybridClock | undefined;
  #confirmedTree: Meta["view"]["tree"] | undefined;
  #floor: Stamp | undefined;
  /** True while objects are shown aside. */
  #isAside = false;
  readonly isGone = (type: string, pk: WireKey): boolean => !this.access.has(type, toReplicaKey(pk));

  constructor(access: ReplicaAccess, schema: SyncSchema, now: () => number) {
    this.access = access;
    this.schema = schema;
    this.#now = now;
  }

  meta<Part extends keyof Meta>(part: Part): Meta[Part] | undefined {
    return this.#read(TREES.meta, bytesOf(part));
  }

  setMeta<Part extends keyof Meta>(part: Part, value: Meta[Part]): void {
    this.#write(TREES.meta, bytesOf(part), value);
  }

  /** The file's clock: other processes use it too, so it is read anew in every transaction. */
  get clock(): HybridClock {
    if (this.#clock === undefined) {
      const { last, offsetMs } = this.meta("clock") as Meta["clock"];
      this.#clock = new HybridClock({ replica: (this.meta("file") as Meta["file"]).client, now: this.#now, last });
      this.#clock.setOffset(offsetMs);
    }
    return this.#clock;
  }

  /** Writes the clock down if it moved. */
  saveClock(): void {
    const clock = this.meta("clock") as Meta["clock"];
    if (this.#clock !== undefined && this.#clock.last !== clock.last) this.setMeta("clock", { ...clock, last: this.#clock.last });
  }

  /** Takes note of stamps of others. */
  observe(stamp: Stamp): void {
    this.clock.observe(stamp);
    const clock = this.meta("clock") as Meta["clock"];
    if (stamp > clock.seen) this.setMeta("clock", { ...clock, seen: stamp });
  }

  /** The tree of the confirmed states. */
  get confirmedTree(): Meta["view"]["tree"] {
    this.#confirmedTree ??= this.meta("view")?.tree ?? TREES.confirmed;
    return this.#confirmedTree;
  }

  /** The tree that a bootstrap is put into. */
  get incomingTree(): Meta["view"]["tree"] {
    return this.confirmedTree === TREES.confirmed ? TREES.confirmed2 : TREES.confirmed;
  }

  /** What a bootstrap brought is what the server says from now on. `cseq`: with the own transactions up to that one in it. */
  swapConfirmed(cseq: number | undefined): void {
    this.#confirmedTree = this.incomingTree;
    this.setMeta("view", { tree: this.#confirmedTree, ...(cseq === undefined ? {} : { cseq }) });
  }

  /** In `work`, objects are shown as the incoming tree has them, to nobody yet. */
  aside(work: () => void): void {
    this.#isAside = true;
    try {
      this.access.aside(work);
    } finally {
      this.#isAside = false;
    }
  }

  /** What was shown aside of these classes is what everybody sees from now on, and all that they had is gone. */
  takeNext(names: ReadonlySet<string>): void {
    this.access.takeNext([...names]);
    this.access.swapTrees(TREES.hidden, TREES.hidden2);
    // Links do not lead from these classes to others, nor back: what the others hide stays hidden.
    const hidden = this.access.tree(TREES.hidden);
    const cursor = this.access.tree(TREES.hidden2).cursor();
    while (cursor.next()) if (!names.has(firstOfPair(cursor.key()).type)) hidden.put(cursor.key(), NOTHING);
  }

  get #hiddenTree(): string {
    return this.#isAside ? TREES.hidden2 : TREES.hidden;
  }

  /** Up to which stamp states may be folded. */
  get floor(): Stamp {
    return (this.#floor ??= this.meta("floor")?.stamp ?? NEVER);
  }

  /** Raises the floor; never lowers it, but for a history that begins anew. */
  setFloor(stamp: Stamp): void {
    this.#floor = stamp;
    this.setMeta("floor", { stamp });
  }

  confirmed(name: ObjectName): ObjectState | undefined {
    return this.#read(this.confirmedTree, bytesOf(nameText(name)));
  }

  /** Keeps a state, folded: of an object that everybody knows to be deleted nothing is kept. */
  setConfirmed(name: ObjectName, full: ObjectState | undefined): void {
    const key = bytesOf(nameText(name));
    const state = full === undefined || this.floor === NEVER ? full : compactState(full, this.floor);
    if (state === undefined) this.access.tree(this.confirmedTree).delete(key);
    else this.#write(this.confirmedTree, key, state);
  }

  pending(name: ObjectName): PendingRecord | undefined {
    return this.#read(TREES.pending, bytesOf(nameText(name)));
  }

  setPending(name: ObjectName, record: PendingRecord | undefined): void {
    const key = bytesOf(nameText(name));
    if (record === undefined || record.cseqs.length === 0) this.access.tree(TREES.pending).delete(key);
    else this.#write(TREES.pending, key, this.floor === NEVER ? record : { ...record, state: compactState(record.state, this.floor) ?? record.state });
  }

  /** The state that the application sees. */
  state(name: ObjectName): ObjectState | undefined {
    if (this.#isAside) return this.#read(this.incomingTree, bytesOf(nameText(name)));
    return this.pending(name)?.state ?? this.confirmed(name);
  }

  /** The operations of an object in a transaction of the outbox. */
  operationsOf(cseq: number, name: ObjectName): Operation[] {
    const text = nameText(name);
    return (this.outbox(cseq)?.ops ?? []).filter((operation) => nameText(operation) === text);
  }

  outbox(cseq: number): OutboxRecord | undefined {
    return this.#read(TREES.outbox, numberKey(cseq));
  }

  setOutbox(cseq: number, record: OutboxRecord | undefined): void {
    if (record === undefined) this.access.tree(TREES.outbox).delete(numberKey(cseq));
    else this.#write(TREES.outbox, numberKey(cseq), record);
  }

  /** Makes the pending state of an object anew of its confirmed one and what the outbox has of it. */
  rebase(name: ObjectName, cseqs: readonly number[]): void {
    if (cseqs.length === 0) {
      this.setPending(name, undefined);
      return;
    }
    const operations = cseqs.flatMap((cseq) => this.operationsOf(cseq, name));
    this.setPending(name, { cseqs, state: applyOperations(this.confirmed(name), operations) });
  }

  /** Makes the application's object what its state says. */
  show(name: ObjectName): void {
    this.showState(name, this.state(name));
  }

  /** The same for a state that is known. */
  showState(name: ObjectName, state: ObjectState | undefined): void {
    const key = toReplicaKey(name.pk);
    let isOwnTarget = false;
    const isGone = (type: string, pk: WireKey): boolean => {
      if (!this.isGone(type, pk)) return false;
      isOwnTarget ||= type === name.type && nameText({ type, pk }) === nameText(name);
      return true;
    };
    const plain = materialise(state, { isGone });
    if (plain === undefined) {
      if (!this.access.has(name.type, key)) return;
      for (const origin of this.access.remove(name.type, key)) this.#hide(name, { type: origin.className, pk: toWireKey(origin.key) });
      return;
    }
    // To look is half of the work of a bootstrap, and mostly nobody waits.
    const isAwaited = this.access.tree(this.#hiddenTree).count > 0 && !this.access.has(name.type, key);
    this.access.put(name.type, key, toReplicaFields(completed(plain, this.schema, name.type)));
    // An object that links to itself can do so once it is there.
    if (isOwnTarget) this.access.put(name.type, key, toReplicaFields(completed(materialise(state, { isGone: this.isGone }) as PlainObject, this.schema, name.type)));
    this.noteHidden(name, state);
    if (isAwaited) this.showOrigins(name);
  }

  /** Notes the links of an object that cannot be shown. */
  noteHidden(name: ObjectName, state: ObjectState | undefined = this.state(name)): void {
    if (!mayLink(this.schema, name.type)) return;
    const plain = materialise(state);
    if (plain === undefined) return;
    for (const [type, pk] of linksIn(plain)) if (this.isGone(type, pk)) this.#hide({ type, pk }, name);
  }

  #hide(target: ObjectName, origin: ObjectName): void {
    this.access.tree(this.#hiddenTree).put(Uint8Array.of(...pairPrefix(nameText(target)), ...bytesOf(nameText(origin))), NOTHING);
  }

  /** Shows the links that waited for an object. */
  showOrigins(target: ObjectName): void {
    const tree = this.access.tree(this.#hiddenTree);
    if (tree.count === 0) return;
    const prefix = pairPrefix(nameText(target));
    const found: Uint8Array[] = [];
    const cursor = tree.cursor({ from: prefix });
    while (cursor.next() && hasPrefix(cursor.key(), prefix)) found.push(cursor.key().slice());
    for (const key of found) tree.delete(key);
    for (const key of found) this.show(parseName(secondOfPair(key, prefix)));
  }

  /** The numbers of the outbox's transactions. */
  outboxNumbers(): number[] {
    return this.numbers(TREES.outbox);
  }

  /** The keys of a tree whose keys are numbers. */
  numbers(tree: string): number[] {
    const numbers: number[] = [];
    const cursor = this.access.tree(tree).cursor();
    while (cursor.next()) numbers.push(keyNumber(cursor.key()));
    return numbers;
  }

  /** The names of all objects in a tree. */
  names(tree: string): ObjectName[] {
    const names: ObjectName[] = [];
    const cursor = this.access.tree(tree).cursor();
    while (cursor.next()) names.push(parseName(textOf(cursor.key())));
    return names;
  }

  readNumber<T>(tree: string, number: number): T | undefined {
    return this.#read(tree, numberKey(number));
  }

  writeNumber(tree: string, number: number, value: unknown): void {
    this.#write(tree, numberKey(number), value);
  }

  #read<T>(tree: string, key: Uint8Array): T | undefined {
    const bytes = this.access.tree(tree).get(key);
    return bytes === undefined ? undefined : (JSON.parse(textOf(bytes)) as T);
  }

  #write(tree: string, key: Uint8Array, value: unknown): void {
    this.access.tree(tree).put(key, bytesOf(JSON.stringify(value)));
  }
}

const linking = new WeakMap<SyncSchema, ReadonlySet<string>>();

/** True if objects of a class may hold links, themselves or in what is embedded in them. */
export function mayLink(schema: SyncSchema, type: string): boolean {
  let names = linking.get(schema);
  if (names === undefined) {
    // What holds nothing but numbers and texts needs no look: links are objects and mixed values, and embedded objects count as objects.
    names = new Set(schema.classes.filter((entry) => entry.properties.some((property) => property.type === "object" || property.type === "mixed")).map((entry) => entry.name));
    linking.set(schema, names);
  }
  return names.has(type);
}

/** All links in an object. */
export function* linksIn(plain: PlainObject): IterableIterator<readonly [type: string, pk: WireKey]> {
  for (const value of Object.values(plain)) yield* linksInValue(value);
}

function* linksInValue(value: PlainValue): IterableIterator<readonly [type: string, pk: WireKey]> {
  if (value === null || typeof value !== "object") return;
  if (Array.isArray(value)) for (const element of value as readonly PlainValue[]) yield* linksInValue(element);
  else if ("$link" in value) yield value.$link;
  else if ("$set" in value) for (const element of value.$set) yield* linksInValue(element);
  else if ("$dict" in value) for (const element of Object.values(value.$dict)) yield* linksInValue(element);
  else if ("$object" in value) yield* linksIn(value.$object);
}
