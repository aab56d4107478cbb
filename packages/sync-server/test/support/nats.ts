/**
 * A NATS server for tests, in a process of its own.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { freePort } from "./postgres.ts";

const PROGRAM = "nats-server";

/** Why there can be none here; undefined if there can. */
export function natsMissing(): string | undefined {
  return spawnSync(PROGRAM, ["--version"]).status === 0 ? undefined : "NATS is not installed (Debian: apt-get install nats-server)";
}

/** One that can go and come back on its port. */
export class NatsServer {
  readonly port: number;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, flags: readonly string[]) {
    this.port = port;
    this.#flags = flags;
  }

  /** Starts it on a free port of loopback. */
  static async start(...flags: readonly string[]): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), flags);
    await server.begin();
    return server;
  }

  async begin(): Promise<void> {
    const child = spawn(PROGRAM, ["-a", "127.0.0.1", "-p", String(this.port), ...this.#flags], { stdio: "ignore" });
    this.#child = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error("NATS did not start");
      const socket = connect(this.port, "127.0.0.1");
      const isOpen = await new Promise((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
      socket.destroy();
      if (isOpen === true) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const isGone = once(child, "exit");
    child.kill("SIGKILL");
    await isGone;
  }
}
