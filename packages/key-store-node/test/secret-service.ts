/**
 * A Secret Service of its own for one test: own home, own D-Bus session, gnome-keyring with a password. Never the developer's keyring.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freshFolder, NODE_FLAGS, run } from "./support.ts";

/** Why these tests cannot run here; undefined if they can. */
export const reasonNotRun: string | undefined = missingProgram();

function missingProgram(): string | undefined {
  if (process.platform !== "linux") return "gnome-keyring is for Linux";
  const missing = ["dbus-run-session", "gnome-keyring-daemon"].find((program) => spawnSync(program, ["--help"]).error !== undefined);
  return missing === undefined ? undefined : `${missing} is missing: apt-get install dbus gnome-keyring`;
}

/** A home in which a keyring lives. */
export class KeyringHome {
  readonly folder: string = freshFolder();
  readonly #environment: NodeJS.ProcessEnv;

  constructor() {
    const runtime = join(this.folder, "run");
    mkdirSync(runtime, { recursive: true, mode: 0o700 });
    this.#environment = {
      HOME: this.folder,
      XDG_DATA_HOME: join(this.folder, "data"),
      XDG_STATE_HOME: join(this.folder, "state"),
      XDG_CONFIG_HOME: join(this.folder, "config"),
      XDG_RUNTIME_DIR: runtime,
      DISPLAY: undefined,
      WAYLAND_DISPLAY: undefined,
      DBUS_SESSION_BUS_ADDRESS: undefined,
    };
  }

  /** The login keyring's file. */
  get keyringFile(): string {
    return join(this.folder, "data/keyrings/login.keyring");
  }

  /** Runs steps in a session whose keyring was unlocked with a password; several lists run as processes at once. */
  async steps(password: string, ...lists: readonly (readonly string[][])[]): Promise<unknown[][]> {
    const unlock = `printf %s '${password}' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1`;
    return this.#session(unlock, lists);
  }

  /** Runs steps in a session in which nothing provides a Secret Service. */
  async stepsWithoutService(list: readonly string[][]): Promise<unknown[]> {
    const configuration = join(this.folder, "bus.conf");
    writeFileSync(
      configuration,
      `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
    );
    const [results] = await this.#session(":", [list], [`--config-file=${configuration}`]);
    return results as unknown[];
  }

  /** Runs steps without any D-Bus session. */
  async stepsWithoutBus(list: readonly string[][]): Promise<unknown[]> {
    const { output } = await run(process.execPath, [...NODE_FLAGS, program, "org.holdfast.test", JSON.stringify(list)], this.#environment);
    return parseLast(output);
  }

  async #session(before: string, lists: readonly (readonly string[][])[], options: readonly string[] = []): Promise<unknown[][]> {
    const commands = lists.map((list, index) => `"$NODE_PROGRAM" ${NODE_FLAGS.join(" ")} "$STEPS_PROGRAM" org.holdfast.test "$STEPS_${index}" > "$HOME/out-${index}" 2>&1 &`);
    const script = `${before}\n${commands.join("\n")}\nwait\ncat ${lists.map((_, index) => `"$HOME/out-${index}"`).join(" ")}`;
    const given = Object.fromEntries(lists.map((list, index) => [`STEPS_${index}`, JSON.stringify(list)]));
    const environment = { ...this.#environment, ...given, NODE_PROGRAM: process.execPath, STEPS_PROGRAM: program };
    const { output } = await run("dbus-run-session", [...options, "--", "bash", "-c", script], environment);
    const lines = output.split("\n").filter((line) => line.startsWith("["));
    if (lines.length !== lists.length) throw new Error(`expected ${lists.length} results, the session printed:\n${output}`);
    return lines.map((line) => JSON.parse(line) as unknown[]);
  }
}

const program = join(import.meta.dirname, "programs/keyring-steps.ts");

function parseLast(output: string): unknown[] {
  const line = output.split("\n").findLast((candidate) => candidate.startsWith("["));
  if (line === undefined) throw new Error(`no result in:\n${output}`);
  return JSON.parse(line) as unknown[];
}
