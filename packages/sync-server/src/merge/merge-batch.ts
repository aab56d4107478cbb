/**
 * The middle of a flush: what was read becomes what is to be written. Pure, and the same for every database.
 *
 * @module
 */
import { applyInOrder, applyOperations, applyWithoutWaiting, bringsBack, canonicalise, checkOperation, compactState, completed, laterOf, materialise, NEVER, ProtocolError, withSeen } from "@holdfast/sync-protocol";
import type { InOrder, ObjectState, Operation, PlainValue, Reject, SeenDelete, Slot, Stamp, WireKey } from "@holdfast/sync-protocol";
import { SyncServerError } from "../errors.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";
import { keyColumnText, unstorable } from "../schema/wire-scalar.ts";
import { objectName, receiptName } from "../store/store.ts";
import type { ChangeEntry, ClientCursor, Floor, FlushInput, FlushPlan, Receipt, Upload, WrittenObject } from "../store/store.ts";
import type { Image } from "./image.ts";

/** What a transaction is answered with. */
export interface Answer {
  readonly stamps?: readonly (readonly [Stamp, Stamp])[];
  readonly rejects?: readonly Reject[];
  /** Deletes that the writer had not heard of and did not have to: its operations count as if it had. */
  readonly seen?: readonly SeenDelete[];
}

/** One object, before and after a transaction, and what the transaction did to it. */
export interface ObjectChange {
  readonly type: string;
  readonly pk: WireKey;
  readonly ops: readonly Operation[];
  readonly before: Image | undefined;
  readonly after: Image | undefined;
  /** What a transaction that creates the object makes of nothing, before it perhaps deletes it again: asked instead of what was deleted before, which nobody is told of. */
  readonly made?: Image | undefined;
  /** Of an object that is dead before: what it was when it was alive, if that is known. */
  readonly last?: Image | undefined;
}

/** Why a change is not taken. `isGone`: it concerns this object alone, and is nothing a user could have known. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
  readonly isGone?: true;
}

/** Decides on a change by a user's rights. */
export type Authorize = (upload: Upload, change: ObjectChange) => Refusal | undefined;

/** How one upload of a batch ended. */
export type UploadResult =
  | { readonly kind: "done"; readonly answer: Answer | undefined; readonly isRepeat: boolean; /** From here on, states have it in them. */ readonly version: number }
  | { readonly kind: "failed"; readonly error: SyncServerError };

/** A plan, and what to tell the clients once it is committed. */
export interface MergedBatch extends FlushPlan {
  /** Of the uploads in their order; fewer than those if it would have taken too long. */
  readonly results: readonly UploadResult[];
}

/** What stays the same from batch to batch. */
export interface MergeContext {
  readonly layout: SchemaLayout;
  readonly authorize: Authorize;
  /** The server's time in milliseconds since 1970. */
  readonly nowMs: number;
  /** True once the batch has taken long enough: the uploads that are left have no results. The first one always has. */
  readonly isOver?: () => boolean;
}

const AHEAD: Refusal = { code: "OPERATION_AHEAD", reason: "it builds on a change that the server does not have", isGone: true };

/** Merges what other programs did, then uploads in their order, into what the database has. */
export function mergeBatch(uploads: readonly Upload[], input: FlushInput, context: MergeContext, foreign: readonly (readonly Operation[])[] = []): MergedBatch {
  const batch = new Batch(input, context);
  for (const ops of foreign) batch.takeForeign(ops);
  const results: UploadResult[] = [];
  for (const upload of uploads) {
    if (results.length > 0 && context.isOver?.() === true) break;
    results.push(batch.take(upload));
  }
  return { ...batch.plan(), results };
}

interface Current {
  readonly type: string;
  readonly pk: WireKey;
  readonly state: ObjectState | undefined;
  readonly image: Image | undefined;
  /** What the object was when it was alive, if it is dead and that is known. */
  readonly last: Image | undefined;
  /** What wrote it last; undefined: nobody, or this batch. */
  readonly version: number | undefined;
}

/** What took the place of what: the client's, the server's. */
type Stamps = readonly (readonly [Stamp, Stamp])[];

/** Operations by the name of their object. */
type Groups = ReadonlyMap<string, readonly Operation[]>;

interface StatefulChange extends ObjectChange {
  readonly state: ObjectState;
  /**
   * An operation builds on what never was. Who says to have seen a delete or a clear that there was none of would delete without saying so;
   * what names an element that is not there would wait for it for ever. An honest client does either when an earlier transaction of its own
   * was refused while this one was on its way: the other objects of the transaction are none the worse.
   */
  readonly isAhead: boolean;
  readonly bringsBack: boolean;
}

class Batch {
  readonly #input: FlushInput;
  readonly #context: MergeContext;
  readonly #current = new Map<string, Current>();
  readonly #first = new Map<string, Current>();
  readonly #cursors = new Map<string, ClientCursor>();
  readonly #receipts = new Map<string, Receipt>();
  readonly #entries: ChangeEntry[] = [];
  readonly #floor: Floor;
  #ordinal = 0;
  #reach: number | undefined;

  constructor(input: FlushInput, context: MergeContext) {
    this.#input = input;
    this.#context = context;
    this.#floor = input.floor ?? { version: 0, stamp: NEVER };
  }

  take(upload: Upload): UploadResult {
    const { client, cseq, digest, user } = upload;
    const cursor = this.#cursors.get(client) ?? this.#input.cursors.get(client);
    if (cursor === undefined || cursor.user !== user) return failed("CLIENT_FOREIGN", "the client is not known, or another user's");
    if (cseq <= cursor.lastCseq) return this.#repeat(upload);
    if (cseq > cursor.lastCseq + 1) return failed("UPLOAD_GAP", `transaction ${String(cseq)} came after ${String(cursor.lastCseq)}`);
    // States are folded since nobody builds on less: who has seen a version builds on it.
    if (upload.base !== undefined && upload.base < this.#floor.version) return failed("HISTORY_LOST", "the client builds on less than it had seen before");
    const { ops, stamps } = this.#canonical(upload, cursor.last);
    const answer = this.#apply(upload, ops, stamps);
    this.#cursors.set(client, { ...cursor, lastCseq: cseq, last: ops.at(-1)?.h ?? cursor.last });
    this.#receipts.set(receiptName(client, cseq), { client, cseq, digest, ...(answer === undefined ? {} : { answer: JSON.stringify(answer) }) });
    return { kind: "done", answer, isRepeat: false, version: this.#input.version };
  }

  /** What another program did has happened already: nobody is asked. */
  takeForeign(ops: readonly Operation[]): void {
    if (ops.length > 0) this.#keep(this.#changesOf(ops, (state, group) => ({ state: applyOperations(state, group), isAhead: false })), { client: "" });
  }

  plan(): FlushPlan {
    const objects: WrittenObject[] = [];
    for (const [name, { type, pk, state, image, last }] of this.#current) {
      const first = this.#first.get(name);
      if (state !== undefined && state !== first?.state) objects.push({ type, pk, state, image, wasAlive: first?.image !== undefined, ...(last === undefined ? {} : { last }) });
    }
    return { objects, entries: this.#entries, cursors: [...this.#cursors.values()], receipts: [...this.#receipts.values()], ...(this.#reach === undefined ? {} : { reach: this.#reach }) };
  }

  /** The operations with canonical stamps, and the stamps that differ: the client's, the server's. */
  #canonical({ ops, known, informed, newest = NEVER }: Upload, last: Stamp): { readonly ops: readonly Operation[]; readonly stamps: Stamps } {
    const stamps: (readonly [Stamp, Stamp])[] = [];
    let least = laterOf(this.#floor.stamp, last);
    const canonical = ops.map((operation) => {
      // A delete counts as the newest of its object or not at all.
      if (informed.size > 0) least = laterOf(least, informed.get(objectName(operation.type, operation.pk)) ?? NEVER);
      const accepted = canonicalise(operation, { serverNowMs: this.#context.nowMs, known, least, newest });
      if (accepted.h !== operation.h) stamps.push([operation.h, accepted.h]);
      least = accepted.h;
      return accepted;
    });
    return { ops: canonical, stamps };
  }

  #repeat({ client, cseq, digest, known, informed }: Upload): UploadResult {
    const name = receiptName(client, cseq);
    const receipt = this.#receipts.get(name) ?? this.#input.receipts.get(name);
    // No receipt: the client has confirmed the answer before, so it is an old frame that comes again.
    if (receipt === undefined) return { kind: "done", answer: undefined, isRepeat: true, version: this.#input.version };
    if (receipt.digest !== digest) return failed("UPLOAD_DIFFERS", `transaction ${String(cseq)} came before with other content`);
    const answer = receipt.answer === undefined ? undefined : (JSON.parse(receipt.answer) as Answer);
    for (const [theirs, ours] of answer?.stamps ?? []) known.set(theirs, ours);
    noteInformed(informed, answer?.seen);
    return { kind: "done", answer, isRepeat: true, version: this.#input.version };
  }

  #apply(upload: Upload, canonical: readonly Operation[], changed: Stamps): Answer | undefined {
    const stamps = changed.length === 0 ? {} : { stamps: changed };
    const malformed = this.#malformed(upload);
    if (malformed !== undefined) return { ...stamps, rejects: rejectAll(upload, malformed) };
    const { ops, seen } = this.#informed(canonical, upload);
    const changes = this.#changesOf(ops, (state, group) => applyInOrder(state, group, this.#floor.stamp));
    const refusals = changes.map((change) => this.#context.authorize(upload, change) ?? (change.isAhead ? AHEAD : undefined));
    const hard = refusals.find((refusal) => refusal !== undefined && refusal.isGone === undefined);
    const rejects: Reject[] = [];
    for (const [index, { type, pk }] of changes.entries()) {
      // A transaction is taken whole or not at all, but for edits of what is no longer there.
      const refusal = refusals[index] ?? (hard === undefined ? undefined : { code: "TRANSACTION_REJECTED", reason: "another change of the same transaction was refused" });
      if (refusal !== undefined) rejects.push({ cseq: upload.cseq, type, pk, code: refusal.code, reason: refusal.reason });
    }
    if (hard === undefined) this.#keep(changes.filter((_change, index) => refusals[index] === undefined), upload);
    const refused = new Set(rejects.map(({ type, pk }) => objectName(type, pk)));
    // Who is refused is not told what was deleted.
    const told = seen.filter(({ type, pk }) => !refused.has(objectName(type, pk)));
    noteInformed(upload.informed, told);
    if (rejects.length === 0 && changed.length === 0 && told.length === 0) return undefined;
    return { ...stamps, ...(rejects.length === 0 ? {} : { rejects }), ...(told.length === 0 ? {} : { seen: told }) };
  }

  /**
   * The operations, with the deletes that their writer did not have to hear of: whoever makes an object whose delete had happened by then, out
   * of sight or forgotten, makes it anew, and goes on with it before it is told. A delete of what is dead says which delete it found, so that
   * it tells of both.
   */
  #informed(ops: readonly Operation[], { base = -1, informed: before }: Upload): { readonly ops: readonly Operation[]; readonly seen: readonly SeenDelete[] } {
    const seen = new Map<string, SeenDelete>();
    const making = new Set(ops.flatMap(({ type, pk, do: action }) => (action.act === "create" ? [objectName(type, pk)] : [])));
    const informed = ops.map((operation) => {
      const { type, pk, g = NEVER, do: action } = operation;
      const name = objectName(type, pk);
      const { state, version = Number.POSITIVE_INFINITY } = this.#read(name, type, pk);
      const deleted = state?.d;
      if (deleted === undefined || g >= deleted) return operation;
      if (action.act === "delete") return withSeen(operation, deleted);
      const isMadeAnew = making.has(name) && (deleted <= this.#floor.stamp || version <= base);
      if (!isMadeAnew && (before.get(name) ?? NEVER) < deleted) return operation;
      seen.set(name, { type, pk, g: deleted });
      return withSeen(operation, deleted);
    });
    return { ops: informed, seen: [...seen.values()] };
  }

  #malformed({ ops }: Upload): Refusal | undefined {
    for (const operation of ops) {
      const { type, pk, path, do: action } = operation;
      const table = this.#context.layout.tables.get(type);
      if (table === undefined) return { code: "CLASS_UNKNOWN", reason: "the server's schema has no such class" };
      if (pk === null || unstorable(pk) !== undefined || !fitsKey(pk, table.key.kind)) return { code: "KEY_UNSUPPORTED", reason: "a primary key of this type cannot be stored" };
      const [head] = path;
      const name = typeof head === "object" ? head.at : head;
      if (name !== undefined && (name === table.key.name || !table.columns.some((column) => column.name === name))) return { code: "PROPERTY_UNKNOWN", reason: "the server's schema has no such property" };
      const reason = unstorable(path) ?? unstorable(action);
      if (reason !== undefined) return { code: "VALUE_UNSUPPORTED", reason: `${reason} cannot be stored` };
      const misfit = misfitOf(operation, this.#context.layout);
      if (misfit !== undefined) return misfit;
    }
    return undefined;
  }

  /** What the operations would do, object by object. */
  #changesOf(ops: readonly Operation[], apply: (state: ObjectState | undefined, group: readonly Operation[]) => InOrder): readonly StatefulChange[] {
    return [...groupedByObject(ops)].map(([name, group]) => {
      const { type, pk } = group[0] as Operation;
      const current = this.#read(name, type, pk);
      const { state, isAhead } = apply(current.state, group);
      const after = imageOf(state, type, pk, this.#context.layout);
      const change = { type, pk, ops: group, before: current.image, last: current.last, state, after, isAhead, bringsBack: bringsBack(current.state, state, group) };
      if (current.image !== undefined || !group.some(isCreate)) return change;
      return { ...change, made: current.state === undefined && after !== undefined ? after : this.#made(type, pk, group) };
    });
  }

  #made(type: string, pk: WireKey, ops: readonly Operation[]): Image | undefined {
    const end = ops.findLastIndex((operation) => operation.do.act !== "delete") + 1;
    // Where nothing was before, a delete has found none: or what is made anew behind it would be dead by a delete that it had not heard of.
    const alone = ops.slice(0, end).map(({ g, ...operation }) => (g === undefined || operation.do.act === "delete" ? operation : { ...operation, g }));
    return imageOf(applyWithoutWaiting(undefined, alone), type, pk, this.#context.layout);
  }

  #keep(changes: readonly StatefulChange[], { client, base }: { readonly client: string; readonly base?: number }): void {
    const ordinal = this.#ordinal++;
    if (base !== undefined && changes.length > 0) this.#reach = Math.min(base, this.#reach ?? base);
    for (const { type, pk, ops, before, after, state, last, bringsBack: isBack } of changes) {
      this.#current.set(objectName(type, pk), { type, pk, state, image: after, last: after === undefined ? (before ?? last) : undefined, version: undefined });
      this.#entries.push({ version: this.#input.version, ordinal, client, type, pk, ops, text: {}, ...(isBack ? { bringsBack: true } : {}), before, after });
    }
  }

  #read(name: string, type: string, pk: WireKey): Current {
    const known = this.#current.get(name);
    if (known !== undefined) return known;
    const stored = this.#input.objects.get(name);
    // Whatever is touched is folded: a state grows by nothing else, so it stays as small as what it shows and what is younger than the floor.
    const state = stored === undefined ? undefined : (compactState(stored.state, this.#floor.stamp) ?? stored.state);
    const current: Current = { type, pk, state, image: state === undefined ? undefined : imageOf(state, type, pk, this.#context.layout), last: stored?.last, version: stored?.version };
    this.#current.set(name, current);
    this.#first.set(name, current);
    return current;
  }
}

/** Takes note of the deletes that an answer tells of. */
export function noteInformed(informed: Map<string, Stamp>, seen: readonly SeenDelete[] = []): void {
  for (const { type, pk, g } of seen) informed.set(objectName(type, pk), g);
}

function isCreate(operation: Operation): boolean {
  return operation.do.act === "create";
}

function groupedByObject(ops: readonly Operation[]): Groups {
  const groups = new Map<string, Operation[]>();
  for (const operation of ops) {
    const name = objectName(operation.type, operation.pk);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [operation]);
    else group.push(operation);
  }
  return groups;
}

function misfitOf(operation: Operation, layout: SchemaLayout): Refusal | undefined {
  try {
    checkOperation(operation, layout.schema);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return { code: error.code, reason: "it does not fit the server's schema" };
    throw error;
  }
}

/** What slots show. A state that is read shares all slots that no operation has changed with the one before, and slots do not change. */
const shown = new WeakMap<SchemaLayout, WeakMap<Slot, PlainValue>>();

/** An object with all of its properties; undefined if it is not there. Costs what has changed of it since the last time. */
export function imageOf(state: ObjectState, type: string, pk: WireKey, layout: SchemaLayout): Image | undefined {
  const key = layout.tables.get(type)?.key.name;
  if (state.c === undefined || key === undefined) return undefined;
  const known = shown.get(layout) ?? new WeakMap<Slot, PlainValue>();
  shown.set(layout, known);
  const [kept, fresh]: [[string, PlainValue][], [string, Slot][]] = [[], []];
  for (const [name, slot] of Object.entries(state.f ?? {})) {
    const value = slot.b === undefined ? undefined : known.get(slot);
    if (value === undefined) fresh.push([name, slot]);
    else kept.push([name, value]);
  }
  const whole = completed(materialise({ c: state.c, f: Object.fromEntries(fresh) }) ?? {}, layout.schema, type);
  for (const [name, slot] of fresh) {
    const value = slot.b === undefined ? undefined : whole[name];
    if (value !== undefined) known.set(slot, value);
  }
  return { ...whole, ...Object.fromEntries(kept), [key]: pk };
}

function rejectAll({ cseq, ops }: Upload, { code, reason }: Refusal): readonly Reject[] {
  const named = new Map(ops.map(({ type, pk }) => [objectName(type, pk), { type, pk }]));
  return [...named.values()].map(({ type, pk }) => ({ cseq, type, pk, code, reason }));
}

function fitsKey(pk: Exclude<WireKey, null>, kind: string): boolean {
  if (typeof pk === "string") return kind === "string";
  if (typeof pk === "number") return kind === "int" && Number.isInteger(pk);
  if ("$int" in pk) return kind === "int";
  if ("$oid" in pk) return kind === "objectId" && /^[0-9a-f]{24}$/.test(pk.$oid);
  return kind === "uuid" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(keyColumnText(pk));
}

function failed(code: "CLIENT_FOREIGN" | "UPLOAD_GAP" | "UPLOAD_DIFFERS" | "HISTORY_LOST" | "STORE_UNAVAILABLE", message: string): UploadResult {
  return { kind: "failed", error: new SyncServerError(code, message) };
}
