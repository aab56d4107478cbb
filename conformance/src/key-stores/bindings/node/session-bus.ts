/**
 * A D-Bus session of the suite's own, with a directory of services that the suite fills. Never the developer's.
 *
 * One a process: the native keyring library keeps its connection for as long as the process lives.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SECRETS = "org.freedesktop.secrets";

/** The session. */
export interface SessionBus {
  /** Says how the Secret Service is started when somebody asks for it; undefined: not at all. */
  provide(command: string | undefined): void;
  /** Process that has the Secret Service now. */
  ownerPid(): number | undefined;
  /** Calls a method that answers with nothing that matters. @throws {Error} with what the bus said */
  call(destination: string, path: string, method: string, ...values: readonly string[]): string;
}

let only: Promise<SessionBus> | undefined;

/** The session of this process; its address is in the environment from then on, and no display is. */
export function sessionBus(): Promise<SessionBus> {
  only ??= start();
  return only;
}

async function start(): Promise<SessionBus> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bus-"));
  const services = join(folder, "services");
  mkdirSync(services);
  const configuration = join(folder, "bus.conf");
  writeFileSync(configuration, CONFIGURATION(folder, services));
  const daemon = spawn("dbus-daemon", [`--config-file=${configuration}`, "--nofork", "--print-address=1"], { stdio: ["ignore", "pipe", "ignore"] });
  process.once("exit", () => {
    daemon.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const address = await new Promise<string>((resolve, reject) => {
    daemon.once("error", reject);
    daemon.once("close", () => reject(new Error("dbus-daemon ended at once")));
    daemon.stdout.once("data", (text: Buffer) => resolve(text.toString().trim()));
  });
  // Nothing waits for the daemon: it ends with this process.
  daemon.unref();
  (daemon.stdout as unknown as { unref(): void }).unref();
  process.env["DBUS_SESSION_BUS_ADDRESS"] = address;
  delete process.env["DISPLAY"];
  delete process.env["WAYLAND_DISPLAY"];
  return {
    provide(command) {
      const path = join(services, `${SECRETS}.service`);
      if (command === undefined) rmSync(path, { force: true });
      else writeFileSync(path, `[D-BUS Service]\nName=${SECRETS}\nExec=${command}\n`);
      call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.ReloadConfig");
    },
    ownerPid() {
      try {
        const answer = call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.GetConnectionUnixProcessID", `string:${SECRETS}`);
        return Number(/uint32 (?<pid>\d+)/u.exec(answer)?.groups?.["pid"]);
      } catch {
        return undefined;
      }
    },
    call,
  };
}

function call(destination: string, path: string, method: string, ...values: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("dbus-send", ["--session", "--print-reply", `--dest=${destination}`, path, method, ...values], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${method}: ${stderr.trim()}`);
  return stdout;
}

function CONFIGURATION(folder: string, services: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=${folder}</listen><auth>EXTERNAL</auth><servicedir>${services}</servicedir>
<limit name="max_connections_per_user">1000</limit><limit name="max_completed_connections">1000</limit>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`;
}
