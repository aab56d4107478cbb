/**
 * What backups cost: those who write meanwhile, and time and bytes of increments against full backups.
 *
 *     node --conditions=@holdfast/source reliability/repair/measure.ts [objects]
 *
 * Commits with and without a backup alternate in one run, so that a busy machine slows both. Prints a table in Markdown.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import Realm from "@holdfast/realm";

const OBJECTS = Number(process.argv[2] ?? 100_000);
const ROUNDS = 6;
const SEED = 0x5eed;
const KEY = Uint8Array.from({ length: 64 }, (_, index) => index);
const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Person", primaryKey: "id", properties: { id: "int", name: { type: "string", indexed: true }, email: "string", age: "int", active: "bool", note: "string" } },
];

const folder = mkdtempSync(join(tmpdir(), "holdfast-measure-"));
let state = SEED;

/** A number below a limit, the same in each run. */
function below(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

function open(path: string): Realm {
  return new Realm({ path, schema: SCHEMA, encryptionKey: KEY });
}

function fill(realm: Realm): void {
  for (let from = 0; from < OBJECTS; from += 10_000) {
    realm.write(() => {
      for (let id = from; id < Math.min(from + 10_000, OBJECTS); id += 1) {
        realm.create("Person", { id, name: `Person ${below(1e9)}`, email: `p${id}@example.org`, age: below(100), active: below(2) === 1, note: "x".repeat(40 + below(60)) });
      }
    });
  }
}

/** Milliseconds of commits, one after the other with a turn of the event loop in between, until told to stop. */
async function commitsUntil(realm: Realm, isDone: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (!isDone()) {
    const object = realm.objectForPrimaryKey("Person", below(OBJECTS)) as unknown as { age: number };
    const start = performance.now();
    realm.write(() => (object.age = below(100)));
    times.push(performance.now() - start);
    await setImmediate();
  }
  return times;
}

function quantile(times: readonly number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function row(...cells: (string | number)[]): void {
  say(`| ${cells.join(" | ")} |`);
}

/** A backup in a process of its own. */
function backupElsewhere(path: string, target: string): Promise<void> {
  const program = `import Realm from "@holdfast/realm"; const realm = new Realm({ path: ${JSON.stringify(path)}, encryptionKey: Uint8Array.from({ length: 64 }, (_, i) => i) }); await realm.backup({ path: ${JSON.stringify(target)} }); realm.close();`;
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--input-type=module", "-e", program], { stdio: "inherit", cwd: import.meta.dirname });
  return new Promise((resolve, reject) => child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`the other process ended with ${code}`)))));
}

async function measureWriters(realm: Realm, path: string): Promise<void> {
  const alone: number[] = [];
  const inside: number[] = [];
  const beside: number[] = [];
  const run = async (times: number[], work: () => Promise<unknown>): Promise<number> => {
    let isDone = false;
    const start = performance.now();
    const commits = commitsUntil(realm, () => isDone);
    await work();
    const milliseconds = performance.now() - start;
    isDone = true;
    times.push(...(await commits));
    return milliseconds;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const took = await run(inside, () => realm.backup({ path: join(folder, `in-${round}`) }));
    await run(alone, () => new Promise((resolve) => setTimeout(resolve, took)));
    await run(beside, () => backupElsewhere(path, join(folder, `out-${round}`)));
    for (const name of ["in", "out"]) rmSync(join(folder, `${name}-${round}`));
  }
  say(`\n## Commits during a backup of ${OBJECTS} objects, ${ROUNDS} rounds in alternation\n`);
  row("commits", "count", "median ms", "p99 ms", "longest ms");
  row("---", "---", "---", "---", "---");
  for (const [name, times] of [["no backup", alone], ["backup in the same process", inside], ["backup in another process", beside]] as const) {
    row(name, times.length, quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1));
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; milliseconds: number }> {
  const start = performance.now();
  const result = await work();
  return { result, milliseconds: performance.now() - start };
}

async function measureIncrements(realm: Realm, path: string): Promise<void> {
  say(`\n## Increments, ${OBJECTS} objects, file ${statSync(path).size} bytes\n`);
  row("backup", "entries", "bytes", "ms");
  row("---", "---", "---", "---");
  const chain = [join(folder, "full")];
  const full = await timed(() => realm.backup({ path: chain[0] as string }));
  row("full", full.result.entries, full.result.fileBytes, full.milliseconds.toFixed(0));
  const changes: readonly [string, (index: number) => number][] = [
    ["1 % of the objects, anywhere", () => below(OBJECTS)],
    ["1 % of the objects, side by side", (index) => 1000 + index],
    ["nothing", () => -1],
  ];
  for (const [name, pick] of changes) {
    realm.write(() => {
      for (let index = 0; index < OBJECTS / 100; index += 1) {
        const id = pick(index);
        if (id >= 0) (realm.objectForPrimaryKey("Person", id) as unknown as { age: number }).age = 200 + below(100);
      }
    });
    const target = join(folder, `increment-${chain.length}`);
    const { result, milliseconds } = await timed(() => realm.backup({ path: target, since: chain }));
    row(`increment: ${name}`, result.entries, result.fileBytes, milliseconds.toFixed(0));
    chain.push(target);
  }
  realm.close();
  const restored = join(folder, "restored");
  const restore = await timed(() => Realm.restore({ from: chain, path: restored, encryptionKey: KEY }));
  row("restore of all four", restore.result.entries, statSync(restored).size, restore.milliseconds.toFixed(0));
  const verify = await timed(() => Realm.verify({ path, encryptionKey: KEY }));
  row(`verify (clean: ${verify.result.isClean})`, verify.result.file.entries, statSync(path).size, verify.milliseconds.toFixed(0));
  const salvage = await timed(() => Realm.salvage({ from: path, path: join(folder, "salvaged"), encryptionKey: KEY }));
  row(`salvage (${salvage.result.state})`, salvage.result.content?.classes[0]?.objects ?? 0, statSync(join(folder, "salvaged")).size, salvage.milliseconds.toFixed(0));
}

say(`${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${platform()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model}, seed ${SEED}`);
try {
  const path = join(folder, "people.realm");
  const realm = open(path);
  fill(realm);
  await measureWriters(realm, path);
  await measureIncrements(realm, path);
} finally {
  Realm.shutdown();
  rmSync(folder, { recursive: true });
}
