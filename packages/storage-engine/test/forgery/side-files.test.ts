/**
 * Side files altered, deleted, replaced by links, folders and pipes: while nobody has the database open, and while somebody has.
 *
 * Nothing that is not ours is ever touched, nothing in them is believed, and every call ends with an error that has a code or with the right data.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeU32, writeU64 } from "../../src/bytes.ts";
import { StoreError } from "../../src/errors.ts";
import { portableCrc32 } from "../../src/plain-seal.ts";
import { NodeVolume } from "../../src/volume/node-volume.ts";
import { Store } from "../../src/store.ts";
import { commitChanges, describeDifference, readContent, TEST_KEY } from "../simulation/support.ts";
import type { Content } from "../simulation/support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

let folder = "";
const path = (): string => join(folder, "db");
const lock = (): string => `${path()}.lock`;
const readers = (): string => `${path()}.management`;
const precious = (): string => join(folder, "precious");
const PRECIOUS = "somebody else's file, which nobody may change";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-side-"));
  writeFileSync(precious(), PRECIOUS);
  mkdirSync(join(folder, "others"));
  writeFileSync(join(folder, "others/reader-0123456789abcdef"), PRECIOUS);
});

afterEach(() => {
  const others = join(folder, "others");
  const untouched = [precious(), ...readdirSync(others).map((name) => join(others, name))].filter((file) => readFileSync(file, "utf8") === PRECIOUS);
  rmSync(folder, { recursive: true, force: true });
  if (untouched.length !== 2) throw new Error("somebody else's file was changed or removed");
});

function open(): Store {
  return Store.open({ path: path(), encryptionKey: TEST_KEY, lockTimeoutMs: 100, volume: new NodeVolume() });
}

function put(store: Store, key: string, fill: number): void {
  commitChanges(store, [{ kind: "put", tree: "one", key, value: new Uint8Array(1500).fill(fill) }]);
}

/** A side file of this database, with a right checksum and wrong numbers. */
function numbers(commit: number, flags = 0, checkpointer = 0): Uint8Array {
  const bytes = new Uint8Array(32);
  writeU32(bytes, 0, 0x424b4c48);
  writeU32(bytes, 4, flags);
  writeU64(bytes, 8, commit);
  writeU64(bytes, 16, 99_999);
  writeU32(bytes, 24, checkpointer);
  const checked = new Uint8Array(44);
  checked.set(bytes.subarray(0, 28));
  checked.set(readFileSync(path()).subarray(40, 56), 28);
  writeU32(bytes, 28, portableCrc32(checked));
  return bytes;
}

/** The outcome of something that may fail with a code only. */
function outcome(run: () => void): string {
  try {
    run();
    return "fine";
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

const remove = (target: string): void => rmSync(target, { recursive: true, force: true });
const replace = (target: string, make: () => void): void => {
  remove(target);
  make();
};
const pins = (...generations: number[]): Uint8Array => {
  const bytes = new Uint8Array(504).fill(0xff);
  writeU32(bytes, 0, 0xffff_ffff);
  generations.forEach((generation, index) => writeU64(bytes, 8 + index * 8, generation));
  return bytes;
};

const ATTACKS: readonly { readonly name: string; readonly run: () => void }[] = [
  { name: "the side file deleted", run: () => remove(lock()) },
  { name: "the side file emptied", run: () => writeFileSync(lock(), "") },
  { name: "the side file of garbage", run: () => writeFileSync(lock(), new Uint8Array(100_000).fill(7)) },
  { name: "a side file that tells of commits to come", run: () => writeFileSync(lock(), numbers(2 ** 40)) },
  { name: "a side file that tells of an old commit", run: () => writeFileSync(lock(), numbers(1)) },
  { name: "a side file that tells of a failed sync", run: () => writeFileSync(lock(), numbers(3, 1)) },
  { name: "a side file that tells of a checkpoint", run: () => writeFileSync(lock(), numbers(3, 0, 77)) },
  { name: "a folder for a side file", run: () => replace(lock(), () => mkdirSync(lock())) },
  { name: "a link to somebody's file for a side file", run: () => replace(lock(), () => symlinkSync(precious(), lock())) },
  { name: "a link to nothing for a side file", run: () => replace(lock(), () => symlinkSync(join(folder, "nothing"), lock())) },
  { name: "a link to the database for a side file", run: () => replace(lock(), () => symlinkSync(path(), lock())) },
  { name: "a link to a device for a side file", run: () => replace(lock(), () => symlinkSync("/dev/zero", lock())) },
  { name: "a second name of somebody's file for a side file", run: () => replace(lock(), () => linkSync(precious(), lock())) },
  { name: "a second name of the database for a side file", run: () => replace(lock(), () => linkSync(path(), lock())) },
  { name: "a pipe for a side file", run: () => replace(lock(), () => execFileSync("mkfifo", [lock()])) },
  { name: "the readers' folder deleted", run: () => remove(readers()) },
  { name: "a file for the readers' folder", run: () => replace(readers(), () => writeFileSync(readers(), PRECIOUS)) },
  { name: "a link to somebody's folder for the readers'", run: () => replace(readers(), () => symlinkSync(join(folder, "others"), readers())) },
  { name: "readers that are folders, links, pipes and garbage", run: () => plantReaders() },
  { name: "forgotten temporary files of every kind", run: () => plantTemporaries() },
];

function plantReaders(): void {
  mkdirSync(readers(), { recursive: true });
  const place = (name: string): string => join(readers(), `reader-${name}`);
  mkdirSync(place("a-folder"));
  symlinkSync(precious(), place("a-link"));
  symlinkSync("/dev/zero", place("a-device"));
  symlinkSync(path(), place("the-database"));
  linkSync(precious(), place("a-second-name"));
  execFileSync("mkfifo", [place("a-pipe")]);
  writeFileSync(place("garbage"), pins(0, Number.MAX_SAFE_INTEGER));
  writeFileSync(place("empty"), "");
}

function plantTemporaries(): void {
  writeFileSync(`${path()}.new-000000000000`, new Uint8Array(200_000).fill(3));
  writeFileSync(`${path()}.new-111111111111`, "");
  mkdirSync(`${path()}.new-222222222222`);
  symlinkSync(precious(), `${path()}.new-333333333333`);
  linkSync(precious(), `${path()}.new-444444444444`);
}

/** After an attack, with everything of the attacker's taken away: the database holds what it should. */
function expectWhole(content: Content): void {
  for (const name of readdirSync(folder)) if (name.startsWith("db.")) remove(join(folder, name));
  const store = open();
  expect(describeDifference(readContent(store), content)).toBe(undefined);
  expect(store.verify().problems).toEqual([]);
  store.close();
}

describe("while nobody has the database open", () => {
  it.each(ATTACKS)("$name: the right data or an error with a code", ({ run }) => {
    const first = open();
    for (let index = 0; index < 30; index++) put(first, `k${index}`, index);
    const content = readContent(first);
    first.close();
    run();
    let written = content;
    const code = outcome(() => {
      const store = open();
      try {
        expect(describeDifference(readContent(store), content)).toBe(undefined);
        put(store, "after", 1);
        written = readContent(store);
      } finally {
        store.close();
      }
    });
    expect(code).toBeOneOf(["fine", "IO_FAILED", "FILE_LINKED"]);
    expectWhole(written);
  });
});

describe("while two handles have the database open", () => {
  it.each(ATTACKS)("$name: what is acknowledged stays, and every call ends with a code or the right data", ({ run }) => {
    const one = open();
    const two = open();
    for (let index = 0; index < 40; index++) put(index % 2 === 0 ? one : two, `k${index}`, index);
    let content = readContent(two);
    run();
    const codes = new Set<string>();
    let three: Store | undefined;
    codes.add(outcome(() => (three = open())));
    const stores = [one, two, ...(three === undefined ? [] : [three])];
    for (let round = 0; round < 90; round++) {
      const store = stores[round % stores.length] as Store;
      const code = outcome(() => {
        store.refresh();
        put(store, `later ${round % 7}`, round);
        content = readContent(store);
      });
      codes.add(code);
    }
    for (const store of stores) codes.add(outcome(() => store.close()));
    console.log([...codes].join(", "));
    expect([...codes].filter((code) => !["fine", "IO_FAILED", "FILE_LINKED", "COMMIT_UNKNOWN", "LOG_DAMAGED"].includes(code))).toEqual([]);
    expectWhole(content);
  });
});

