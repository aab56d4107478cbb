/**
 * Case 54: the suite must fail over a broken adapter. The adapter at hand is broken on purpose, in three ways, and the cases that guard
 * against each are run over it.
 *
 * @module
 */
import type { KeyStore } from "@holdfast/key-store";
import { claim } from "../claims.ts";
import type { KeyStoreBinding, KeyStoreHome } from "./binding.ts";
import type { KeyStoreCase, KeyStoreReport } from "./case.ts";
import { NAME_CASES } from "./cases/names.ts";
import { RULE_CASES } from "./cases/rules.ts";
import { SHARING_CASES } from "./cases/sharing.ts";

/** One way to break an adapter, and the case that has to notice. */
export interface BrokenAdapter {
  readonly title: string;
  readonly noticedBy: number;
  /** What its failure says. */
  readonly failure: RegExp;
  breakStore(store: KeyStore, all: readonly KeyStore[]): Partial<KeyStore>;
}

/** The three that every adapter is broken by. */
export const BROKEN_ADAPTERS: readonly BrokenAdapter[] = [
  {
    title: "gives null on an error",
    noticedBy: 27,
    failure: /expected code KEY_CORRUPT, found KeyStoreError KEY_LOST/u,
    breakStore: (store) => ({ readText: (...values) => store.readText(...values).catch(() => null), read: (...values) => store.read(...values).catch(() => null) }),
  },
  {
    title: "creates without looking, and without a lock",
    noticedBy: 21,
    failure: /different keys among 50 callers|that the entry was written, and gives another/u,
    breakStore: (store) => ({
      exclusively: (_name, action) => action(),
      async create(name, value, ...rest) {
        if (await store.containsKey(name)) return false;
        await store.write(name, value, ...rest);
        return true;
      },
    }),
  },
  {
    title: "deletes what begins with its own name, too",
    noticedBy: 17,
    failure: /the entry of another namespace/u,
    breakStore: (_store, all) => ({
      async deleteAll() {
        for (const store of all) await store.deleteAll();
      },
    }),
  },
];

/** Handed in, so that the suite and its own test do not need each other. */
export type RunCases = (binding: KeyStoreBinding, options: { readonly seed: number; readonly isLong: boolean; readonly cases: readonly KeyStoreCase[] }) => Promise<KeyStoreReport>;

/** Case 54 over a runner. */
export function selfTest(run: RunCases): KeyStoreCase {
  return {
    number: 54,
    title: "the suite fails over this adapter once it is broken",
    scope: "every",
    async run({ binding, home, open, namespace, random, note }) {
      const isEnumerable = (await open()).capabilities.enumerable;
      const guards = [...NAME_CASES, ...RULE_CASES, ...SHARING_CASES];
      for (const broken of BROKEN_ADAPTERS) {
        if (broken.noticedBy === 17 && !isEnumerable) continue;
        const guard = guards.find(({ number }) => number === broken.noticedBy) as KeyStoreCase;
        const { cases } = await run(breakBinding(binding, home, broken, namespace), { seed: random.seed, isLong: false, cases: [guard] });
        const [result] = cases;
        claim(result?.status === "failed", `an adapter that ${broken.title} passes case ${guard.number}`);
        claim(broken.failure.test(result.failure ?? ""), `an adapter that ${broken.title} fails case ${guard.number} for another reason: ${result.failure ?? ""}`);
      }
      note(`${isEnumerable ? 3 : 2} broken adapters were found out`);
    },
  };
}

/** The same home with broken stores, in namespaces of their own below one of the home's. */
export function breakBinding(binding: KeyStoreBinding, home: KeyStoreHome, broken: BrokenAdapter, namespace: string): KeyStoreBinding {
  const moved = (space: string): string => `${namespace}.${broken.noticedBy}.${space}`;
  const { raw } = home;
  const opened: KeyStore[] = [];
  const brokenHome: KeyStoreHome = {
    async open(space) {
      const store = await home.open(moved(space));
      opened.push(store);
      return overlay(store, broken.breakStore(store, opened));
    },
    restart: async () => undefined,
    cleanUp: async () => undefined,
    ...(home.wraps === undefined ? {} : { wraps: home.wraps }),
    ...(raw === undefined ? {} : { raw: { snapshot: () => raw.snapshot(), alter: (space, name, change) => raw.alter(moved(space), name, change) } }),
  };
  const { name, kind, description, backend } = binding;
  return { name, kind, description, backend, openHome: async () => brokenHome };
}

function overlay(store: KeyStore, changes: Partial<KeyStore>): KeyStore {
  return new Proxy(store, {
    get(target, member) {
      const changed: unknown = Reflect.get(changes, member);
      if (changed !== undefined) return changed;
      const found: unknown = Reflect.get(target, member, target);
      return typeof found === "function" ? (found as () => unknown).bind(target) : found;
    },
  });
}
