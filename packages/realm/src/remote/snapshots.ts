/**
 * What a page sees of a realm: plain values that never change.
 *
 * @module
 */
import { RealmError, typeError } from "../errors.ts";
import { Decimal128, ObjectId, UUID } from "./ids.ts";
import { bufferOf, ID_TAG, MAX_DEPTH, objectOf, TAG, wireOfId } from "./wire.ts";
import type { Wire } from "./wire.ts";

/** Which object of the realm a snapshot shows. */
export interface Reference {
  readonly type: string;
  /** Names the row for good, and says nothing else. */
  readonly key: string;
}

/** An object that an operation of a transaction makes, before it is there. */
export class Made {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
    Object.freeze(this);
  }
}

/** A set that cannot be changed. */
class FrozenSet<T> extends Set<T> {
  constructor(values: Iterable<T>) {
    super();
    for (const value of values) super.add(value);
  }
  override add(): this {
    throw unchangeable();
  }
  override delete(): boolean {
    throw unchangeable();
  }
  override clear(): void {
    throw unchangeable();
  }
}

function unchangeable(): RealmError {
  return new RealmError("REALM_READ_ONLY", "A snapshot cannot be changed: change the object with 'write'.");
}

const references = new WeakMap<object, Reference>();

/** Which object a snapshot shows; undefined for what is no snapshot of an object, such as an embedded one. */
export function referenceOf(snapshot: object): Reference | undefined {
  return references.get(snapshot);
}

/** Makes a snapshot of what came. */
export function snapshotOf(wire: Wire): unknown {
  if (wire instanceof Uint8Array) return idOf(wire);
  if (!Array.isArray(wire)) return wire;
  switch (wire[0]) {
    case TAG.list:
      return Object.freeze(wire.slice(1).map((element) => snapshotOf(element as Wire)));
    case TAG.set:
      return new FrozenSet(wire.slice(1).map((element) => snapshotOf(element as Wire)));
    case TAG.entries:
      return Object.freeze(objectOf(wire, snapshotOf));
    default:
      return objectSnapshot(wire);
  }
}

function objectSnapshot([, type, key, values]: readonly unknown[]): object {
  const snapshot: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values as Record<string, Wire>)) snapshot[name] = snapshotOf(value);
  if (key !== "") references.set(snapshot, Object.freeze({ type: type as string, key: key as string }));
  return Object.freeze(snapshot);
}

function idOf(wire: Uint8Array): unknown {
  const bytes = wire.subarray(1);
  switch (wire[0]) {
    case ID_TAG.objectId:
      return new ObjectId(bytes);
    case ID_TAG.uuid:
      return new UUID(bytes);
    default:
      return new Decimal128(new TextDecoder().decode(bytes));
  }
}

/** What a page's value is on its way. Snapshots become references. @throws {TypeError} for what cannot travel */
export function wireOf(value: unknown, depth = 0): Wire {
  switch (typeof value) {
    case "function":
    case "symbol":
      throw typeError("TYPE_MISMATCH", `A ${typeof value} cannot be handed to the worker.`);
    case "object":
      return value === null ? null : wireOfObject(value, depth);
    default:
      return value as Wire;
  }
}

function wireOfObject(value: object, depth: number): Wire {
  if (depth > MAX_DEPTH) throw typeError("ARGUMENT_INVALID", `A value is nested more than ${MAX_DEPTH} levels deep, or contains itself.`);
  const reference = references.get(value);
  if (reference !== undefined) return [TAG.reference, reference.type, reference.key];
  if (value instanceof Made) return [TAG.made, value.index];
  if (value instanceof Date || value instanceof ArrayBuffer) return value;
  const id = wireOfId(value);
  if (id !== undefined) return id;
  if (ArrayBuffer.isView(value)) return bufferOf(value);
  const next = (element: unknown): Wire => wireOf(element, depth + 1);
  if (Array.isArray(value)) return [TAG.list, ...value.map(next)];
  if (value instanceof Set) return [TAG.set, ...[...(value as Set<unknown>)].map(next)];
  const entries = value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
  return [TAG.entries, ...entries.flatMap(([key, element]) => [key, next(element)])];
}

/** True if two snapshots show the same. */
export function isSameValue(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (left instanceof Date) return left.getTime() === (right as Date).getTime();
  if ("_bsontype" in left) return String(left) === String(right);
  if (left instanceof ArrayBuffer) return isSameValue([...new Uint8Array(left)], [...new Uint8Array(right as ArrayBuffer)]);
  if (left instanceof Set) return isSameValue([...left], [...(right as Set<unknown>)]);
  const [one, other] = [references.get(left), references.get(right)];
  if (one?.type !== other?.type || one?.key !== other?.key) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && isSameValue(Reflect.get(left, key), Reflect.get(right, key)));
}

/** A text that is the same for the same value: what live queries are known by. */
export function textOf(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof ArrayBuffer) return `data ${new Uint8Array(value).join(" ")}`;
  if (ArrayBuffer.isView(value)) return `id ${(value as Uint8Array).join(" ")}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  return `{${Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .map(([name, entry]) => `${JSON.stringify(name)}:${textOf(entry)}`)
    .join(",")}}`;
}
