import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyStoreError } from "@holdfast/key-store";
import { afterAll } from "vitest";

const root = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
process.env["XDG_STATE_HOME"] = join(root, "state");
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A folder that does not exist yet. */
export function freshFolder(): string {
  count += 1;
  return join(root, `folder-${count}`);
}

/** The code that a promise is rejected with, or "resolved". */
export async function rejected(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "resolved",
    (error: unknown) => (error as KeyStoreError).code,
  );
}

/** How a child process ended. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a program and collects what it prints. */
export function run(program: string, options: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}

/** How a TypeScript program of the tests is started. */
export const NODE_FLAGS: readonly string[] = ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning"];
