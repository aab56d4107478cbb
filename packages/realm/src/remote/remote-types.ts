/**
 * Types of what pages see: the plain form of an application's objects.
 *
 * @module
 */
import type { BSON } from "../bson.ts";
import type { Dictionary } from "../collections/dictionary.ts";
import type { List } from "../collections/list.ts";
import type { Results } from "../collections/results.ts";
import type { RealmSet } from "../collections/set.ts";
import type { Counter } from "../objects/counter.ts";
import type { AnyRealmObject } from "../types.ts";
import type { Decimal128, ObjectId, UUID } from "./ids.ts";

// oxlint-disable-next-line typescript/no-explicit-any
type AnyFunction = (...args: any[]) => any;

/** Names of what a snapshot has: no methods, no inverse relationships. */
type ShownKeys<T> = { [K in keyof T]-?: K extends keyof AnyRealmObject ? never : T[K] extends AnyFunction ? never : T[K] extends Results<infer _> ? never : K }[keyof T];

type IsAny<T> = 0 extends 1 & T ? true : false;

/** What a value of a property becomes on a page. */
export type SnapshotValue<V> =
  IsAny<V> extends true ? V
  : V extends string | number | bigint | boolean | null | undefined | Date | ArrayBuffer | ObjectId | UUID | Decimal128 ? V
  : V extends Counter ? number
  : V extends RealmSet<infer E> ? ReadonlySet<SnapshotValue<E>>
  : V extends List<infer E> ? readonly SnapshotValue<E>[]
  : V extends Dictionary<infer E> ? Readonly<Record<string, SnapshotValue<E>>>
  : V extends InstanceType<typeof BSON.ObjectId> ? ObjectId
  : V extends InstanceType<typeof BSON.UUID> ? UUID
  : V extends InstanceType<typeof BSON.Decimal128> ? Decimal128
  : V extends readonly (infer E)[] ? readonly SnapshotValue<E>[]
  : V extends ReadonlySet<infer E> ? ReadonlySet<SnapshotValue<E>>
  : V extends object ? Snapshot<V>
  : V;

/** An object of the realm at one moment: plain and frozen. */
export type Snapshot<T> = IsAny<T> extends true ? T : unknown extends T ? T : { readonly [K in ShownKeys<T>]: SnapshotValue<T[K]> };

/** A class by its name, or by anything that has its schema. */
export type RemoteType = string | { readonly schema?: { readonly name: string } };

/** Procedures that nothing is known of. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyProcedures = Readonly<Record<string, (realm: never, ...args: any[]) => any>>;

/** What a page hands to a procedure. */
export type ProcedureArguments<P> = P extends (realm: never, ...args: infer A) => unknown ? A : never;

/** What a page gets from a procedure. */
export type ProcedureResult<P> = P extends (...args: never[]) => infer R ? SnapshotValue<Awaited<R>> : never;
