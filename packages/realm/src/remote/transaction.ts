/**
 * A transaction of a page: changes that are collected, and sent together.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { Operation } from "./messages.ts";
import { RemoteQuery } from "./remote-query.ts";
import type { RemoteType, Snapshot } from "./remote-types.ts";
import { Made, wireOf } from "./snapshots.ts";

/** How `create` treats an object that is there already, as in Realm. */
export type CreateMode = "never" | "modified" | "all" | boolean;

/** One change, written down. */
export type Change =
  | { readonly create: RemoteType; readonly values: object; readonly mode?: CreateMode }
  | { readonly update: object; readonly values: object }
  | { readonly delete: object };

/** Collects changes; nothing is done before the function that gets it has returned. */
export class RemoteTransaction {
  readonly #operations: Operation[] = [];
  #isOver = false;

  /** @returns Stands for the object in later changes of this transaction; as the result of the function, for its snapshot. */
  create<T = Record<string, unknown>>(type: RemoteType, values: object, mode?: CreateMode): Snapshot<T> {
    return this.#add<T>({ kind: "create", type: nameOf(type), values: wireOf({ ...values }), ...(mode === undefined ? {} : { mode }) });
  }

  /** Sets properties. @param subject - A snapshot, or what `create` gave. */
  update<T extends object>(subject: T, values: Partial<Readonly<Record<keyof T, unknown>>>): T {
    return this.#add<T>({ kind: "update", subject: wireOf(subject), values: wireOf({ ...values }) }) as T;
  }

  /** Deletes an object, several, or all that a query finds by then. */
  delete(subject: object | readonly object[]): void {
    this.#add({ kind: "delete", subject: subject instanceof RemoteQuery ? subject._message() : wireOf(subject) });
  }

  /** @internal */
  _add(change: Change): void {
    if ("create" in change) this.create(change.create, change.values, change.mode);
    else if ("update" in change) this.update(change.update, change.values);
    else this.delete(change.delete);
  }

  /** What was collected; from now on nothing can be added. @internal */
  _finish(): readonly Operation[] {
    this.#isOver = true;
    return this.#operations;
  }

  #add<T>(operation: Operation): Snapshot<T> {
    if (this.#isOver) throw new RealmError("TRANSACTION_MISSING", "The transaction has been sent already.");
    this.#operations.push(operation);
    return new Made(this.#operations.length - 1) as Snapshot<T>;
  }
}

/** The name of a class. */
export function nameOf(type: RemoteType): string {
  if (typeof type === "string") return type;
  const name = type?.schema?.name;
  if (typeof name !== "string") throw new RealmError("ARGUMENT_INVALID", "A class is named by a string, or by something with its schema.");
  return name;
}
