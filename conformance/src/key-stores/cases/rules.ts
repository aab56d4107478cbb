/**
 * Cases 25-27, 38, 39 and 46: the rules that keep a key from being lost or replaced.
 *
 * @module
 */
import { DatabaseKeys, encodeKeyEntry, keyEntryName, rawWrap } from "@holdfast/key-store";
import type { KeyStore } from "@holdfast/key-store";
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import { seededBytes } from "../../random.ts";
import type { CaseContext, KeyStoreCase } from "../case.ts";
import { dyingStore } from "../dying-store.ts";
import { FakeDatabase } from "../fake-database.ts";
import { hex } from "../hex.ts";

const name = "clinic";

/** The cases of this file. */
export const RULE_CASES: readonly KeyStoreCase[] = [
  {
    number: 25,
    title: "a database without its key is KEY_LOST, and nothing is written",
    scope: "every",
    async run(context) {
      const keys = context.keysOf(await context.open());
      await claimNothingWritten(context, async () => {
        await claimRefused("getOrCreate", () => keys.getOrCreate({ name, databaseExists: true }), { codes: ["KEY_LOST"] });
        await claimRefused("getOrCreate that asks", () => keys.getOrCreate({ name, databaseExists: async () => true }), { codes: ["KEY_LOST"] });
        await claimRefused("exportRecovery", () => keys.exportRecovery({ name, passphrase: "correct horse" }), { codes: ["KEY_LOST"] });
      });
      claim((await keys.read({ name })) === null, "a key was made for a database that exists");
    },
  },
  {
    number: 26,
    title: "another database's key is KEY_MISMATCH, and nothing is written",
    scope: "every",
    async run(context) {
      const keys = context.keysOf(await context.open());
      const key = await keys.getOrCreate({ name, databaseExists: false });
      const database = new FakeDatabase(seededBytes(26, 64));
      await claimNothingWritten(context, async () => {
        await claimRefused("getOrCreate", () => keys.getOrCreate({ name, databaseExists: true, check: database.check }), { codes: ["KEY_MISMATCH"] });
        await claimRefused("rotate", () => keys.rotate({ name, check: database.check, rekey: database.rekey }), { codes: ["KEY_MISMATCH"] });
        claimEqual(await keys.check({ name, check: database.check }), false, "check");
      });
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key afterwards");
    },
  },
  { number: 27, title: "a damaged entry is KEY_CORRUPT and stays as it is", scope: "every", run: damagedEntries },
  {
    number: 38,
    title: "the four combinations of database and key, as after a reinstall",
    scope: "every",
    isAlone: true,
    async run({ open, home, keysOf, note }) {
      const before = await open();
      const key = await keysOf(before).getOrCreate({ name, databaseExists: false });
      await before.dispose();
      const left = await home.reinstall?.();
      const keys = keysOf(await open());
      if (left === "entries go") {
        await claimRefused("database, no key", () => keys.getOrCreate({ name, databaseExists: true }), { codes: ["KEY_LOST"] });
        claim(hex(await keys.getOrCreate({ name, databaseExists: false })) !== hex(key), "the key of a removed application came back");
        note("a reinstall removes the entries");
        return;
      }
      if (left !== undefined) note("the entries outlive the application");
      const database = new FakeDatabase(key);
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true, check: database.check })), hex(key), "database and key: the key");
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: false })), hex(key), "key without database, by default");
      const replaced = await keys.getOrCreate({ name, databaseExists: false, whenDatabaseIsGone: "replace" });
      claim(hex(replaced) !== hex(key), "key without database, to be replaced: the old key came");
      await claimRefused("the old database with the new key", () => keys.getOrCreate({ name, databaseExists: true, check: database.check }), { codes: ["KEY_MISMATCH"] });
      await keys.remove({ name });
      await claimRefused("database without key", () => keys.getOrCreate({ name, databaseExists: true }), { codes: ["KEY_LOST"] });
      claim(hex(await keys.getOrCreate({ name, databaseExists: false })) !== hex(replaced), "neither: the removed key came back");
    },
  },
  {
    number: 39,
    title: "restored to another device, the database is there and its key is not: KEY_LOST, and recovery helps",
    scope: "can",
    isAlone: true,
    inapplicable: ({ restoreWithoutKeys }) => (restoreWithoutKeys === undefined ? "the binding cannot restore to another device" : undefined),
    async run({ open, home, keysOf }) {
      const before = await open();
      const key = await keysOf(before).getOrCreate({ name, databaseExists: false });
      const passphrase = "correct horse battery";
      const recovery = await keysOf(before).exportRecovery({ name, passphrase, cost: CHEAP });
      await before.dispose();
      await home.restoreWithoutKeys?.();
      const keys = keysOf(await open());
      const { check } = new FakeDatabase(key);
      const error = await claimRefused("the key after the restore", () => keys.getOrCreate({ name, databaseExists: true, check }), { codes: ["KEY_LOST", "KEY_CORRUPT"] });
      claim(error.code === "KEY_LOST" || (await keys.store.containsKey(keyEntryName(name))), "the sealed entry was deleted");
      claimEqual(hex(await keys.importRecovery({ name, recovery, passphrase, check })), hex(key), "the recovered key");
      claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true, check })), hex(key), "the key after recovery");
    },
  },
  { number: 46, title: "a change of key or of wrap, ended at any step, leaves the database a key", scope: "every", run: endedRotations },
];

/** The suite is about the rules, not about the cost of argon2id. */
export const CHEAP = { memoryKib: 8192, iterations: 1, parallelism: 1 } as const;

/** Claims that an action leaves the whole home as it was, where the binding can tell. */
export async function claimNothingWritten({ home }: CaseContext, action: () => Promise<void>): Promise<void> {
  const before = await home.raw?.snapshot();
  await action();
  claim((await home.raw?.snapshot()) === before, "something was written");
}

async function damagedEntries(context: CaseContext): Promise<void> {
  const { open, home, namespace, keysOf, note } = context;
  const store = await open();
  const { raw } = home;
  const alterations: readonly [what: string, change: (bytes: Uint8Array) => Uint8Array][] = [
    ["cut in half", (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2))],
    ["cut by one byte", (bytes) => bytes.subarray(0, bytes.length - 1)],
    ["a bit flipped in the middle", (bytes) => bytes.map((byte, index) => (index === Math.floor(bytes.length / 2) ? byte ^ 1 : byte))],
    ["a bit flipped at the end", (bytes) => bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))],
    ["garbage", () => new TextEncoder().encode("garbage")],
  ];
  let count = 0;
  for (const [what, change] of raw === undefined ? [] : alterations) {
    const database = `altered ${(count += 1)}`;
    await keysOf(store).getOrCreate({ name: database, databaseExists: false });
    await raw?.alter(namespace, keyEntryName(database), change);
    await claimCorrupt(context, keysOf(store), database, what);
  }
  // What the store keeps faithfully and no rule may accept.
  const keys = new DatabaseKeys({ store, wraps: [rawWrap] });
  const keyId = "AAAAAAAAAAAAAAAAAAAAAA";
  const entryOf = async (bytes: Uint8Array): Promise<string> => encodeKeyEntry({ keyId, wraps: [{ kind: "raw", payload: await rawWrap.wrap(bytes, { databaseName: name, keyId }) }] });
  const whole = await entryOf(seededBytes(27, 64));
  const texts: readonly [string, string][] = [
    ["63 bytes", await entryOf(seededBytes(27, 63))],
    ["65 bytes", await entryOf(seededBytes(27, 65))],
    ["no bytes", whole.replace(/raw:[^.]*/u, "raw:")],
    ["another version", whole.replace("k1.", "k2.")],
    ["a changed character", whole.replace(/(?<=raw:...)./u, (letter) => (letter === "A" ? "B" : "A"))],
    ["no check", whole.slice(0, whole.lastIndexOf("."))],
    ["empty text", ""],
  ];
  for (const [what, text] of texts) {
    const database = `written ${(count += 1)}`;
    await store.write(keyEntryName(database), text);
    await claimCorrupt(context, keys, database, what);
    claimEqual(await store.readText(keyEntryName(database)), text, `the entry with ${what}, afterwards`);
  }
  note(raw === undefined ? "without raw access: damage below the adapter was not tried" : `${count} kinds of damage`);
}

async function claimCorrupt(context: CaseContext, keys: DatabaseKeys, database: string, what: string): Promise<void> {
  await claimNothingWritten(context, async () => {
    for (const databaseExists of [true, false]) {
      await claimRefused(`an entry with ${what}, ${databaseExists ? "with" : "without"} a database`, () => keys.getOrCreate({ name: database, databaseExists }), { codes: ["KEY_CORRUPT"] });
    }
    await claimRefused(`reading an entry with ${what}`, () => keys.read({ name: database }), { codes: ["KEY_CORRUPT"] });
  });
  claimEqual(await keys.store.containsKey(keyEntryName(database)), true, `the entry with ${what} is kept`);
}

async function endedRotations({ open, keysOf, note }: CaseContext): Promise<void> {
  const store = await open();
  const steps = { rotate: await sweep("rotate"), rewrap: await sweep("rewrap") };
  note(`${steps.rotate} ends of a rotation, ${steps.rewrap} of a re-wrap`);

  async function sweep(kind: "rotate" | "rewrap"): Promise<number> {
    for (let stopAt = 1; stopAt < 40; stopAt += 1) {
      const database = `${kind} ${stopAt}`;
      if (await endedAt({ store, keysOf, kind, database, stopAt })) return stopAt - 1;
    }
    throw new Error(`${kind} never came to its end`);
  }
}

interface EndedChange {
  readonly store: KeyStore;
  readonly keysOf: CaseContext["keysOf"];
  readonly kind: "rotate" | "rewrap";
  readonly database: string;
  readonly stopAt: number;
}

/** @returns True if the change came to its end. */
async function endedAt({ store, keysOf, kind, database, stopAt }: EndedChange): Promise<boolean> {
  const keys = keysOf(store);
  const fake = new FakeDatabase(await keys.getOrCreate({ name: database, databaseExists: false }));
  const dying = dyingStore(store, stopAt);
  const { check } = fake;
  const rekey = (oldKey: Uint8Array, newKey: Uint8Array): void => {
    dying.step();
    fake.rekey(oldKey, newKey);
    dying.step();
  };
  const change = kind === "rotate" ? keysOf(dying.store).rotate({ name: database, check, rekey }) : keysOf(dying.store).rewrap({ name: database, check });
  const isDone = await change.then(
    () => true,
    (error: unknown) => {
      if ((error as Error).name !== "Died") throw error;
      return false;
    },
  );
  claim(check(await keys.getOrCreate({ name: database, databaseExists: true, check })), `${kind}, ended at step ${stopAt}: the database does not open`);
  const kept = await Promise.all(([0, 1] as const).map((place) => store.containsKey(keyEntryName(database, place))));
  claimEqual(kept.filter(Boolean).length, 1, `${kind}, ended at step ${stopAt} and opened again: entries that are left`);
  return isDone;
}
