/**
 * Cases 19-24 and 53: several instances, processes and callers; restarts; the end of a store.
 *
 * @module
 */
import type { KeyStore } from "@holdfast/key-store";
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import type { KeyStoreBinding, KeyStoreHome } from "../binding.ts";
import type { CaseContext, KeyStoreCase } from "../case.ts";
import { hex } from "../hex.ts";

const name = "clinic";

/** The cases of this file. */
export const SHARING_CASES: readonly KeyStoreCase[] = [
  {
    number: 19,
    title: "two instances of one namespace see each other",
    scope: "every",
    async run({ open }) {
      const [left, right] = [await open(), await open()];
      await left.write("a", "left");
      claimEqual(await right.readText("a"), "left", "what the other instance wrote");
      await right.write("a", "right");
      claimEqual(await left.readText("a"), "right", "what the other instance wrote over it");
      await left.delete("a");
      claim((await right.read("a")) === null, "what the other instance deleted is there");
    },
  },
  {
    number: 20,
    title: "entries survive a restart",
    scope: "every",
    isAlone: true,
    async run({ open, home, keysOf, note }) {
      const before = await open();
      await before.write("a", "kept");
      const key = await keysOf(before).getOrCreate({ name, databaseExists: false });
      const { persistent } = before.capabilities;
      await before.dispose();
      await home.restart();
      const after = await open();
      if (!persistent) {
        claim((await after.read("a")) === null, "the store says that its entries do not persist, and they do");
        await claimRefused("the key of a database that exists", () => keysOf(after).getOrCreate({ name, databaseExists: true }), { codes: ["KEY_LOST"] });
        note("the store says that its entries do not persist; a database's key is KEY_LOST then");
        return;
      }
      claimEqual(await after.readText("a"), "kept", "the entry after a restart");
      claimEqual(hex(await keysOf(after).getOrCreate({ name, databaseExists: true })), hex(key), "the key after a restart");
    },
  },
  { number: 21, title: "50 callers at once in one process get one key, with one write", scope: "every", run: manyCallers },
  {
    number: 22,
    title: "8 processes at once get one key, the one that is stored",
    scope: "can",
    inapplicable: needsOthers,
    async run({ open, home, namespace, keysOf, note, isLong }) {
      const rounds = isLong ? 5 : 1;
      for (let round = 0; round < rounds; round += 1) {
        const got = (await home.others?.getOrCreate(namespace, `${name}${round}`, 8)) ?? [];
        claimEqual([got.length, new Set(got).size], [8, 1], "processes, and different keys among theirs");
        const stored = await keysOf(await open()).getOrCreate({ name: `${name}${round}`, databaseExists: true });
        claimEqual(got[0], hex(stored), "the processes' key and the stored one");
      }
      note(`${rounds * 8} processes`);
    },
  },
  {
    number: 23,
    title: "a process that is killed while it holds the lock blocks nobody",
    scope: "can",
    inapplicable: needsOthers,
    async run({ open, home, namespace, keysOf }) {
      const keys = keysOf(await open());
      await home.others?.dieHolding(namespace, name);
      claimEqual(await keys.read({ name }), null, "the key that was never made");
      const key = await keys.getOrCreate({ name, databaseExists: false });
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key that the next one made");
    },
  },
  {
    number: 24,
    title: "killed while it creates a key: a whole entry or none",
    scope: "can",
    inapplicable: needsOthers,
    async run({ open, home, namespace, keysOf, random, isLong, note }) {
      const store = await open();
      const keys = keysOf(store);
      await home.others?.dieCreating(namespace, name);
      const key = await keys.getOrCreate({ name, databaseExists: false });
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key that the killed process made");
      const kills = isLong ? 20 : 2;
      let whole = 0;
      for (let kill = 0; kill < kills; kill += 1) {
        await home.others?.dieWriting(namespace, `${kill}-`, 50 + random.below(150));
        for (let index = 0; ; index += 1) {
          const found = await keys.read({ name: `${kill}-${index}` });
          if (found === null) break;
          whole += 1;
        }
      }
      if (store.capabilities.enumerable) claimEqual((await store.readAll()).damaged, [], "damaged entries");
      note(`${kills} kills at random moments, ${whole} entries, all whole`);
    },
  },
  { number: 53, title: "a disposed store refuses use; an aborted operation does not begin", scope: "every", run: theEnd },
];

async function manyCallers({ open, keysOf }: CaseContext): Promise<void> {
  let writes = 0;
  const stores = [await open(), await open()].map((store) => countingWrites(store, () => (writes += 1)));
  const got = await Promise.all(Array.from({ length: 50 }, (_, caller) => keysOf(stores[caller % 2] as KeyStore).getOrCreate({ name, databaseExists: false })));
  claimEqual([new Set(got.map(hex)).size, writes], [1, 1], "different keys among 50 callers', and writes");
  claimEqual(hex(await keysOf(await open()).getOrCreate({ name, databaseExists: true })), hex(got[0] as Uint8Array), "the stored key");
}

/** Counts what the store has really written, and not what it tells listeners: those may hear of other instances' writes, too. */
function countingWrites(store: KeyStore, onWritten: () => void): KeyStore {
  return new Proxy(store, {
    get(target, member) {
      const found: unknown = Reflect.get(target, member, target);
      if (typeof found !== "function") return found;
      const call = found.bind(target) as (...values: unknown[]) => Promise<unknown>;
      if (member !== "write" && member !== "create") return call;
      return async (...values: unknown[]) => {
        const result = await call(...values);
        if (result !== false) onWritten();
        return result;
      };
    },
  });
}

async function theEnd({ open }: CaseContext): Promise<void> {
  const store = await open();
  const signal = AbortSignal.abort();
  await claimAborted(() => store.write("a", "1", { signal }));
  await claimAborted(() => store.read("a", { signal }));
  claim((await store.read("a")) === null, "an aborted write has written");
  await store.dispose();
  const uses: [string, () => unknown][] = [
    ["read", () => store.read("a")],
    ["write", () => store.write("a", "1")],
    ["create", () => store.create("a", "1")],
    ["delete", () => store.delete("a")],
    ["containsKey", () => store.containsKey("a")],
    ["readAll", () => store.readAll()],
    ["deleteAll", () => store.deleteAll()],
    ["exclusively", () => store.exclusively("a", async () => 1)],
  ];
  for (const [what, use] of uses) await claimRefused(`${what} after dispose`, use, { codes: ["STORE_DISPOSED"] });
  await store.dispose();
}

async function claimAborted(action: () => Promise<unknown>): Promise<void> {
  const error: unknown = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  claim((error as Error | undefined)?.name === "AbortError", "an operation with an aborted signal was not rejected with AbortError");
}

function needsOthers({ others }: KeyStoreHome, _binding: KeyStoreBinding): string | undefined {
  return others === undefined ? "the store is not shared between processes" : undefined;
}
