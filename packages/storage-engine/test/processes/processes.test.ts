/**
 * Real processes on a real file: killed at any moment, writing in turn, reading while others write.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import { expectVerified, KINDS } from "../simulation/support.ts";

const CHILD = join(import.meta.dirname, "child.ts");

interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<{ code: number | null; signal: string | null; errors: string }>;
  /** Resolves at the first line that starts so. */
  line(start: string): Promise<string>;
}

let directory = "";
let path = "";
const children: Child[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-processes-"));
  path = join(directory, "test.holdfast");
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill("SIGKILL");
    await child.ended;
  }
  rmSync(directory, { recursive: true });
});

function start(kind: string, role: string, ...more: number[]): Child {
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", CHILD, role, path, kind, ...more.map(String)], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let rest = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null; errors: string }>((resolve) =>
    child.on("close", (code, signal) => {
      for (const look of waiting) look();
      resolve({ code, signal, errors });
    }),
  );
  const line = (prefix: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((text) => text.startsWith(prefix));
        if (found === undefined && child.exitCode === null && child.signalCode === null) return;
        waiting.delete(look);
        if (found === undefined) reject(new Error(`ended without "${prefix}": ${errors}`));
        else resolve(found);
      };
      waiting.add(look);
      look();
    });
  const made = { process: child, lines, ended, line };
  children.push(made);
  return made;
}

/** Opens the store, checks that all of one commit is there, and gives its number. */
function checkedNumber(encryptionKey: Uint8Array | undefined): number {
  const store = Store.open({ path, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
  try {
    expectVerified(store);
    const snapshot = store.snapshot();
    const read = (value: Uint8Array): number => new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    const counter = snapshot.tree("counter")?.get(new TextEncoder().encode("n"));
    const number = counter === undefined ? 0 : read(counter);
    const cursor = snapshot.tree("data")?.cursor();
    while (cursor?.next() === true) expect(read(cursor.value())).toBe(number);
    expect(snapshot.tree("history")?.count ?? 0).toBe(number);
    snapshot.close();
    return number;
  } finally {
    store.close();
  }
}

function lastCommitted(lines: readonly string[]): number {
  return Math.max(0, ...lines.filter((text) => text.startsWith("committed ")).map((text) => Number(text.slice(10))));
}

async function expectSuccess(child: Child): Promise<void> {
  expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" });
}

describe.each(KINDS)("processes, $name", ({ name, encryptionKey }) => {
  it.each([
    { what: "small commits", keys: 3, length: 100, kills: 12, spread: 150 },
    { what: "bulk transactions", keys: 6000, length: 300, kills: 6, spread: 400 },
  ])("kill -9 during $what loses nothing that returned", async ({ keys, length, kills, spread }) => {
    const random = new SeededRandom(0xdead);
    let reached = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const child = start(name, "write", keys, length, 1_000_000);
      await child.line("committed");
      await new Promise((resolve) => setTimeout(resolve, random.below(spread)));
      child.process.kill("SIGKILL");
      await child.ended;
      const acknowledged = lastCommitted(child.lines);
      expect(acknowledged).toBeGreaterThan(reached);
      reached = checkedNumber(encryptionKey);
      expect(reached).toBeOneOf([acknowledged, acknowledged + 1]);
    }
  });

  it("several writers take turns and lose no update, while readers see whole snapshots", async () => {
    const commits = 120;
    const writers = [start(name, "write", 20, 200, commits), start(name, "write", 20, 200, commits)];
    const readers = [start(name, "read", 2 * commits), start(name, "read", 2 * commits)];
    for (const child of [...writers, ...readers]) await expectSuccess(child);
    expect(checkedNumber(encryptionKey)).toBe(2 * commits);
    const numbers = writers.flatMap((child) => child.lines.filter((text) => text.startsWith("committed")));
    expect(new Set(numbers).size).toBe(2 * commits);
  });

  it("a writer killed among others harms nobody", async () => {
    const random = new SeededRandom(0xbeef);
    const survivor = start(name, "write", 50, 500, 150);
    const victims: Child[] = [];
    for (let kill = 0; kill < 4; kill += 1) {
      const victim = start(name, "write", 50, 500, 1_000_000);
      victims.push(victim);
      await victim.line("committed");
      await new Promise((resolve) => setTimeout(resolve, random.below(60)));
      victim.process.kill("SIGKILL");
      await victim.ended;
    }
    await expectSuccess(survivor);
    const acknowledged = [survivor, ...victims].flatMap((child) => child.lines.filter((text) => text.startsWith("committed")));
    const number = checkedNumber(encryptionKey);
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(number).toBeGreaterThanOrEqual(acknowledged.length);
    // Each victim may have made one commit that it did not live to report.
    expect(number).toBeLessThanOrEqual(acknowledged.length + victims.length);
  });

  it("a process killed while it holds the writer's lock blocks nobody", async () => {
    await expectSuccess(start(name, "write", 10, 100, 3));
    const holder = start(name, "hold");
    await holder.line("holding");
    const options = { path, ...(encryptionKey === undefined ? {} : { encryptionKey }) };
    const waiting = Store.open({ ...options, lockTimeoutMs: 50 });
    expect(() => waiting.beginWrite()).toThrow(expect.objectContaining({ code: "STORE_LOCKED" }) as Error);
    holder.process.kill("SIGKILL");
    await holder.ended;
    waiting.beginWrite().abort();
    waiting.close();
    expect(checkedNumber(encryptionKey)).toBe(3);
  });

  it("a listener hears of every last commit of another process", async () => {
    await expectSuccess(start(name, "write", 10, 100, 2));
    const listener = start(name, "listen", 32);
    await listener.line("listening");
    await expectSuccess(start(name, "write", 10, 100, 30));
    expect(await listener.line("heard 32")).toBe("heard 32");
    await expectSuccess(listener);
  });

  it("leaves nothing beside the file and its lock after the last close", async () => {
    await expectSuccess(start(name, "write", 10, 100, 5));
    checkedNumber(encryptionKey);
    expect(readdirSync(directory).filter((entry) => !["test.holdfast", "test.holdfast.lock"].includes(entry))).toEqual([]);
  });
});
