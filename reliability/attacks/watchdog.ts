/**
 * Runs the attacking processes and sees which of them die or stand still.
 *
 * @module
 */
import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tally } from "./worker.ts";

/** A process that did not come through an attack. */
export interface Casualty {
  readonly kind: "ABORT" | "HANG";
  readonly job: number;
  readonly attack: number;
  readonly detail: string;
}

export interface Survey {
  readonly tallies: readonly Tally[];
  readonly casualties: readonly Casualty[];
}

/** An attempt takes milliseconds. One that shows no progress for this long counts as a hang, on however slow a machine. */
const HANG_MS = 90_000;
const MAX_CASUALTIES = 10;
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Runs every job in `shares` processes; one that ends badly is started again behind the attack that ended it. */
export async function survey(folder: string, shares: number, onTally: (tally: Tally) => void): Promise<Survey> {
  const tallies: Tally[] = [];
  const casualties: Casualty[] = [];
  await Promise.all(Array.from({ length: shares }, (_, share) => runShare(share)));
  return { tallies, casualties };

  async function runShare(share: number): Promise<void> {
    let [job, attack] = [0, 0];
    for (;;) {
      const end = await runOnce(folder, [share, shares, job, attack], (tally) => {
        tallies.push(tally);
        onTally(tally);
      });
      if (end === undefined) return;
      casualties.push(end);
      [job, attack] = [end.job, end.attack];
      if (casualties.length >= MAX_CASUALTIES) return;
    }
  }
}

function runOnce(folder: string, [share, ...rest]: readonly [number, ...number[]], onTally: (tally: Tally) => void): Promise<Casualty | undefined> {
  const child = fork(WORKER, [folder, String(share), ...rest.map(String)], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const state = { progress: "", sinceMs: performance.now(), isHung: false, output: "" };
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: unknown) => (state.output = (state.output + String(chunk)).slice(-2000)));
  child.on("message", (tally) => onTally(tally as Tally));
  const timer = setInterval(() => checkProgress(child, join(folder, `progress-${share}`), state), 1000);
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      clearInterval(timer);
      if (code === 0) return resolve(undefined);
      const [job = 0, attack = 0] = readProgress(join(folder, `progress-${share}`)).split(" ").map(Number);
      const how = signal === null ? `exit code ${code}` : `ended by ${signal}`;
      resolve({ kind: state.isHung ? "HANG" : "ABORT", job, attack, detail: `${how}: ${state.output.trim()}` });
    });
  });
}

function checkProgress(child: ChildProcess, path: string, state: { progress: string; sinceMs: number; isHung: boolean }): void {
  const progress = readProgress(path);
  if (progress !== state.progress) {
    state.progress = progress;
    state.sinceMs = performance.now();
  } else if (performance.now() - state.sinceMs > HANG_MS) {
    state.isHung = true;
    child.kill("SIGKILL");
  }
}

function readProgress(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
