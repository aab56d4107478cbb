/**
 * The wraps that need a device: a real SoftHSM for PKCS#11, a real swtpm for TPM 2.0, over the store in memory.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { pkcs11Wrap } from "@holdfast/key-store-wraps/pkcs11";
import type { Pkcs11WrapOptions } from "@holdfast/key-store-wraps/pkcs11";
import { tpm2Wrap } from "@holdfast/key-store-wraps/tpm2";
import type { KeyWrap } from "@holdfast/key-store";
import { claim, claimEqual, claimRefused } from "../../../claims.ts";
import { seededBytes } from "../../../random.ts";
import type { KeyStoreBinding, KeyStoreHome, NotHere } from "../../binding.ts";
import type { CaseContext } from "../../case.ts";
import { hex } from "../../hex.ts";
import { memoryHome } from "../memory.ts";
import { temporaryFolder } from "../node/files.ts";
import { missingPrograms } from "../node/missing-programs.ts";
import { missingPeer, peerVersion, requirePeer } from "./peers.ts";

const show = (value: unknown): string => inspect(value, { depth: 8, showHidden: true });
const CONTEXT = { databaseName: "clinic", keyId: "AAAAAAAAAAAAAAAAAAAAAA" };
const PIN = "1234";

const LIBRARIES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];

/** PKCS#11 over SoftHSM2. */
export function pkcs11Binding(): KeyStoreBinding | NotHere {
  const missing = pkcs11Missing();
  if (missing !== undefined) return missing;
  const version = spawnSync("softhsm2-util", ["--version"], { encoding: "utf8" }).stdout.trim();
  const { options, remove } = makePkcs11Token();
  return {
    name: "wrap: PKCS#11",
    kind: "real",
    description: `pkcs11js ${peerVersion("pkcs11js")} over SoftHSM ${version}, over the store in memory, Node ${process.versions.node}`,
    backend: "memory",
    isWrap: true,
    inspect: show,
    openHome: async () => memoryHome([pkcs11Wrap(options)]),
    ownCases: { 50: (context) => pkcs11Case(context, options) },
    cleanUp: async () => remove(),
  };
}

/** Why there is no SoftHSM here. */
export function pkcs11Missing(): NotHere | undefined {
  return missingPeer("pkcs11js") ?? missingPrograms("SoftHSM is tried on Linux", { "softhsm2-util": "softhsm2", "pkcs11-tool": "opensc" });
}

/** A token with the keys "first" and "second". One for the whole process. */
export function makePkcs11Token(): { readonly options: Pkcs11WrapOptions; remove(): void } {
  const library = LIBRARIES.find((path) => existsSync(path)) ?? "libsofthsm2.so";
  const { folder, remove } = temporaryFolder();
  prepareToken(folder, library);
  return { options: { pkcs11js: requirePeer("pkcs11js") as Pkcs11WrapOptions["pkcs11js"], library, tokenLabel: "holdfast", keyLabel: "first", pin: PIN }, remove };
}

/** A token with two keys. The library reads its configuration when this process loads it, so there is one for all homes. */
function prepareToken(folder: string, library: string): void {
  const configuration = join(folder, "softhsm2.conf");
  mkdirSync(join(folder, "tokens"));
  writeFileSync(configuration, `directories.tokendir = ${join(folder, "tokens")}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  process.env["SOFTHSM2_CONF"] = configuration;
  runTool("softhsm2-util", ["--init-token", "--free", "--label", "holdfast", "--pin", PIN, "--so-pin", "5678"]);
  for (const label of ["first", "second"]) runTool("pkcs11-tool", ["--module", library, "--token-label", "holdfast", "--login", "--pin", PIN, "--keygen", "--key-type", "aes:32", "--label", label, "--sensitive"]);
}

function runTool(program: string, options: readonly string[]): void {
  const { status, stderr } = spawnSync(program, options, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}

async function pkcs11Case({ note }: CaseContext, options: Pkcs11WrapOptions): Promise<void> {
  const key = seededBytes(50, 64);
  const wrap = pkcs11Wrap(options);
  const payload = await wrap.wrap(key.slice(), CONTEXT);
  await claimBound(wrap, payload, key);
  // A wrong PIN reaches the token once, whatever the program does.
  let asked = 0;
  const wrong = pkcs11Wrap({ ...options, pin: () => ((asked += 1), "9999") });
  const first = await claimRefused("a wrong PIN", () => wrong.unwrap(payload, CONTEXT), { codes: ["AUTH_WRONG"] });
  claim(first.cause !== undefined, "the token was not asked");
  for (let round = 0; round < 5; round += 1) {
    const again = await claimRefused("the same wrong PIN", () => wrong.unwrap(payload, CONTEXT), { codes: ["AUTH_WRONG"] });
    claim(again.cause === undefined, "the token was asked again with a PIN that it had refused");
  }
  claimEqual(asked, 6, "times that the program was asked for the PIN");
  await claimRefused("no PIN", () => pkcs11Wrap({ ...options, pin: "" }).unwrap(payload, CONTEXT), { codes: ["USER_CANCELED"] });
  await claimRefused("a token that counts down", () => pkcs11Wrap({ ...options, pkcs11js: withFlags(options.pkcs11js, 0x20000) as Pkcs11WrapOptions["pkcs11js"], library: `${options.library}?` }).unwrap(payload, CONTEXT), { codes: ["AUTH_LOCKED"] });
  // Another key of the token, the key that is not there, the token that is not there.
  await claimRefused("a wrap of a key that was not named", () => pkcs11Wrap({ ...options, keyLabel: "second" }).unwrap(payload, CONTEXT), { codes: ["WRAP_REFUSED"] });
  claimEqual(hex(await pkcs11Wrap({ ...options, keyLabel: "second", formerKeyLabels: ["first"] }).unwrap(payload, CONTEXT)), hex(key), "the key under a former key of the token");
  await claimRefused("no such key", () => pkcs11Wrap({ ...options, keyLabel: "third" }).wrap(key.slice(), CONTEXT), { codes: ["WRAPPING_KEY_GONE"] });
  await claimRefused("no such token", () => pkcs11Wrap({ ...options, tokenLabel: "other" }).unwrap(payload, CONTEXT), { codes: ["STORE_UNAVAILABLE"] });
  await claimRefused("no such library", () => pkcs11Wrap({ ...options, library: "/no/such/library.so" }).unwrap(payload, CONTEXT), { codes: ["STORE_UNAVAILABLE"] });
  claimEqual(hex(await wrap.unwrap(payload, CONTEXT)), hex(key), "the key after all refusals");
  note("the countdown of PIN tries is simulated: SoftHSM does not lock");
}

/** The same library, whose token says that it has few PIN tries left. */
function withFlags(pkcs11js: Pkcs11WrapOptions["pkcs11js"], flags: number): object {
  const Real = pkcs11js.PKCS11 as new () => { load(path: string): void; C_GetTokenInfo(slot: unknown): { label: string; flags: number } };
  class Counting extends Real {
    override load(path: string): void {
      super.load(path.slice(0, -1));
    }
    override C_GetTokenInfo(slot: unknown): { label: string; flags: number } {
      const info = super.C_GetTokenInfo(slot);
      return { ...info, flags: info.flags | flags };
    }
  }
  return { PKCS11: Counting, CK_PARAMS_AES_GCM_v240: pkcs11js.CK_PARAMS_AES_GCM_v240 };
}

async function claimBound(wrap: KeyWrap, payload: string, key: Uint8Array): Promise<void> {
  claimEqual(hex(await wrap.unwrap(payload, CONTEXT)), hex(key), "the key");
  for (const other of [{ ...CONTEXT, databaseName: "other" }, { ...CONTEXT, keyId: "BAAAAAAAAAAAAAAAAAAAAA" }]) await claimRefused("another context", () => wrap.unwrap(payload, other), { codes: ["WRAP_REFUSED"] });
  for (const at of [0.2, 0.6, 0.99]) {
    const place = Math.floor(payload.length * at);
    const altered = `${payload.slice(0, place)}${payload[place] === "A" ? "B" : "A"}${payload.slice(place + 1)}`;
    await claimRefused(`a wrap altered at ${at * 100} percent`, () => wrap.unwrap(altered, CONTEXT), { codes: ["WRAP_REFUSED", "KEY_CORRUPT"] });
  }
}

/** TPM 2.0 over swtpm. */
export function tpm2Binding(): KeyStoreBinding | NotHere {
  const missing = missingPrograms("swtpm is tried on Linux", { swtpm: "swtpm", tpm2_create: "tpm2-tools", tpm2_pcrextend: "tpm2-tools" });
  if (missing !== undefined) return missing;
  const version = /\d[\d.]*/u.exec(spawnSync("swtpm", ["--version"], { encoding: "utf8" }).stdout)?.[0] ?? "";
  return {
    name: "wrap: TPM 2.0",
    kind: "real",
    description: `tpm2-tools over a TPM in software (swtpm ${version}), over the store in memory, Node ${process.versions.node}`,
    backend: "memory",
    isWrap: true,
    isSlow: true,
    inspect: show,
    openHome: tpm2Home,
    ownCases: { 51: tpm2Case },
  };
}

interface SoftwareTpm {
  readonly tcti: string;
  stop(): void;
}

async function startTpm(): Promise<SoftwareTpm> {
  const { folder, remove } = temporaryFolder();
  const socket = join(folder, "tpm");
  const options = ["socket", "--tpm2", "--tpmstate", `dir=${folder}`, "--server", `type=unixio,path=${socket}`, "--ctrl", `type=unixio,path=${socket}.ctrl`, "--flags", "not-need-init,startup-clear"];
  const child = spawn("swtpm", options, { stdio: "ignore" });
  for (let tries = 0; !existsSync(`${socket}.ctrl`) || !existsSync(socket); tries += 1) {
    if (tries > 500) throw new Error("swtpm does not listen");
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  return {
    tcti: `swtpm:path=${socket}`,
    stop() {
      child.kill("SIGKILL");
      remove();
    },
  };
}

type TpmHome = KeyStoreHome & { readonly tcti: string };

async function tpm2Home(): Promise<TpmHome> {
  const tpm = await startTpm();
  const home = memoryHome([tpm2Wrap({ tcti: tpm.tcti })]);
  return { ...home, tcti: tpm.tcti, cleanUp: async () => tpm.stop() };
}

async function tpm2Case({ home, note }: CaseContext): Promise<void> {
  const { tcti } = home as TpmHome;
  const key = seededBytes(51, 64);
  const wrap = tpm2Wrap({ tcti });
  const payload = await wrap.wrap(key.slice(), CONTEXT);
  await claimBound(wrap, payload, key);

  const guarded = await tpm2Wrap({ tcti, auth: "right" }).wrap(key.slice(), CONTEXT);
  claimEqual(hex(await tpm2Wrap({ tcti, auth: "right" }).unwrap(guarded, CONTEXT)), hex(key), "the key under an authorization value");
  const wrong = tpm2Wrap({ tcti, auth: "wrong" });
  const first = await claimRefused("a wrong authorization value", () => wrong.unwrap(guarded, CONTEXT), { codes: ["AUTH_WRONG"] });
  const again = await claimRefused("the same wrong value", () => wrong.unwrap(guarded, CONTEXT), { codes: ["AUTH_WRONG"] });
  claimEqual([first.cause !== undefined, again.cause !== undefined], [true, false], "whether the TPM was asked at the first and at the second try");

  const measured = await tpm2Wrap({ tcti, pcrs: "sha256:16" }).wrap(key.slice(), CONTEXT);
  claimEqual(hex(await tpm2Wrap({ tcti, pcrs: "sha256:16" }).unwrap(measured, CONTEXT)), hex(key), "the key under an unchanged PCR");
  const { status } = spawnSync("tpm2_pcrextend", [`16:sha256=${"ab".repeat(32)}`], { env: { ...process.env, TPM2TOOLS_TCTI: tcti } });
  claimEqual(status, 0, "the PCR's extension");
  await claimRefused("a changed PCR", () => tpm2Wrap({ tcti, pcrs: "sha256:16" }).unwrap(measured, CONTEXT), { codes: ["AUTH_INVALIDATED"] });

  const other = await startTpm();
  try {
    await claimRefused("another TPM", () => tpm2Wrap({ tcti: other.tcti }).unwrap(payload, CONTEXT), { codes: ["WRAP_REFUSED"] });
  } finally {
    other.stop();
  }
  await claimRefused("no TPM", () => tpm2Wrap({ tcti: other.tcti }).unwrap(payload, CONTEXT), { codes: ["STORE_UNAVAILABLE"] });
  await claimRefused("no key at the handle", () => tpm2Wrap({ tcti, parentHandle: "0x81000001" }).wrap(key.slice(), CONTEXT), { codes: ["WRAPPING_KEY_GONE"] });
  claimEqual(hex(await wrap.unwrap(payload, CONTEXT)), hex(key), "the key after all refusals");
  note("no real chip: PCR 16 was extended; a lockout was not provoked");
}
