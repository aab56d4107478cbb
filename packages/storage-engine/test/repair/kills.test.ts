/**
 * Real processes on real files: backups beside a writer, and `kill -9` at any moment of a backup, a restore and a salvage.
 *
 * `HOLDFAST_KILLS=50` kills each kind of work that often, plain and encrypted; without it once, and encrypted only.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import { expectVerified, KINDS, readContent } from "../simulation/support.ts";
import type { Content } from "../simulation/support.ts";
import type { Key } from "./support.ts";

const CHILD = join(import.meta.dirname, "child.ts");
const IS_LONG = process.env["HOLDFAST_KILLS"] !== undefined;
const KILLS = Number(process.env["HOLDFAST_KILLS"] ?? 1);
const SEED = 0xdead;
/** What each role makes. */
const TARGETS = { backup: "backup", increment: "increment", restore: "restored", salvage: "salvaged" } as const;

let folder = "";
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-repair-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** Resolves after so many lines; at the end if there are fewer. */
  lines(count: number): Promise<number>;
}

/** Starts a child and resolves when it says that it has begun. With `stop` it waits at that step for its end. */
async function start(role: string, kind: string, stop = 0): Promise<Running> {
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", CHILD, role, folder, kind, String(stop)], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let count = 0;
  let isOver = false;
  const waiting = new Set<() => void>();
  const tell = (): void => {
    for (const look of waiting) look();
  };
  child.stdout?.on("data", (chunk: Buffer) => {
    count += chunk.filter((byte) => byte === 10).length;
    tell();
  });
  const ended = new Promise<number | null>((resolve) =>
    child.on("close", (code) => {
      isOver = true;
      tell();
      resolve(code);
    }),
  );
  const lines = (wanted: number): Promise<number> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (count < wanted && !isOver) return;
        waiting.delete(look);
        resolve(count);
      };
      waiting.add(look);
      look();
    });
  await lines(1);
  return { child, ended, lines };
}

function fill(path: string, key: Key, entries: number): void {
  const store = Store.open({ path, ...key });
  const random = new SeededRandom(SEED);
  for (let part = 0; part < 4; part += 1) {
    const transaction = store.beginWrite();
    const tree = transaction.tree("one");
    for (let index = 0; index < entries / 4; index += 1) tree.put(new TextEncoder().encode(`key ${part} ${index}`), random.bytes(300));
    transaction.commit();
  }
  store.close();
}

function contentOf(path: string, key: Key): Content {
  const store = Store.open({ path, create: false, ...key });
  try {
    expectVerified(store);
    return readContent(store);
  } finally {
    store.close();
  }
}

describe.each(KINDS)("real processes, $name", ({ name, encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it("a backup holds one commit of a writer in another process, again and again", async () => {
    const path = join(folder, "source");
    fill(path, key, 2000);
    const writer = await start("write", name);
    const store = Store.open({ path, ...key });
    const numbers: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      // However slow the machine is: the writer has committed since the last backup.
      await writer.lines((await writer.lines(0)) + 3);
      store.refresh();
      const target = join(folder, `copy-${round}`);
      await store.backup({ path: target });
      const values = [...(contentOf(target, key).get("data")?.values() ?? [])].map((value) => new DataView(value.buffer, value.byteOffset).getUint32(0, true));
      expect(new Set(values).size).toBeLessThanOrEqual(1);
      expect([0, 40]).toContain(values.length);
      numbers.push(values[0] ?? 0);
    }
    store.close();
    writer.child.kill("SIGKILL");
    await writer.ended;
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.at(-1)).toBeGreaterThan(numbers[0] ?? 0);
    expect(contentOf(path, key).get("one")?.size).toBe(2000);
  });

  const roles = IS_LONG || encryptionKey !== undefined ? Object.entries(TARGETS) : [];
  for (const [role, targetName] of roles) it(`a ${role} that is killed leaves no target or a whole one, and the next try cleans up`, async () => {
    const source = join(folder, "source");
    const target = join(folder, targetName);
    fill(source, key, 4000);
    const content = contentOf(source, key);
    if (role === "restore" || role === "increment") {
      const store = Store.open({ path: source, ...key });
      await store.backup({ path: join(folder, "full") });
      store.close();
    }
    copyFileSync(source, join(folder, "kept"));
    const steps = await (await start(role, name)).lines(Infinity);
    expect(existsSync(target)).toBe(true);
    const random = new SeededRandom(SEED);
    let killedInside = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      rmSync(target, { force: true });
      // Every second time it is killed at rest, inside of the work for sure; else wherever it is by then.
      // A faster run has fewer steps; the first one is always there.
      const step = kill === 0 ? 1 : 1 + random.below(Math.max(1, Math.floor(steps * 0.7)));
      const { child, ended, lines } = await start(role, name, kill % 2 === 0 ? step : 0);
      await lines(1 + step);
      child.kill("SIGKILL");
      await ended;
      const where = `seed ${SEED}, kill ${kill}`;
      if (!existsSync(target)) killedInside += 1;
      else if (role === "increment") expect((await Store.verify({ path: target, ...key })).isClean, `${where}:`).toBe(true);
      else expect(contentOf(target, key), `${where}:`).toEqual(content);
      expect(contentOf(source, key).get("one")?.size, `${where}:`).toBe(content.get("one")?.size);
    }
    rmSync(target, { force: true });
    expect(await (await start(role, name)).ended).toBe(0);
    expect(readdirSync(folder).filter((file) => file.startsWith(`${targetName}.`))).toEqual([]);
    if (role === "salvage" || role === "restore") expect(Buffer.compare(readFileSync(source), readFileSync(join(folder, "kept")))).toBe(0);
    expect(killedInside).toBeGreaterThan(0);
    console.log(`${role}, ${name}, seed ${SEED}: ${KILLS} kills, ${killedInside} before the end`);
  });
});
