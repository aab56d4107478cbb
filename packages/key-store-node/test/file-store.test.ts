import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync, renameSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseKeys } from "@holdfast/key-store";
import { expect, it } from "vitest";
import { openFileStore } from "../src/index.ts";
import { freshFolder, NODE_FLAGS, rejected, run } from "./support.ts";

const cost = { memoryKib: 8192, iterations: 1, parallelism: 1 };
const passphrase = "correct horse battery";
const open = (folder: string, words = passphrase): ReturnType<typeof openFileStore> => openFileStore({ folder, passphrase: words, cost });
const entryFiles = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".entry"));

it("keeps entries over restarts, in files that only the owner may read, with no secret readable", async () => {
  const folder = freshFolder();
  const store = await open(folder);
  await store.write("greeting", "a very recognisable secret");
  await store.dispose();
  const again = await open(folder);
  expect(await again.readText("greeting")).toBe("a very recognisable secret");
  expect([...(await again.readAll()).entries.keys()]).toEqual(["greeting"]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path).includes("recognisable")).toBe(false);
  }
});

it("tells a wrong passphrase from damage, and changes nothing", async () => {
  const folder = freshFolder();
  const store = await open(folder);
  await store.write("one", "1");
  await store.write("two", "2");
  expect(await rejected(open(folder, "another passphrase"))).toBe("WRAP_REFUSED");
  const [first, second] = entryFiles(folder).map((name) => join(folder, name)) as [string, string];
  const whole = readFileSync(first);
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 0x20;
    writeFileSync(first, damaged);
    const answers = [await rejected(store.read("one")), await rejected(store.read("two"))];
    expect(answers.toSorted()).toEqual(["KEY_CORRUPT", "resolved"]);
    expect(readFileSync(first).equals(damaged)).toBe(true);
  }
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(first, whole.subarray(0, length));
    expect([await rejected(store.read("one")), await rejected(store.read("two"))].toSorted()).toEqual(["KEY_CORRUPT", "resolved"]);
  }
  // Another entry's file in its place is found out, too.
  copyFileSync(second, first);
  expect([await rejected(store.read("one")), await rejected(store.read("two"))].toSorted()).toEqual(["KEY_CORRUPT", "resolved"]);
});

it("refuses damaged parameters, and those that would take all memory", async () => {
  const folder = freshFolder();
  await open(folder);
  const path = join(folder, "store");
  const text = readFileSync(path, "utf8");
  for (const damaged of [text.slice(0, -1), text.replace("8192", "8193"), text.replace("f1", "f2"), ""]) {
    writeFileSync(path, damaged);
    expect(await rejected(open(folder))).toBe("KEY_CORRUPT");
    expect(readFileSync(path, "utf8")).toBe(damaged);
  }
  expect(await rejected(openFileStore({ folder: freshFolder(), passphrase, cost: { ...cost, memoryKib: 2 ** 30 } }))).toBe("UNSUPPORTED_OPTION");
  expect(await rejected(openFileStore({ folder: freshFolder(), passphrase: "short", cost }))).toBe("WRAP_REFUSED");
});

it("makes no new parameters beside entries that they would not open, and sees an entry that it cannot open", async () => {
  const folder = freshFolder();
  const store = await open(folder);
  await store.write("one", "1");
  renameSync(join(folder, "store"), join(folder, "aside"));
  expect(await rejected(open(folder))).toBe("KEY_CORRUPT");
  expect(existsSync(join(folder, "store"))).toBe(false);
  renameSync(join(folder, "aside"), join(folder, "store"));
  const path = join(folder, entryFiles(folder)[0] as string);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 1));
  const again = await open(folder);
  expect([await again.containsKey("one"), await rejected(again.read("one"))]).toEqual([true, "KEY_CORRUPT"]);
});

it("refuses folders and files that others may read, and links", async () => {
  const shared = freshFolder();
  mkdirSync(shared, { mode: 0o755 });
  chmodSync(shared, 0o755);
  expect(await rejected(open(shared))).toBe("IO");
  const folder = freshFolder();
  const store = await open(folder);
  await store.write("one", "1");
  const path = join(folder, entryFiles(folder)[0] as string);
  chmodSync(path, 0o644);
  expect(await rejected(store.read("one"))).toBe("IO");
  chmodSync(path, 0o600);
  renameSync(path, join(folder, "elsewhere"));
  symlinkSync(join(folder, "elsewhere"), path);
  expect(await rejected(store.read("one"))).toBe("IO");
  const linked = freshFolder();
  symlinkSync(folder, linked);
  expect(await rejected(open(linked))).toBe("IO");
});

it("gives eight processes that ask at once one key, and leaves no temporary file", async () => {
  const folder = freshFolder();
  const program = join(import.meta.dirname, "programs/get-or-create.ts");
  const ended = await Promise.all(Array.from({ length: 8 }, () => run(process.execPath, [...NODE_FLAGS, program, "file", folder, "clinic"])));
  expect(ended.map(({ status, output }) => `${status} ${output}`)).toEqual(ended.map(() => `0 ${ended[0]?.output ?? ""}`));
  expect(ended[0]?.output).toMatch(/^[0-9a-f]{64}\n$/u);
  expect(readdirSync(folder).filter((name) => name.endsWith(".new"))).toEqual([]);
});

it("keys in files follow the rules of DatabaseKeys", async () => {
  const folder = freshFolder();
  const keys = new DatabaseKeys({ store: await open(folder) });
  const key = await keys.getOrCreate({ name: "clinic", databaseExists: false });
  const again = new DatabaseKeys({ store: await open(folder) });
  expect(await again.getOrCreate({ name: "clinic", databaseExists: true })).toEqual(key);
  await again.remove({ name: "clinic" });
  expect(await rejected(again.getOrCreate({ name: "clinic", databaseExists: true }))).toBe("KEY_LOST");
  expect(existsSync(folder)).toBe(true);
});
