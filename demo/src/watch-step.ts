/**
 * Changes are made here while a second process listens, and it must hear them.
 *
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import Realm from "@holdfast/realm";
import { type City, configure } from "./model.ts";
import { expect, say, step } from "./stage.ts";
import type { WatchOrder, WatchReport } from "./watcher.ts";

const COUNTRY = "IS";
const CHANGES = 20;
const PAUSE_MS = 30;
const HEAR_LIMIT_MS = 10_000;
const WATCHER = fileURLToPath(new URL("./watcher.ts", import.meta.url));

/** Runs the step on a closed encrypted realm. */
export async function watchStep(path: string, key: Uint8Array): Promise<void> {
  step("A second process watches while this one writes");
  const child = fork(WATCHER, [], {
    execArgv: ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning"],
  });
  const realm = new Realm(configure(path, key));
  try {
    const heard = new Map<string, number>();
    const count = await startListening(child, { path, key: [...key], country: COUNTRY }, heard);
    say(`process ${child.pid ?? "?"} opened the same file with the key and listens to ${count} cities of Iceland`);
    const written = await makeChanges(realm);
    await waitUntil(() => heard.has([...written.keys()].at(-1) ?? ""));
    report(written, heard);
    await finish(child);
    // As it was, so that the steps after this one find the same cities in every file.
    realm.write(() => {
      for (const city of realm.objects<City>("City").filtered("name BEGINSWITH 'Reykjavík, change'")) city.name = "Reykjavík";
    });
  } finally {
    realm.close();
    if (child.exitCode === null) child.kill("SIGKILL");
  }
}

function startListening(child: ChildProcess, order: WatchOrder, heard: Map<string, number>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the watching process ended with code ${code ?? "none"}`)));
    child.on("message", (report: WatchReport) => {
      if ("listening" in report) resolve(report.count);
      else for (const name of report.names) if (!heard.has(name)) heard.set(name, report.heardAtMs);
    });
    child.send(order);
  });
}

/** Renames one city again and again, each time in a transaction. @returns When each commit returned, by name. */
async function makeChanges(realm: Realm): Promise<Map<string, number>> {
  const city = realm.objects<City>("City").filtered("country.code == $0 AND name == 'Reykjavík'", COUNTRY)[0];
  expect(city !== undefined, "the gazetteer has Reykjavík");
  const written = new Map<string, number>();
  for (let change = 1; change <= CHANGES; change++) {
    const name = `Reykjavík, change ${change}`;
    realm.write(() => {
      city.name = name;
    });
    written.set(name, Number(process.hrtime.bigint()) / 1e6);
    await pause(PAUSE_MS);
  }
  return written;
}

function report(written: ReadonlyMap<string, number>, heard: ReadonlyMap<string, number>): void {
  const last = [...written.keys()].at(-1) ?? "";
  expect(heard.has(last), `the watcher hears of the last change within ${HEAR_LIMIT_MS / 1000} s`);
  // The watcher may hear before the commit has returned here: that counts as 0.
  const latencies = [...written]
    .filter(([name]) => heard.has(name))
    .map(([name, atMs]) => Math.max(0, (heard.get(name) ?? atMs) - atMs))
    .toSorted((left, right) => left - right);
  const median = latencies[Math.floor(latencies.length / 2)] ?? 0;
  say(
    `it heard ${latencies.length} of ${CHANGES} changes one by one (what comes close together may arrive as one), the last: "${last}"`,
    `from the commit's return to the listener: median ${median.toFixed(1)} ms, longest ${(latencies.at(-1) ?? 0).toFixed(1)} ms`,
  );
}

async function finish(child: ChildProcess): Promise<void> {
  child.removeAllListeners("exit");
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  child.send({ finish: true } satisfies WatchOrder);
  const code = await ended;
  expect(code === 0, "the watching process ends without an error");
}

async function waitUntil(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + HEAR_LIMIT_MS;
  while (!isDone() && performance.now() < deadline) await pause(5);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
