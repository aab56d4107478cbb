/**
 * The keyring store of key-store-node over a real gnome-keyring, under a D-Bus session of its own.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyStoreBinding, NotHere } from "../binding.ts";
import { missingPrograms } from "./node/missing-programs.ts";
import { secretServiceHome } from "./node/secret-service-home.ts";
import type { SecretServiceProgram } from "./node/secret-service-home.ts";

const FILES = "data/keyrings";
const loginKeyring = (folder: string): string => join(folder, FILES, "login.keyring");

const PROGRAM: SecretServiceProgram = {
  command: "gnome-keyring-daemon",
  options: () => ["--foreground", "--unlock", "--components=secrets"],
  input: () => "password of the suite",
  activated: "/usr/bin/gnome-keyring-daemon --start --foreground --components=secrets",
  files: FILES,
  async lock(bus) {
    bus.call("org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login");
  },
  // A keyring that cannot be read is set aside by the daemon, and a new one begun: from there the entry is simply absent.
  damages: [
    { title: "the keyring's file is deleted", codes: ["KEY_LOST"], apply: (folder) => rmSync(loginKeyring(folder)) },
    { title: "the whole folder is deleted", codes: ["KEY_LOST"], apply: (folder) => rmSync(join(folder, FILES), { recursive: true }) },
    { title: "the keyring's file is cut", codes: ["KEY_LOST"], apply: (folder) => truncateSync(loginKeyring(folder), 20) },
    { title: "the keyring's file is empty", codes: ["KEY_LOST"], apply: (folder) => writeFileSync(loginKeyring(folder), "") },
    { title: "the keyring's file begins with something else", codes: ["KEY_LOST"], apply: (folder) => flipBit(loginKeyring(folder), () => 3) },
    { title: "a bit of the keyring's sealed part is flipped", codes: ["STORE_LOCKED"], apply: (folder) => flipBit(loginKeyring(folder), (length) => length - 40) },
  ],
};

/** The binding, where the programs are. */
export function gnomeKeyringBinding(): KeyStoreBinding | NotHere {
  const missing = missingPrograms("gnome-keyring is for Linux", { "dbus-daemon": "dbus", "dbus-send": "dbus", "gnome-keyring-daemon": "gnome-keyring", "secret-tool": "libsecret-tools" });
  if (missing !== undefined) return missing;
  const version = /\d[\d.]*/u.exec(spawnSync("gnome-keyring-daemon", ["--version"], { encoding: "utf8" }).stdout)?.[0] ?? "of unknown version";
  return {
    name: "node: Secret Service, gnome-keyring",
    kind: "real",
    description: `openKeyringStore of @holdfast/key-store-node over gnome-keyring ${version}, Node ${process.versions.node}`,
    backend: "secret-service",
    simulated: [44],
    notRun: { 36: "no display here, so no prompt that a user could dismiss: a locked keyring is STORE_LOCKED at once" },
    openHome: () => secretServiceHome(PROGRAM),
  };
}

function flipBit(path: string, where: (length: number) => number): void {
  const bytes = readFileSync(path);
  const at = where(bytes.length);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}
