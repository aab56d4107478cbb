/**
 * Leaks on purpose: what the search must find.
 *
 * @module
 */
import { SyncServerError } from "@holdfast/sync-server";
import type { Rules, Store } from "@holdfast/sync-server";
import { rulesOf } from "./scene.ts";

/** Kinds of leak. */
export const PLANTS = ["fields that are not hidden", "rows that no rule lets through", "an error that quotes", "a log line that quotes"] as const;
export type Plant = (typeof PLANTS)[number];

/** What a server is made of. */
export interface Parts {
  readonly store: Store;
  readonly rules: Rules;
  /** What must not be told. */
  readonly canary: string;
}

/** The same with a leak in it. */
export function planted(plant: Plant | undefined, { store, rules, canary }: Parts): { readonly store: Store; readonly rules: Rules } {
  switch (plant) {
    case undefined:
      return { store, rules };
    case "fields that are not hidden":
      return { store, rules: rulesOf(false) };
    case "rows that no rule lets through":
      return { rules, store: over(store, { snapshot: async () => {
        const snapshot = await store.snapshot();
        return over(snapshot, { rows: (type, _filter, options) => snapshot.rows(type, { kind: "truth", isTrue: true }, options) });
      } }) };
    case "an error that quotes":
      return { rules, store: over(store, { findClient: async (client, user) => {
        const found = await store.findClient(client, user);
        if (found === undefined) throw new SyncServerError("HISTORY_LOST", `of another user: ${canary}`);
        return found;
      } }) };
    case "a log line that quotes": {
      let isFirst = true;
      return { rules, store: over(store, { flush: (request) => {
        if (!isFirst || request.uploads.length === 0) return store.flush(request);
        isFirst = false;
        return Promise.reject(Object.assign(new Error("a fault"), { code: canary }));
      } }) };
    }
  }
}

function over<Target extends object>(target: Target, replaced: Partial<Target>): Target {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(name in replaced ? replaced : target, name, target) as unknown;
      return typeof value === "function" ? (value as (...all: unknown[]) => unknown).bind(target) : value;
    },
  });
}
