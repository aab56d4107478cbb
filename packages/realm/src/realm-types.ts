/**
 * `Realm.Types`: for each type name the class that stands for it at runtime, where there is one. Compilers of models look there.
 *
 * @module
 */
import { Decimal128, ObjectId, UUID } from "./bson.ts";
import { Dictionary } from "./collections/dictionary.ts";
import { List } from "./collections/list.ts";
import { Results } from "./collections/results.ts";
import { RealmSet } from "./collections/set.ts";
import { Counter } from "./objects/counter.ts";

/** The classes behind the type names. Types without a class of their own are there as types only. */
export const Types: {
  readonly Decimal128: typeof Decimal128;
  readonly ObjectId: typeof ObjectId;
  readonly UUID: typeof UUID;
  readonly Counter: typeof Counter;
  readonly Date: DateConstructor;
  readonly Data: ArrayBufferConstructor;
  readonly List: typeof List;
  readonly Set: typeof RealmSet;
  readonly Dictionary: typeof Dictionary;
  readonly LinkingObjects: typeof Results;
} = { Decimal128, ObjectId, UUID, Counter, Date, Data: ArrayBuffer, List, Set: RealmSet, Dictionary, LinkingObjects: Results };
