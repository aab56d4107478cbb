/**
 * Several processes on one file: nothing is lost, nothing is torn, nobody is blocked, and listeners hear in time.
 *
 * The latency rule: up to three rounds; the best round's 99th percentile over all listeners counts. It passes at 50 ms plus
 * twice the 99th percentile by which timers of an idle process were late in the same round, because a machine that
 * wakes nobody in time wakes no listener either. Over 50 ms but inside that allowance is reported as a miss.
 *
 * @module
 */
import { claim, claimEqual, claimRefused } from "../claims.ts";
import { fingerprint, itemValues } from "../content.ts";
import { claimClean, claimContent, configurationOf, makeRealm, withRealm } from "../opening.ts";
import { need, type PlatformProcess } from "../platform.ts";
import { seededBytes } from "../random.ts";
import { percentile } from "../statistics.ts";
import { amountFor, type Suite, type SuiteContext } from "../suite.ts";

const LATENCY_LIMIT_MS = 50;
const READER_COUNT = 3;

/** The suite. */
export const severalProcesses: Suite = {
  name: "several-processes",
  title: "Several processes on one file",
  forms: ["plain", "encrypted"],
  needs: ["processes"],
  async run(context) {
    await checkListeners(context);
    await checkWritersInTurn(context);
    await checkKilledHolder(context);
    await checkOtherKey(context);
    await checkRekeyBeside(context);
  },
};

function valuesFor(context: SuiteContext, path: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { path, ...(context.key === undefined ? {} : { key: [...context.key] }), ...more };
}

/** What one round of the listener measurement showed. */
interface ListenerRound {
  readonly latenciesMs: readonly number[];
  readonly latenessMs: readonly number[];
}

async function checkListeners(context: SuiteContext): Promise<void> {
  const { platform } = context;
  const count = context.isLong ? 1000 : 200;
  await context.check(`one process writes ${count} commits, ${READER_COUNT} listen: every view is whole, in order, and heard in time`, async (path) => {
    let best: { p99: number; allowed: number } | undefined;
    for (let round = 1; round <= 3; round += 1) {
      const file = platform.join(path.slice(0, path.lastIndexOf("/")), `round-${round}.realm`);
      const { latenciesMs, latenessMs } = await measureListeners(context, file, count);
      const p99 = percentile(latenciesMs, 0.99);
      const noise = percentile(latenessMs, 0.99);
      context.figure(
        `listeners in other processes, round ${round}`,
        `median ${percentile(latenciesMs, 0.5).toFixed(1)} ms, 99th percentile ${p99.toFixed(1)} ms of ${latenciesMs.length} (idle timers ${noise.toFixed(1)} ms late)`,
      );
      if (best === undefined || p99 < best.p99) best = { p99, allowed: LATENCY_LIMIT_MS + 2 * noise };
      if (best.p99 <= LATENCY_LIMIT_MS) return;
    }
    claim(best !== undefined, "no round was measured");
    claim(best.p99 <= best.allowed, `99th percentile ${best.p99.toFixed(1)} ms in the best of 3 rounds; allowed ${best.allowed.toFixed(1)} ms`);
    context.miss(`listeners heard within ${best.p99.toFixed(1)} ms at the 99th percentile (goal ${LATENCY_LIMIT_MS} ms, noisy machine)`);
  });
}

async function measureListeners(context: SuiteContext, path: string, count: number): Promise<ListenerRound> {
  const { platform } = context;
  makeRealm(platform, path, context.key, 100);
  const processes = need(platform, "processes");
  const readers = Array.from({ length: READER_COUNT }, () => processes.start("listen", valuesFor(context, path)));
  const clock = processes.start("idle-clock", {});
  const writer = processes.start("tick", valuesFor(context, path, { count, paceMs: 4 }));
  await Promise.all([...readers, clock, writer].map((child) => child.waitForLine("ready")));
  writer.send("go");
  await writer.waitForLine("done");
  const sentMs = timesOf(writer, "tick");
  const last = `heard ${count} `;
  await Promise.all(readers.map((reader) => reader.waitForLine(last)));
  clock.send("stop");
  const lateness = await clock.waitForLine("lateness");
  for (const child of [...readers, writer]) child.send("stop");
  await Promise.all([...readers, writer, clock].map((child) => child.exited));
  for (const reader of readers) {
    const wrong = reader.lines.find((line) => line.startsWith("torn") || line.startsWith("backwards"));
    claim(wrong === undefined, `a reader saw a wrong view: ${wrong}`);
  }
  claimClean(platform, path, context.key);
  const latenciesMs = readers.flatMap((reader) => latenciesOf(sentMs, timesOf(reader, "heard")));
  claimEqual(latenciesMs.length, count * READER_COUNT, "ticks heard by all readers");
  return { latenciesMs, latenessMs: JSON.parse(lateness.slice("lateness ".length)) as number[] };
}

/** The times behind lines like "tick 7 1234.5", by their number. */
function timesOf(child: PlatformProcess, word: string): Map<number, number> {
  const times = new Map<number, number>();
  for (const line of child.lines) {
    const [first, number, time] = line.split(" ");
    if (first === word) times.set(Number(number), Number(time));
  }
  return times;
}

/** A notification may cover several commits: each of them was heard with the first one that shows it or a later one. */
function latenciesOf(sentMs: ReadonlyMap<number, number>, heardMs: ReadonlyMap<number, number>): number[] {
  const latencies: number[] = [];
  let nextHeard = Number.POSITIVE_INFINITY;
  for (const number of [...sentMs.keys()].sort((left, right) => right - left)) {
    nextHeard = heardMs.get(number) ?? nextHeard;
    // Heard before the writer's own process had said so: the wait was zero.
    latencies.push(Math.max(0, nextHeard - (sentMs.get(number) ?? 0)));
  }
  return latencies;
}

async function checkWritersInTurn(context: SuiteContext): Promise<void> {
  const { platform } = context;
  const count = amountFor(context, { brief: 60, short: 200, long: 2000 });
  await context.check(`two processes write ${count} times each in turn: no update is lost`, async (path) => {
    makeRealm(platform, path, context.key, 0);
    withRealm(platform, configurationOf(path, context.key), (realm) => {
      realm.write(() => realm.create("Counter", { _id: "shared", value: 0 }));
    });
    const writers = [0, 1_000_000].map((firstId) =>
      need(platform, "processes").start("increment", valuesFor(context, path, { count, firstId, counter: "shared" })),
    );
    await Promise.all(writers.map((writer) => writer.waitForLine("ready")));
    for (const writer of writers) writer.send("go");
    await Promise.all(writers.map((writer) => writer.waitForLine("done")));
    await Promise.all(writers.map((writer) => writer.exited));
    withRealm(platform, configurationOf(path, context.key), (realm) => {
      claimEqual(realm.objectForPrimaryKey("Counter", "shared")?.["value"], 2 * count, "the shared counter");
      claimEqual(realm.objects("Item").length, 2 * count, "items of both writers");
      for (const item of realm.objects("Item")) {
        claimEqual(fingerprint(item), fingerprint(itemValues(item["_id"] as number)), "an item");
      }
    });
    claimClean(platform, path, context.key);
  });
}

async function checkKilledHolder(context: SuiteContext): Promise<void> {
  const { platform } = context;
  await context.check("a process killed while it holds the writer's lock blocks nobody and leaves nothing behind", async (path) => {
    makeRealm(platform, path, context.key, 10);
    const holder = need(platform, "processes").start("hold-lock", valuesFor(context, path));
    await holder.waitForLine("holding");
    const waiter = need(platform, "processes").start("wait-for-lock", valuesFor(context, path));
    await waiter.waitForLine("waiting");
    await platform.sleep(100);
    claim(!waiter.lines.includes("written"), "a second process wrote while the first held the writer's lock");
    await holder.kill();
    await waiter.waitForLine("written");
    await waiter.exited;
    withRealm(platform, configurationOf(path, context.key), (realm) => {
      realm.write(() => realm.create("Counter", { _id: "mine", value: 2 }));
      claimEqual(realm.objects("Item").length, 10, "items after the kill");
      claimEqual(realm.objectForPrimaryKey("Counter", "waited")?.["value"], 1, "the waiting process's write");
    });
    claimClean(platform, path, context.key);
  });
}

async function checkOtherKey(context: SuiteContext): Promise<void> {
  const { platform } = context;
  await context.check("a file that another process has open is not opened with another key", async (path) => {
    makeRealm(platform, path, context.key, 10);
    const holder = need(platform, "processes").start("hold-open", valuesFor(context, path));
    await holder.waitForLine("open");
    const open = (): unknown => new platform.Realm(configurationOf(path, seededBytes(0xbad, 64)));
    await claimRefused("the open", open, { codes: [context.key === undefined ? "KEY_SUPERFLUOUS" : "KEY_WRONG"] });
    holder.send("close");
    await holder.exited;
    withRealm(platform, configurationOf(path, context.key), (realm) => claimEqual(realm.objects("Item").length, 10, "items"));
  });
}

async function checkRekeyBeside(context: SuiteContext): Promise<void> {
  const { platform, key } = context;
  const newKey = seededBytes(0xb0b, 64);
  await context.check("Realm.rekey refuses while another process has the file open", async (path) => {
    makeRealm(platform, path, key, 500);
    const holder = need(platform, "processes").start("hold-open", valuesFor(context, path));
    await holder.waitForLine("open");
    const old = key === undefined ? { path } : { path, encryptionKey: key };
    await claimRefused("Realm.rekey", () => platform.Realm.rekey(old, newKey), { codes: ["STORE_IN_USE", "STORE_LOCKED"] });
    await holder.kill();
    claimContent(platform, path, key, 500);
    platform.Realm.rekey(old, newKey);
    claimContent(platform, path, newKey, 500);
  });
}
