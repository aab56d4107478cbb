/**
 * The SDK on one file by several ways: two paths and several threads of one process see one database.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Worker } from "node:worker_threads";
import Realm from "@holdfast/realm";
import { Store } from "@holdfast/storage-engine";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commitNext, contentDifference, LANE_COUNT, SCHEMA, SHAPES } from "../src/content.ts";
import { configurationOf, keyOfNumber } from "../src/job.ts";

const THREAD = join(import.meta.dirname, "thread.ts");

describe.each([
  { form: "plain", key: undefined },
  { form: "encrypted", key: keyOfNumber(1) },
])("one file, $form", ({ key }) => {
  let folder = "";
  let path = "";

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-one-store-")));
    path = join(folder, "test.realm");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function open(at: string): Realm {
    return new Realm(configurationOf(at, key, { schema: SCHEMA }));
  }

  function expectContent(lanes: readonly number[]): void {
    const realm = open(path);
    expect(contentDifference(realm, SHAPES.small, lanes)).toBeUndefined();
    realm.close();
    const store = Store.open({ path, ...(key === undefined ? {} : { encryptionKey: key }) });
    expect(store.verify().problems).toEqual([]);
    store.close();
    expect(readdirSync(folder).filter((name) => name.startsWith("test.realm"))).toEqual(["test.realm"]);
  }

  it("two paths in one process are one database: what one writes the other has at once", () => {
    const first = open(path);
    symlinkSync(path, join(folder, "link"));
    mkdirSync(join(folder, "sub"));
    const others = [join(folder, "link"), `${folder}/sub/../test.realm`, relative(process.cwd(), path)].map(open);
    for (const other of others) {
      expect(other.path).toBe(first.path);
      const commit = commitNext(other, SHAPES.small, 0);
      expect(commitNext(first, SHAPES.small, 0)).toBe(commit + 1);
    }
    first.close();
    for (const other of others) other.close();
    expectContent([6, 0, 0, 0]);
  });

  it("another key by another path is refused, and the open one goes on", () => {
    const first = open(path);
    symlinkSync(path, join(folder, "link"));
    const wrong = configurationOf(join(folder, "link"), keyOfNumber(2), { schema: SCHEMA });
    expect(() => new Realm(wrong)).toThrow(expect.objectContaining({ code: "KEY_DIFFERS" }) as Error);
    expect(commitNext(first, SHAPES.small, 0)).toBe(1);
    first.close();
    expectContent([1, 0, 0, 0]);
  });

  it("threads take turns like processes", async () => {
    open(path).close();
    const commits = 25;
    await Promise.all(
      Array.from({ length: LANE_COUNT }, (_, lane) => {
        const worker = new Worker(THREAD, { workerData: { path, key, lane, commits }, execArgv: ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning"] });
        return new Promise<void>((resolve, reject) => {
          worker.once("error", reject);
          worker.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))));
        });
      }),
    );
    expectContent(Array.from({ length: LANE_COUNT }, () => commits));
  });
});
