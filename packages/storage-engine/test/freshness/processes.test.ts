/**
 * Real processes on one file under one anchor, and copies of that file put back.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileAnchor } from "../../src/freshness-anchors.ts";
import { decodeAnchor } from "../../src/freshness-state.ts";
import { SeededRandom } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import { codeOf } from "../volume/code-of.ts";
import { expectVerified, KINDS } from "../simulation/support.ts";

const CHILD = join(import.meta.dirname, "child.ts");
let directory = "";
let path = "";
let anchor: FileAnchor;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-freshness-"));
  path = join(directory, "test.holdfast");
  anchor = new FileAnchor({ path: join(directory, "anchor") });
});

afterEach(() => rmSync(directory, { recursive: true }));

interface Child {
  readonly lines: () => string[];
  readonly firstLine: Promise<void>;
  readonly ended: Promise<{ code: number | null; errors: string }>;
  readonly kill: () => void;
}

function start(kind: string, commits: number, every: string): Child {
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", CHILD, path, anchor.path, kind, String(commits), every], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const firstLine = new Promise<void>((resolve) => child.stdout.on("data", (chunk: Buffer) => ((output += chunk.toString()), resolve())));
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) => child.on("close", (code) => resolve({ code, errors })));
  return { lines: () => output.split("\n"), firstLine, ended, kill: () => child.kill("SIGKILL") };
}

function anchoredCommit(): number {
  const text = anchor.read();
  return text === undefined ? -1 : decodeAnchor(text).commit;
}

describe.each(KINDS)("processes under one anchor, $name", ({ name, encryptionKey }) => {
  const open = (): Store => Store.open({ path, encryptionKey, freshness: { anchor, every: "commit" } });

  it("never move it back, and it is whole at every moment", async () => {
    const children = [start(name, 40, "commit"), start(name, 40, "commit"), start(name, 40, "checkpoint")];
    let isDone = false;
    const all = Promise.all(children.map(({ ended }) => ended)).then((ends) => ((isDone = true), ends));
    let last = -1;
    let seen = 0;
    while (!isDone) {
      const commit = anchoredCommit();
      expect(commit).toBeGreaterThanOrEqual(last);
      if (commit > last) seen += 1;
      last = commit;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await all).toEqual(children.map(() => ({ code: 0, errors: "" })));
    expect(anchoredCommit()).toBe(120);
    expect(seen).toBeGreaterThan(10);
    expect(statSync(anchor.path).mode & 0o777).toBe(0o600);
    open().close();
  });

  it("killed at any moment leave a file that is not taken for an older copy, and its copies are", async () => {
    const random = new SeededRandom(0xa4c0);
    const copies: string[] = [];
    let acknowledged = 0;
    for (let kill = 0; kill < 4; kill += 1) {
      const child = start(name, 1_000_000, kill % 2 === 0 ? "commit" : "checkpoint");
      await child.firstLine;
      await new Promise((resolve) => setTimeout(resolve, random.below(120)));
      child.kill();
      const { errors } = await child.ended;
      expect(errors).toBe("");
      const copy = join(directory, `copy-${kill}`);
      copyFileSync(path, copy);
      copies.push(copy);
      acknowledged = Math.max(acknowledged, ...child.lines().filter((line) => line.startsWith("committed ")).map((line) => Number(line.slice(10))));
      const store = open();
      expect(store.commit).toBeGreaterThanOrEqual(acknowledged);
      expectVerified(store);
      store.close();
    }
    const newest = readFileSync(path);
    for (const copy of copies) {
      copyFileSync(copy, path);
      expect(codeOf(() => open())).toBe("ROLLED_BACK");
      expect(readFileSync(path).equals(readFileSync(copy))).toBe(true);
    }
    expect(newest.length).toBeGreaterThan(0);
  });
});
