/**
 * Cases 9-14 and 16-18: every two names, and every two namespaces, stay apart.
 *
 * @module
 */
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import type { KeyStore } from "@holdfast/key-store";
import type { KeyStoreCase } from "../case.ts";

/** The cases of this file. */
export const NAME_CASES: readonly KeyStoreCase[] = [
  keptApart(9, "names of any script, emoji and right-to-left", ["ключ", "鍵", "🔑👩‍👩‍👧", "מפתח", "مفتاح", "k\u202Eey"]),
  keptApart(10, "composed and decomposed names", ["caf\u00e9", "cafe\u0301"]),
  {
    number: 11,
    title: "a NUL in a name is refused",
    scope: "every",
    async run({ open }) {
      const store = await open();
      await store.write("a", "whole");
      for (const name of ["a\0b", "\0", "a\0"]) await claimRefused("a name with NUL", () => store.write(name, "cut"), { codes: ["NAME_INVALID"] });
      claimEqual(await store.readText("a"), "whole", "the entry that a cut name would hit");
    },
  },
  keptApart(12, "names that differ in case", ["key", "Key", "KEY", "kEy"]),
  {
    number: 13,
    title: "names with separators, of 1 and of 255 characters; the empty one is refused",
    scope: "every",
    async run({ open }) {
      const store = await open();
      const names = ["a/b", "a:b", "a\\b", "..", "../a", "a b", " ", '"', "'", "%00", "*", "$HOME", "a\nb", "x", "x".repeat(255), "y".repeat(254)];
      await claimApart(store, names);
      for (const name of ["", "x".repeat(256)]) await claimRefused(`a name of ${name.length} characters`, () => store.write(name, "1"), { codes: ["NAME_INVALID"] });
    },
  },
  {
    number: 14,
    title: "half of a surrogate pair is refused",
    scope: "every",
    async run({ open }) {
      const store = await open();
      for (const name of ["\ud83d", "a\udd11b"]) {
        await claimRefused("a lone surrogate in a name", () => store.write(name, "1"), { codes: ["NAME_INVALID"] });
        await claimRefused("a lone surrogate in a name that is read", () => store.read(name), { codes: ["NAME_INVALID"] });
      }
      await claimRefused("a lone surrogate in a text", () => store.write("a", "\ud83d"), {});
      claim((await store.read("a")) === null, "a refused text is there");
    },
  },
  {
    number: 16,
    title: "names and namespaces that begin alike stay apart",
    scope: "every",
    async run({ open, namespace }) {
      await claimApart(await open(), ["a", "ab", "a.", "a/", "a/b"]);
      const spaces = [namespace, `${namespace}b`, `${namespace}.`, `${namespace}.b`];
      const stores = await Promise.all(spaces.map((space) => open(space)));
      for (const [index, store] of stores.entries()) await store.write("same", `of ${index}`);
      for (const [index, store] of stores.entries()) claimEqual(await store.readText("same"), `of ${index}`, `the entry of namespace ${index}`);
      await stores[1]?.delete("same");
      claimEqual(await Promise.all(stores.map((store) => store.readText("same"))), ["of 0", null, "of 2", "of 3"], "after a deletion in one of four namespaces");
    },
  },
  {
    number: 17,
    title: "deleteAll touches its own namespace alone",
    scope: "every",
    async run({ open, home, namespace, note }) {
      const [store, neighbour] = [await open(), await open(`${namespace}b`)];
      if (!store.capabilities.enumerable) {
        await claimRefused("deleteAll of a store that cannot list", () => store.deleteAll(), { codes: ["UNSUPPORTED_OPTION"] });
        note("the store cannot list its entries and says so");
        return;
      }
      const isForeignThere = await home.plantForeign?.(namespace);
      for (const name of ["a", "ab", "b/c"]) await store.write(name, name);
      await neighbour.write("a", "neighbour");
      await store.deleteAll();
      claimEqual(await Promise.all(["a", "ab", "b/c"].map((name) => store.read(name))), [null, null, null], "after deleteAll");
      claimEqual(await neighbour.readText("a"), "neighbour", "the entry of another namespace");
      claim((await isForeignThere?.()) !== false, "deleteAll has deleted the entry of another application");
      await store.deleteAll();
    },
  },
  {
    number: 18,
    title: "readAll gives exactly the own entries; a damaged one is named and hides no other",
    scope: "can",
    inapplicable: ({ raw }) => (raw === undefined ? "the binding has no raw access to entries" : undefined),
    async run({ open, home, namespace, note }) {
      const [store, neighbour] = [await open(), await open(`${namespace}b`)];
      if (!store.capabilities.enumerable) {
        await claimRefused("readAll of a store that cannot list", () => store.readAll(), { codes: ["UNSUPPORTED_OPTION"] });
        note("the store cannot list its entries and says so");
        return;
      }
      await home.plantForeign?.(namespace);
      const names = ["a", "ab", "b/c", "ключ"];
      for (const name of names) await store.write(name, `value of ${name}`);
      await neighbour.write("other", "neighbour");
      const whole = await store.readAll();
      claimEqual([[...whole.entries.keys()].toSorted(), whole.damaged], [names.toSorted(), []], "the entries");
      await home.raw?.alter(namespace, "ab", (bytes) => bytes.subarray(0, bytes.length - 3));
      const { entries, damaged } = await store.readAll();
      claimEqual([[...entries.keys()].toSorted(), damaged], [["a", "b/c", "ключ"].toSorted(), ["ab"]], "the entries beside a damaged one");
      claimEqual(await store.containsKey("ab"), true, "the damaged entry is kept");
    },
  },
];

function keptApart(number: number, what: string, names: readonly string[]): KeyStoreCase {
  return { number, title: `${what} stay apart`, scope: "every", run: async ({ open }) => claimApart(await open(), names) };
}

async function claimApart(store: KeyStore, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) await store.write(name, `value ${index}`);
  for (const [index, name] of names.entries()) claimEqual(await store.readText(name), `value ${index}`, `the entry ${JSON.stringify(name)}`);
  await store.delete(names[0] as string);
  for (const [index, name] of names.entries()) claimEqual(await store.containsKey(name), index > 0, `whether ${JSON.stringify(name)} is there after the first was deleted`);
}
