/**
 * Cases 44 and 45: writes that were lost are noticed, and no key is shown anywhere.
 *
 * @module
 */
import { keyEntryName } from "@holdfast/key-store";
import { claim, claimRefused, keyLeakIn } from "../../claims.ts";
import type { CaseContext, KeyStoreCase } from "../case.ts";
import { CHEAP } from "./rules.ts";

const name = "clinic";

/** The cases of this file. */
export const SECRECY_CASES: readonly KeyStoreCase[] = [
  {
    number: 44,
    title: "every write is read back: a store that loses it is IO",
    scope: "can",
    isAlone: true,
    inapplicable: ({ loseWrites }) => (loseWrites === undefined ? "the binding cannot make the platform lose writes" : undefined),
    async run({ open, home, keysOf }) {
      const store = await open();
      await store.write("kept", "1");
      const end = await home.loseWrites?.();
      try {
        await claimRefused("a write that is lost", () => store.write("a", "1"), { codes: ["IO"] });
        await claimRefused("a write over an entry that is lost", () => store.write("kept", "2"), { codes: ["IO"] });
        await claimRefused("a create that is lost", () => store.create("b", "1"), { codes: ["IO"] });
        await claimRefused("a key that is not kept", () => keysOf(store).getOrCreate({ name, databaseExists: false }), { codes: ["IO"] });
      } finally {
        end?.();
      }
    },
  },
  { number: 45, title: "no key in errors, logs, JSON or inspection", scope: "every", run: nothingShown },
];

type Log = (...values: unknown[]) => void;

async function nothingShown(context: CaseContext): Promise<void> {
  const { open, home, namespace, keysOf, binding, note } = context;
  const shown: string[] = [];
  const show = (value: unknown): void => void shown.push(describe(value, binding.inspect));
  const endLog = recordLogs(shown);
  const keysSeen: Uint8Array[] = [];
  try {
    const store = await open();
    const keys = keysOf(store);
    const key = await keys.getOrCreate({ name, databaseExists: false });
    keysSeen.push(key);
    const text = await store.readText(keyEntryName(name));
    claim(text !== null, "the entry is not there");
    for (const value of [store, keys, store.capabilities]) show(value);
    const failing: (() => Promise<unknown>)[] = [
      () => keys.getOrCreate({ name, databaseExists: true, check: () => false }),
      () => keys.rotate({ name, check: () => false, rekey: () => undefined }),
      () => keys.getOrCreate({ name: "other", databaseExists: true }),
      async () => keys.importRecovery({ name, recovery: (await keys.exportRecovery({ name, passphrase: "correct horse", cost: CHEAP })).replace(/.$/u, "?"), passphrase: "correct horse" }),
      () => store.write("large", new Uint8Array([...key, ...new Uint8Array(1000)])),
      () => store.write("option", key, { noSuchOption: 1 } as object),
      async () => {
        await store.write(keyEntryName("cut"), (text as string).slice(0, -2));
        await keys.getOrCreate({ name: "cut", databaseExists: true });
      },
      async () => {
        await store.write(keyEntryName("moved"), text as string);
        await keys.getOrCreate({ name: "moved", databaseExists: true, check: () => false });
      },
    ];
    if (home.raw !== undefined) {
      await keys.getOrCreate({ name: "altered", databaseExists: false }).then((altered) => keysSeen.push(altered));
      await home.raw.alter(namespace, keyEntryName("altered"), (bytes) => bytes.map((byte, index) => (index === bytes.length - 2 ? byte ^ 1 : byte)));
      failing.push(() => keys.getOrCreate({ name: "altered", databaseExists: true }));
    }
    for (const action of failing) show(await failureOf(action));
    await store.dispose();
    show(await failureOf(() => store.read(keyEntryName(name))));
    show(store);
  } finally {
    endLog();
  }
  const all = shown.join("\n");
  for (const key of keysSeen) {
    const leak = keyLeakIn(all, key);
    claim(leak === undefined, `something shows ${leak}`);
  }
  note(`${shown.length} texts searched`);
}

async function failureOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error("an operation that has to fail has worked");
}

function describe(value: unknown, inspect: ((value: unknown) => string) | undefined): string {
  const texts = [String(value), JSON.stringify(value) ?? "", inspect?.(value) ?? ""];
  for (let cause = value; cause instanceof Error; cause = cause.cause) texts.push(cause.message, cause.stack ?? "", JSON.stringify(cause));
  return texts.join("\n");
}

function recordLogs(into: string[]): () => void {
  const target = (globalThis as unknown as { console: Record<string, Log> }).console;
  const names = ["log", "info", "warn", "error", "debug", "trace"];
  const before = names.map((member) => target[member]);
  for (const member of names) target[member] = (...values) => void into.push(values.map((value) => describe(value, undefined)).join(" "));
  return () => {
    for (const [index, member] of names.entries()) target[member] = before[index] as Log;
  };
}
