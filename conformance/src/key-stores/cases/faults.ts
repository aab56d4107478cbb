/**
 * Cases 28-37, 43's shared part aside: stores that are locked, absent, damaged, or whose user says no.
 *
 * @module
 */
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import type { CaseContext, KeyStoreCase } from "../case.ts";
import { hex } from "../hex.ts";
import { claimNothingWritten } from "./rules.ts";

const name = "clinic";
/** The promise is two seconds; the third is for a machine that is busy with something else. */
const SOON_MS = 3000;

/** The cases of this file. */
export const FAULT_CASES: readonly KeyStoreCase[] = [
  {
    number: 28,
    title: "a locked store answers STORE_LOCKED within two seconds, and nothing is created",
    scope: "can",
    isAlone: true,
    inapplicable: ({ lock }) => (lock === undefined ? "the store cannot be locked" : undefined),
    async run(context) {
      const { open, home, keysOf, note } = context;
      const before = await open();
      const key = await keysOf(before).getOrCreate({ name, databaseExists: false });
      await before.dispose();
      await home.lock?.lock();
      await claimNothingWritten(context, async () => {
        for (const databaseExists of [true, false]) {
          const startedMs = performance.now();
          await claimRefused("a locked store", async () => keysOf(await open()).getOrCreate({ name: databaseExists ? name : "new", databaseExists }), { codes: ["STORE_LOCKED"] });
          const tookMs = performance.now() - startedMs;
          claim(tookMs < SOON_MS, `the answer took ${Math.round(tookMs)} ms`);
          note(`answered in ${Math.round(tookMs)} ms`);
        }
      });
      await home.lock?.unlock();
      const keys = keysOf(await open());
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key after the store was unlocked");
      claimEqual(await keys.read({ name: "new" }), null, "a key that was asked for while the store was locked");
    },
  },
  {
    number: 29,
    title: "locked in the middle of a session, then unlocked: it works again",
    scope: "can",
    isAlone: true,
    inapplicable: ({ lock }) => (lock === undefined ? "the store cannot be locked" : undefined),
    async run({ open, home, keysOf }) {
      const store = await open();
      const keys = keysOf(store);
      const key = await keys.getOrCreate({ name, databaseExists: false });
      await home.lock?.lock();
      await claimRefused("a key while the store is locked", () => keys.getOrCreate({ name, databaseExists: true }), { codes: ["STORE_LOCKED"] });
      await claimRefused("a write while the store is locked", () => store.write("a", "1"), { codes: ["STORE_LOCKED"] });
      await home.lock?.unlock();
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key from the same store, unlocked");
      await store.write("a", "1");
      claimEqual(await store.readText("a"), "1", "an entry written after the store was unlocked");
    },
  },
  {
    number: 30,
    title: "without its platform a store is STORE_UNAVAILABLE, and no other takes its place",
    scope: "can",
    isAlone: true,
    inapplicable: ({ removeBackend }) => (removeBackend === undefined ? "what the store lies on cannot be absent" : undefined),
    async run(context) {
      const { open, home, keysOf } = context;
      await home.removeBackend?.();
      await claimNothingWritten(context, async () => {
        await claimRefused("a store that is not there", async () => keysOf(await open()).getOrCreate({ name, databaseExists: false }), { codes: ["STORE_UNAVAILABLE"] });
      });
    },
  },
  {
    number: 31,
    title: "a store says which backend it uses, and it is the expected one",
    scope: "every",
    async run({ open, binding }) {
      const store = await open();
      claimEqual(store.backend, binding.backend, "the backend");
      claim(store.backend !== "kernel-keyring" || !store.capabilities.persistent, "the kernel's keyring is no persistent store");
      const options = { noSuchOption: true } as object;
      await claimRefused("an option that no store has", () => store.write("a", "1", options), { codes: ["UNSUPPORTED_OPTION"] });
      claim((await store.read("a")) === null, "a write with an unknown option has written");
    },
  },
  {
    number: 32,
    title: "a damaged platform store never leads to a new key for a database that exists",
    scope: "can",
    isAlone: true,
    inapplicable: ({ damages }) => (damages === undefined || damages.length === 0 ? "nothing below the entries can be damaged" : undefined),
    run: damagedBackends,
  },
  {
    number: 33,
    title: "a second entry of another program that answers to the name is AMBIGUOUS",
    scope: "can",
    isAlone: true,
    inapplicable: ({ plantDuplicate }) => (plantDuplicate === undefined ? "the platform cannot hold two entries of one name" : undefined),
    async run(context) {
      const { open, home, namespace } = context;
      const store = await open();
      await store.write("a", "own");
      await home.plantDuplicate?.(namespace, "a");
      await claimNothingWritten(context, async () => {
        await claimRefused("reading", () => store.read("a"), { codes: ["AMBIGUOUS"] });
        await claimRefused("writing", () => store.write("a", "1"), { codes: ["AMBIGUOUS"] });
      });
    },
  },
  {
    number: 34,
    title: "the service is killed between two calls: no null, no new key, and it works once it is back",
    scope: "can",
    isAlone: true,
    inapplicable: ({ service }) => (service === undefined ? "no service stands between the store and its entries" : undefined),
    async run({ open, home, keysOf, note }) {
      const keys = keysOf(await open());
      const key = await keys.getOrCreate({ name, databaseExists: false });
      await home.service?.flush?.();
      await home.service?.kill();
      const answer = await keys.getOrCreate({ name, databaseExists: true }).then(hex, (error: unknown) => (error as { code?: string }).code ?? String(error));
      claim([hex(key), "STORE_LOCKED", "STORE_UNAVAILABLE"].includes(answer), `without its service the store answered ${answer.length > 40 ? "another key" : answer}`);
      if (answer.length < 40) note(`answered ${answer}`);
      await home.service?.revive();
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key once the service is back");
    },
  },
  {
    number: 35,
    title: "a key that the system has invalidated is AUTH_INVALIDATED, not lost",
    scope: "can",
    isAlone: true,
    inapplicable: ({ invalidate }) => (invalidate === undefined ? "the system does not invalidate keys of this store" : undefined),
    async run({ open, home, namespace, keysOf }) {
      const keys = keysOf(await open());
      await keys.getOrCreate({ name, databaseExists: false });
      await home.invalidate?.(namespace, `${name}/key0`);
      for (const databaseExists of [true, false]) await claimRefused("an invalidated key", () => keys.getOrCreate({ name, databaseExists }), { codes: ["AUTH_INVALIDATED"] });
    },
  },
  {
    number: 36,
    title: "a dismissed prompt is USER_CANCELED, and the next try works",
    scope: "can",
    isAlone: true,
    inapplicable: ({ cancelNextPrompt }) => (cancelNextPrompt === undefined ? "the store shows no prompt that its user could dismiss here" : undefined),
    async run({ open, home, keysOf }) {
      const keys = keysOf(await open());
      const key = await keys.getOrCreate({ name, databaseExists: false });
      await home.cancelNextPrompt?.();
      await claimRefused("a dismissed prompt", () => keys.getOrCreate({ name, databaseExists: true }), { codes: ["USER_CANCELED"] });
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key at the second try");
    },
  },
  {
    number: 37,
    title: "a locked device (-25308) is STORE_LOCKED, and the entry stays",
    scope: "can",
    isAlone: true,
    inapplicable: ({ lock }, { ownCases }) => (lock === undefined || ownCases?.[37] === undefined ? "no device whose lock the store follows" : undefined),
    run: async (context) => context.binding.ownCases?.[37]?.(context),
  },
];

async function damagedBackends({ binding, home, open, keysOf, namespace, note }: CaseContext): Promise<void> {
  for (const index of home.damages?.keys() ?? []) {
    const own = index === 0 ? home : await binding.openHome();
    const openOwn = async (): Promise<ReturnType<typeof keysOf>> => keysOf(index === 0 ? await open() : await own.open(namespace));
    try {
      const damage = own.damages?.[index];
      if (damage === undefined) continue;
      const before = await openOwn();
      await before.getOrCreate({ name, databaseExists: false });
      await before.store.dispose();
      await damage.apply();
      const error = await claimRefused(damage.title, async () => (await openOwn()).getOrCreate({ name, databaseExists: true }), { codes: damage.codes });
      note(`${damage.title}: ${String(error.code)}`);
    } finally {
      if (index > 0) await own.cleanUp();
    }
  }
}
