/**
 * The listeners of a realm itself.
 *
 * @module
 */
import { RealmError, TypeAssertionError } from "./errors.ts";
import type { CanonicalObjectSchema } from "./schema/types.ts";

/** Name of an event of a realm. */
export type RealmEventName = "change" | "beforenotify" | "schema";

/** Realm's names of the events. */
export const RealmEvent = { Change: "change", Schema: "schema", BeforeNotify: "beforenotify" } as const;

/** A listener of a realm. */
export type RealmListener<R> = (realm: R, name: RealmEventName, schema?: CanonicalObjectSchema[]) => void;

/** The listeners of one realm. One that is added twice is called once. */
export class RealmEvents<R> {
  readonly #listeners = new Map<RealmEventName, Set<RealmListener<R>>>();

  add(name: unknown, callback: unknown): void {
    const event = checkEvent(name);
    if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(callback as RealmListener<R>));
  }

  remove(name: unknown, callback: unknown): void {
    const event = checkEvent(name);
    if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
    this.#listeners.get(event)?.delete(callback as RealmListener<R>);
  }

  removeAll(name?: unknown): void {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(checkEvent(name));
  }

  /** Calls the listeners of an event; what they remove or add counts from the next time on. */
  tell(name: RealmEventName, realm: R & { readonly isClosed: boolean }, schema?: CanonicalObjectSchema[]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      if (realm.isClosed) return;
      if (schema === undefined) listener(realm, name);
      else listener(realm, name, schema);
    }
  }
}

function checkEvent(name: unknown): RealmEventName {
  if (name === "change" || name === "beforenotify" || name === "schema") return name;
  throw new RealmError("LISTENER_INVALID", `Unknown event name '${String(name)}': only 'change', 'schema' and 'beforenotify' are supported.`);
}
