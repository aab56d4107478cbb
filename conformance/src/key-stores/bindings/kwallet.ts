/**
 * The keyring store of key-store-node over a real KWallet (KDE Frameworks 5), under a D-Bus session of its own.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimEqual, claimRefused } from "../../claims.ts";
import type { KeyStoreBinding, NotHere } from "../binding.ts";
import type { CaseContext } from "../case.ts";
import { CHEAP } from "../cases/rules.ts";
import { hex } from "../hex.ts";
import { missingPrograms } from "./node/missing-programs.ts";
import { secretServiceHome } from "./node/secret-service-home.ts";
import type { SecretServiceProgram } from "./node/secret-service-home.ts";

const FILES = "data/kwalletd";
const walletOf = (folder: string): string => join(folder, FILES, "kdewallet.kwl");
const saltOf = (folder: string): string => join(folder, FILES, "kdewallet.salt");
/** Of kwallet-pam: PBKDF2-SHA-512, 50,000 rounds, 56 bytes. */
const HASH = { rounds: 50_000, bytes: 56 } as const;

const SETTINGS = `[Wallet]
Enabled=true
First Use=false
Default Wallet=kdewallet
Use One Wallet=true
Prompt on Open=false

[org.freedesktop.secrets]
apiEnabled=true
`;

/**
 * Starts the daemon as the login of a desktop does (kwallet-pam): the password's hash over a pipe, the environment over a socket. In
 * Perl, which every Debian has: Node cannot hand a listening socket over without accepting from it first.
 */
const AS_LOGIN = `use strict; use Socket; $^F = 255; my ($path) = @ARGV; unlink $path;
socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die; bind($listener, sockaddr_un($path)) or die; listen($listener, 1) or die;
socket(my $client, AF_UNIX, SOCK_STREAM, 0) or die; connect($client, sockaddr_un($path)) or die;
syswrite($client, join("", map { "$_=$ENV{$_}\\n" } keys %ENV)); shutdown($client, 1);
pipe(my $out, my $in) or die; sysread(STDIN, my $hash, ${HASH.bytes}) == ${HASH.bytes} or die; syswrite($in, $hash); close($in);
$ENV{PAM_KWALLET5_LOGIN} = 1; $ENV{QT_QPA_PLATFORM} = "offscreen";
exec("kwalletd5", "--pam-login", fileno($out), fileno($listener));`;

const PROGRAM: SecretServiceProgram = {
  command: "perl",
  options: (folder) => ["-e", AS_LOGIN, join(folder, "run", "login.sock")],
  input: (folder) => pbkdf2Sync("password of the suite", readFileSync(saltOf(folder)), HASH.rounds, HASH.bytes, "sha512"),
  isFirstStart: (folder) => !existsSync(walletOf(folder)),
  activated: undefined,
  files: FILES,
  prepare(folder) {
    mkdirSync(join(folder, FILES), { recursive: true });
    mkdirSync(join(folder, "config"), { recursive: true });
    writeFileSync(join(folder, "config", "kwalletrc"), SETTINGS);
    if (!existsSync(saltOf(folder))) writeFileSync(saltOf(folder), randomBytes(HASH.bytes));
  },
  async lock(bus) {
    bus.call("org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/kdewallet");
  },
  quit(bus) {
    bus.call("org.kde.kwalletd5", "/MainApplication", "org.qtproject.Qt.QCoreApplication.quit");
  },
  // Five seconds after the last change, by a timer of its own.
  async flush(folder) {
    const before = statSync(walletOf(folder)).mtimeMs;
    for (let waits = 0; statSync(walletOf(folder)).mtimeMs === before && waits < 300; waits += 1) await new Promise((resolve) => void setTimeout(resolve, 50));
  },
  // A wallet that is cut, empty or altered inside makes KWallet ask for a password, which nobody answers here: STORE_LOCKED after two seconds, as in case 28.
  damages: [{ title: "the wallet is deleted", codes: ["KEY_LOST", "KEY_CORRUPT"], apply: (folder) => rmSync(walletOf(folder)) }],
};

/** The binding, where the programs are. */
export function kwalletBinding(): KeyStoreBinding | NotHere {
  const missing = missingPrograms("KWallet is for Linux", { "dbus-daemon": "dbus", "dbus-send": "dbus", kwalletd5: "libkf5wallet-bin libqca-qt5-2-plugins", "secret-tool": "libsecret-tools", perl: "perl-base" });
  if (missing !== undefined) return missing;
  const version = /\d[\d.]*\d/u.exec(spawnSync("kwalletd5", ["--version"], { encoding: "utf8", env: { ...process.env, QT_QPA_PLATFORM: "offscreen" } }).stdout)?.[0] ?? "5";
  return {
    name: "node: Secret Service, KWallet",
    kind: "real",
    description: `openKeyringStore of @holdfast/key-store-node over KWallet ${version}, Node ${process.versions.node}`,
    backend: "secret-service",
    simulated: [44],
    // Its prompt is never answered here.
    lastCases: [28],
    notRun: { 29: "a locked KWallet shows a prompt even where there is no display; the call that waits for it cannot be taken back (it is STORE_LOCKED after two seconds: case 28)", 36: "no display here, so no prompt that a user could dismiss" },
    openHome: () => secretServiceHome(PROGRAM),
    ownCases: { 43: lateWrites },
  };
}

/** The wallet's file is written five seconds after a change. Killed before that, the key is gone; it must not be made anew. */
async function lateWrites({ home, open, keysOf, note }: CaseContext): Promise<void> {
  const before = keysOf(await open());
  const key = await before.getOrCreate({ name: "clinic", databaseExists: false });
  const recovery = await before.exportRecovery({ name: "clinic", passphrase: "correct horse battery", cost: CHEAP });
  await home.service?.kill();
  await home.service?.revive();
  const keys = keysOf(await open());
  const error = await claimRefused("a key that was lost in the crash", () => keys.getOrCreate({ name: "clinic", databaseExists: true }), { codes: ["KEY_LOST", "KEY_CORRUPT"] });
  claimEqual(hex(await keys.importRecovery({ name: "clinic", recovery, passphrase: "correct horse battery", check: (candidate) => hex(candidate) === hex(key) })), hex(key), "the recovered key");
  note(`KWallet writes five seconds late: killed before, the key is ${String(error.code)}, and a recovery text brings it back`);
}
