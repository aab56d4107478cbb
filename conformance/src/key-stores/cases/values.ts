/**
 * Cases 1-8 and 15: values go in and come out.
 *
 * @module
 */
import { MAX_VALUE_BYTES } from "@holdfast/key-store";
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import { seededBytes } from "../../random.ts";
import type { CaseContext, KeyStoreCase } from "../case.ts";

/** The cases of this file. */
export const VALUE_CASES: readonly KeyStoreCase[] = [
  {
    number: 1,
    title: "writes, reads and overwrites",
    scope: "every",
    async run({ open }) {
      const store = await open();
      await store.write("a", "first");
      claimEqual(await store.readText("a"), "first", "the value");
      await store.write("a", "second");
      claimEqual(await store.readText("a"), "second", "the value written over it");
      claimEqual(await store.create("a", "third"), false, "create over an entry");
      claimEqual(await store.readText("a"), "second", "the value after a refused create");
      claimEqual(await store.create("b", "new"), true, "create of a new entry");
    },
  },
  {
    number: 2,
    title: "a missing entry is null",
    scope: "every",
    async run({ open }) {
      const store = await open();
      claim((await store.read("missing")) === null, "read of a missing entry gave something");
      claim((await store.readText("missing")) === null, "readText of a missing entry gave something");
    },
  },
  {
    number: 3,
    title: "deleting what is not there is no error",
    scope: "every",
    async run({ open }) {
      const store = await open();
      await store.delete("missing");
      await store.write("a", "1");
      await store.delete("a");
      await store.delete("a");
      claim((await store.read("a")) === null, "a deleted entry was read");
    },
  },
  {
    number: 4,
    title: "containsKey tells without decrypting",
    scope: "every",
    async run({ open, home, namespace }) {
      const store = await open();
      claimEqual(await store.containsKey("a"), false, "containsKey before the write");
      await store.write("a", "1");
      claimEqual(await store.containsKey("a"), true, "containsKey after the write");
      await home.raw?.alter(namespace, "a", () => new TextEncoder().encode("garbage"));
      claimEqual(await store.containsKey("a"), true, "containsKey of an entry that cannot be decrypted");
    },
  },
  {
    number: 5,
    title: "writing null deletes",
    scope: "every",
    async run({ open }) {
      const store = await open();
      await store.write("a", "1");
      await store.write("a", null);
      claimEqual([await store.read("a"), await store.containsKey("a")], [null, false], "after writing null");
    },
  },
  {
    number: 6,
    title: "an empty text stays an empty text",
    scope: "every",
    async run({ open }) {
      const store = await open();
      await store.write("empty", "");
      claimEqual(await store.readText("empty"), "", "the empty text");
      claimEqual((await store.read("empty"))?.length, 0, "the empty value's length");
      claimEqual(await store.containsKey("empty"), true, "containsKey of an empty value");
    },
  },
  { number: 7, title: "64 bytes of any kind come back", scope: "every", run: anyBytes },
  {
    number: 8,
    title: "what is read is a fresh copy",
    scope: "every",
    async run({ open }) {
      const store = await open();
      const own = seededBytes(8, 64);
      await store.write("a", own);
      own.fill(0);
      const first = (await store.read("a")) as Uint8Array;
      claim(first instanceof Uint8Array && first.constructor === Uint8Array, "read gave something else than a Uint8Array");
      claimEqual([...first], [...seededBytes(8, 64)], "the value, after the caller changed what it had written");
      first.fill(0);
      claimEqual([...((await store.read("a")) as Uint8Array)], [...seededBytes(8, 64)], "the value, after the caller changed what it had read");
    },
  },
  {
    number: 15,
    title: "values end at 1,000 bytes everywhere",
    scope: "every",
    async run({ open }) {
      const store = await open();
      const largest = seededBytes(15, MAX_VALUE_BYTES);
      await store.write("largest", largest);
      claimEqual([...((await store.read("largest")) as Uint8Array)], [...largest], "the largest value");
      await claimRefused("a value of 1,001 bytes", () => store.write("larger", new Uint8Array(MAX_VALUE_BYTES + 1)), { codes: ["VALUE_TOO_LARGE"] });
      await claimRefused("a text of 1,001 bytes", () => store.write("larger", "é".repeat(MAX_VALUE_BYTES / 2) + "x"), { codes: ["VALUE_TOO_LARGE"] });
      claim((await store.read("larger")) === null, "a value that was refused is there");
    },
  },
];

async function anyBytes({ open, random, isLong, note }: CaseContext): Promise<void> {
  const store = await open();
  const count = isLong ? 1000 : 40;
  const values = [new Uint8Array(64), new Uint8Array(64).fill(255), Uint8Array.from({ length: 64 }, (_, index) => [0xc3, 0x28, 0, 0x80][index % 4] as number)];
  while (values.length < count) values.push(Uint8Array.from({ length: 64 }, () => random.below(256)));
  // Some at once, as an application would; each under its own name.
  for (let start = 0; start < count; start += 10) {
    await Promise.all(
      values.slice(start, start + 10).map(async (value, offset) => {
        await store.write(`value ${offset}`, value);
        claimEqual([...((await store.read(`value ${offset}`)) as Uint8Array)], [...value], `value ${start + offset} of seed ${random.seed}`);
      }),
    );
  }
  note(`${count} values of 64 bytes`);
}
