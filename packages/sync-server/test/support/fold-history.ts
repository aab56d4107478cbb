/**
 * Devices that share one object through a store, while what can be forgotten is: everything that happens is chosen by a seed.
 *
 * A device here does what sync-client does, in memory: it writes onto what it has, uploads in order, follows the log, tells how far it is when
 * nothing waits, and folds what it has when it hears of a floor.
 *
 * @module
 */
import { applyOperations, compactState, completed, HybridClock, laterOf, materialise, newestStamp, objectText, operationsBetween, withoutReplaced, withSeen } from "@holdfast/sync-protocol";
import type { ObjectState, Operation, PlainObject, PlainValue, Stamp, SyncSchema } from "@holdfast/sync-protocol";
import { mergeBatch } from "../../src/merge/merge-batch.ts";
import type { MergedBatch } from "../../src/merge/merge-batch.ts";
import { SchemaLayout } from "../../src/schema/table-layout.ts";
import { objectName } from "../../src/store/store.ts";
import type { ChangeEntry, Store, Upload } from "../../src/store/store.ts";
import { uploadOf } from "./operations.ts";

/** A property of every kind that folding changes. */
export const PAGES: SyncSchema = {
  classes: [
    {
      name: "Page",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "string" }, { name: "hits", type: "int", counter: true }, { name: "any", type: "mixed", optional: true }, { name: "tags", type: "string", collection: "list" },
        { name: "numbers", type: "int", collection: "set" }, { name: "notes", type: "mixed", optional: true, collection: "dict" }, { name: "parts", type: "object", objectType: "Part", collection: "list" },
      ],
    },
    { name: "Part", embedded: true, properties: [{ name: "count", type: "int", counter: true }, { name: "sizes", type: "int", collection: "list" }] },
  ],
};

/** Clocks of devices are behind by up to this. */
export const MARGIN_MS = 20;
const NAME = { type: "Page", pk: "p" } as const;
const layout: SchemaLayout = new SchemaLayout(PAGES);
const EMPTY: PlainObject = { hits: 0, any: null, tags: [], numbers: { $set: [] }, notes: { $dict: {} }, parts: [] };

/** Numbers from 0 up to 1. */
export type Chance = () => number;

interface Waiting {
  readonly cseq: number;
  readonly ops: readonly Operation[];
  readonly base: number;
}

/** One device. */
export class Device {
  readonly client: string;
  readonly clock: HybridClock;
  confirmed: ObjectState | undefined;
  outbox: Waiting[] = [];
  version = 0;
  #next = 1;

  constructor(client: string, now: () => number) {
    this.client = client;
    this.clock = new HybridClock({ replica: client, now });
  }

  /** What the application sees. */
  get state(): ObjectState | undefined {
    const ops = this.outbox.flatMap((waiting) => waiting.ops);
    return ops.length === 0 ? this.confirmed : applyOperations(this.confirmed, ops);
  }

  write(wanted: PlainObject | undefined): void {
    const ops = operationsBetween(this.state, wanted, { schema: PAGES, clock: this.clock, ...NAME });
    if (ops.length > 0) this.outbox.push({ cseq: this.#next++, ops, base: this.version });
  }

  /** Takes a state that the server has, as it sends it. */
  enter(state: ObjectState | undefined, version: number): void {
    this.confirmed = state === undefined ? undefined : withoutReplaced(state);
    this.version = version;
    if (state !== undefined) this.clock.observe(newestStamp(state));
  }

  acknowledged({ ops }: Waiting, batch: MergedBatch): void {
    const [result] = batch.results;
    if (result?.kind !== "done") throw new Error(`refused: ${result?.kind === "failed" ? `${result.error.code}: ${result.error.message}` : "no answer"}`);
    this.outbox.shift();
    const seen = result.answer?.seen?.[0]?.g;
    if (seen !== undefined) this.outbox = this.outbox.map((waiting) => ({ ...waiting, ops: waiting.ops.map((operation) => withSeen(operation, seen)) }));
    if ((result.answer?.rejects?.length ?? 0) > 0) return;
    const state = applyOperations(this.confirmed, seen === undefined ? ops : ops.map((operation) => withSeen(operation, seen)));
    this.confirmed = state;
  }

  /** Follows the log: what others did, or the object itself if it has come back. */
  follow(entries: readonly ChangeEntry[], state: ObjectState | undefined, version: number): void {
    const [first] = entries;
    const last = entries.at(-1);
    this.version = version;
    if (first === undefined || last === undefined) return;
    if (last.after !== undefined && (first.before === undefined || entries.some(({ bringsBack }) => bringsBack))) {
      this.enter(state, version);
      return;
    }
    const others = entries.filter(({ client }) => client !== this.client).flatMap(({ ops }) => ops);
    for (const { h } of others) this.clock.observe(h);
    if (first.before !== undefined) this.confirmed = applyOperations(this.confirmed, others);
    else this.confirmed = { d: entries.flatMap(({ ops }) => ops.flatMap(({ h, g, do: { act } }) => (act === "delete" ? [h, g ?? ""] : []))).reduce(laterOf, this.confirmed?.d ?? "") };
  }
}

/** A history under way. */
export class FoldHistory {
  readonly devices: Device[] = [];
  readonly #store: Store;
  readonly #chance: Chance;
  readonly #now: () => number;
  /** What there would be if nothing had ever been forgotten. */
  unfolded: ObjectState | undefined;
  folds = 0;
  /** What was taken, in order. */
  readonly #taken: { readonly client: string; readonly version: number; readonly base: number; readonly ops: readonly Operation[] }[] = [];

  constructor(store: Store, chance: Chance, now: () => number) {
    this.#store = store;
    this.#chance = chance;
    this.#now = now;
  }

  below(count: number): number {
    return Math.floor(this.#chance() * count);
  }

  /** A device comes with nothing and gets what is there. */
  async join(): Promise<void> {
    const client = (this.devices.length + 1).toString(16).padStart(16, "0");
    await this.#store.addClient(client, "ann");
    const behindMs = this.below(MARGIN_MS);
    const device = new Device(client, () => this.#now() - behindMs);
    const { state, version } = await this.server();
    device.enter(state, version);
    this.devices.push(device);
  }

  /** The object as the server has it. */
  async server(): Promise<{ readonly state: ObjectState | undefined; readonly version: number }> {
    const snapshot = await this.#store.snapshot();
    const states = await snapshot.states([NAME]);
    const { version } = snapshot.position;
    await snapshot.release();
    return { state: states.get(objectName(NAME.type, NAME.pk)), version };
  }

  /** One thing that can happen. */
  async step(): Promise<void> {
    const device = this.devices[this.below(this.devices.length)] as Device;
    const choice = this.below(20);
    if (choice < 6) device.write(this.#changed(device));
    else if (choice < 11) for (let count = 1 + this.below(4); count > 0; count -= 1) await this.upload(device);
    else if (choice < 15) await this.download(device);
    else if (choice < 17) await this.ping(device);
    else if (choice < 19) await this.fold();
    else if (this.devices.length < 5 && this.below(3) === 0) await this.join();
  }

  async upload(device: Device): Promise<void> {
    const [waiting] = device.outbox;
    if (waiting === undefined) return;
    const upload: Upload = { ...uploadOf(device.client, waiting.cseq, waiting.ops), base: waiting.base };
    const batch = await this.#flush(upload);
    device.acknowledged(waiting, batch);
    await this.#store.noteSeen(new Map([[device.client, waiting.base]]));
  }

  async download(device: Device): Promise<void> {
    const snapshot = await this.#store.snapshot();
    const entries = await snapshot.changes(device.version, 100_000);
    const states = await snapshot.states([NAME]);
    await snapshot.release();
    device.follow(entries, states.get(objectName(NAME.type, NAME.pk)), snapshot.position.version);
  }

  async ping(device: Device): Promise<void> {
    if (device.outbox.length === 0) await this.#store.noteSeen(new Map([[device.client, device.version]]));
  }

  /** The server raises its floor, and some of the devices hear of it. */
  async fold(): Promise<void> {
    const before = (await this.#store.position()).folded;
    await this.#store.compact(new Date(0), MARGIN_MS);
    const { folded } = await this.#store.position();
    if (folded > before) this.folds += 1;
    this.#checkFloor(folded);
    for (const device of this.devices) if (this.below(2) === 0) this.#foldDevice(device, folded);
  }

  /** Everybody hears of everything. */
  async quiesce(): Promise<void> {
    for (const device of this.devices) while (device.outbox.length > 0) await this.upload(device);
    for (const device of this.devices) await this.download(device);
    for (const device of this.devices) await this.ping(device);
  }

  /** What a floor promises: whatever somebody does not have yet is later, and was written by one who had all that is not. */
  #checkFloor(folded: Stamp): void {
    const least = Math.min(...this.devices.map(({ version }) => version));
    const missing = this.#taken.filter(({ version }) => version > least);
    const waiting = this.devices.flatMap(({ client, outbox }) => outbox.map((each) => ({ ...each, client })));
    for (const { ops, base, client } of [...missing, ...waiting]) {
      if (ops.some(({ h }) => h <= folded)) throw new Error("what somebody does not have yet is not later than the floor");
      const unseen = this.#taken.find((other) => other.version > base && other.client !== client && other.ops.some(({ h }) => h <= folded));
      if (unseen !== undefined) throw new Error("what somebody does not have yet was written without something that is folded");
    }
  }

  #foldDevice(device: Device, folded: Stamp): void {
    device.clock.observe(folded);
    if (device.confirmed !== undefined) device.confirmed = compactState(device.confirmed, folded);
  }

  async #flush(upload: Upload): Promise<MergedBatch> {
    let batch: MergedBatch | undefined;
    await this.#store.flush({ uploads: [upload], foreignLimit: 0, lockTimeoutMs: 1000, plan: (input) => (batch = mergeBatch([upload], input, { layout, nowMs: Date.now(), authorize: () => undefined })) });
    const done = batch as MergedBatch;
    for (const { ops, version } of done.entries) {
      this.unfolded = applyOperations(this.unfolded, ops);
      this.#taken.push({ client: upload.client, version, base: upload.base ?? 0, ops });
    }
    return done;
  }

  #changed(device: Device): PlainObject | undefined {
    const plain = materialise(device.state);
    if (plain === undefined) return EMPTY;
    if (this.below(25) === 0) return undefined;
    const page = completed(plain, PAGES, "Page");
    const name = (["hits", "hits", "any", "tags", "tags", "tags", "numbers", "notes", "parts"] as const)[this.below(9)] as string;
    return { [name]: this.#changedProperty(name, page[name] as PlainValue) };
  }

  #changedProperty(name: string, old: PlainValue): PlainValue {
    if (name === "hits") return (old as number) + this.below(5) + 1;
    if (name === "any") return this.below(3) === 0 ? this.below(5) : Array.isArray(old) && this.below(2) === 0 ? this.#changedList(old as PlainValue[], () => this.below(9)) : [this.below(9)];
    if (name === "tags") return this.#changedList(old as PlainValue[], () => `t${String(this.below(1000))}`);
    if (name === "parts") return this.#changedList(old as PlainValue[], (part) => this.#changedPart(part));
    if (name === "numbers") {
      const value = this.below(4);
      const values = (old as { readonly $set: readonly number[] }).$set;
      return { $set: values.includes(value) ? values.filter((each) => each !== value) : [...values, value] };
    }
    const key = ["a", "b", "__proto__"][this.below(3)] as string;
    const entries = Object.entries((old as { readonly $dict: PlainObject }).$dict).filter(([each]) => each !== key);
    return { $dict: Object.fromEntries(this.below(2) === 0 ? entries : [...entries, [key, this.below(2) === 0 ? this.below(9) : [this.below(9)]]]) };
  }

  #changedPart(part: PlainValue | undefined): PlainValue {
    const { count = 0, sizes = [] } = (part as { readonly $object: PlainObject } | undefined)?.$object ?? {};
    return { $object: this.below(2) === 0 ? { count: (count as number) + 1, sizes } : { count, sizes: this.#changedList(sizes as PlainValue[], () => this.below(9)) } };
  }

  #changedList(old: readonly PlainValue[], made: (value: PlainValue | undefined) => PlainValue): PlainValue[] {
    const list = [...old];
    const choice = this.below(7);
    if (choice < 3 || list.length === 0) list.splice(this.below(list.length + 1), 0, made(undefined));
    else if (choice < 5) list.splice(this.below(list.length), 1 + this.below(2));
    else if (choice < 6) list.splice(this.below(list.length), 0, ...list.splice(this.below(list.length), 1));
    else {
      const index = this.below(list.length);
      list[index] = made(list[index]);
    }
    return list;
  }
}

/** What a state shows, as text; an empty collection and one that nobody ever used read alike. */
export function shownText(state: ObjectState | undefined): string | undefined {
  const plain = materialise(state);
  return plain === undefined ? undefined : objectText(completed(plain, PAGES, "Page"));
}
