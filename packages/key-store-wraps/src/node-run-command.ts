/**
 * Runs a program, with secrets on its standard input only: arguments can be read by every process of the machine.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { KeyStoreError } from "@holdfast/key-store";

/** What to run. */
export interface Command {
  readonly program: string;
  readonly options: readonly string[];
  readonly input?: Uint8Array;
  readonly folder: string;
  readonly timeoutMs: number;
  readonly environment: NodeJS.ProcessEnv;
}

/** How it ended. */
export interface CommandResult {
  readonly isOk: boolean;
  readonly output: Buffer;
  readonly complaints: string;
}

/** @throws {KeyStoreError} `STORE_UNAVAILABLE` if the program is not there or does not end in time */
export function runCommand({ program, options, input, folder, timeoutMs, environment }: Command): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { cwd: folder, env: environment, stdio: ["pipe", "pipe", "pipe"], timeout: timeoutMs, killSignal: "SIGKILL" });
    const output: Buffer[] = [];
    let complaints = "";
    child.stdout.on("data", (bytes: Buffer) => void output.push(bytes));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    child.stdin.on("error", () => undefined); // It may end before it has read all; how it ended says why.
    child.on("error", (error) => reject(new KeyStoreError("STORE_UNAVAILABLE", `${program} cannot be started: install tpm2-tools`, { cause: error })));
    child.on("close", (status, signal) => {
      if (signal === null) resolve({ isOk: status === 0, output: Buffer.concat(output), complaints });
      else reject(new KeyStoreError("STORE_UNAVAILABLE", `${program} did not end within ${timeoutMs} ms`));
    });
    child.stdin.end(input);
  });
}
