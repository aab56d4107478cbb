/**
 * Database keys under a TPM 2.0, through the commands of tpm2-tools.
 *
 * A random key of 32 bytes is sealed inside the TPM, for this TPM alone and on request for a state of the machine (PCRs); the database key stands under it in
 * AES-256-GCM, with database and key id as the additional data, which a TPM's sealed object could not bind.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contextBytes, KEY_BYTES, KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreErrorCode, KeyWrap, WrapContext } from "@holdfast/key-store";
import { runCommand } from "./node-run-command.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import { takeKey } from "./service-call.ts";

/** Which TPM, and what the key is bound to. */
export interface Tpm2WrapOptions {
  /** How tpm2-tools reach the TPM, such as "device:/dev/tpmrm0". Default: theirs. */
  readonly tcti?: string;
  /** Persistent handle of a storage key, such as "0x81000001". Default: a primary key that is made anew from the TPM's seed each time. */
  readonly parentHandle?: string;
  /** PCRs that must be as they were, such as "sha256:7" (Secure Boot's state). A firmware update can change them: keep a second wrap. */
  readonly pcrs?: string;
  /** Authorization value of the sealed object. A value that was refused is never tried again. */
  readonly auth?: string | (() => string | Promise<string>);
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_BYTES = 32;

/** A wrap of kind "tpm2". */
export function tpm2Wrap(options: Tpm2WrapOptions = {}): KeyWrap {
  checkOptions(options);
  let refused: string | undefined;
  const askAuth = async (): Promise<string | undefined> => {
    const auth = typeof options.auth === "function" ? await options.auth() : options.auth;
    if (auth !== undefined && auth === refused) throw new KeyStoreError("AUTH_WRONG", "this authorization value was refused before and is not tried again: a TPM locks itself after some wrong ones");
    return auth;
  };
  return {
    kind: "tpm2",
    async wrap(key, context) {
      const wrappingKey = Uint8Array.from(randomBytes(SEALED_BYTES));
      const { publicPart, privatePart } = await inFolder(options, await askAuth(), (tpm) => tpm.seal(wrappingKey));
      const nonce = Uint8Array.from(randomBytes(NONCE_BYTES));
      const version = options.pcrs ?? "";
      const cipher = createCipheriv("aes-256-gcm", wrappingKey, nonce).setAAD(additionalData(context, version, publicPart, privatePart));
      const sealed = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]);
      wrappingKey.fill(0);
      return encodePayload({ version, parts: [publicPart, privatePart, Uint8Array.from(nonce), Uint8Array.from(sealed)] });
    },
    async unwrap(payload, context) {
      const { version, parts } = decodePayload(payload, 4);
      const [publicPart, privatePart, nonce, sealed] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      if (nonce.length !== NONCE_BYTES || sealed.length !== KEY_BYTES + TAG_BYTES) throw new KeyStoreError("KEY_CORRUPT", "the wrap does not have its length");
      if (version !== "" && !PCRS.test(version)) throw new KeyStoreError("KEY_CORRUPT", "the wrap names PCRs that cannot be some");
      const auth = await askAuth();
      // The PCRs of the wrap, not of the options: those may have changed since.
      const wrappingKey = await inFolder({ ...options, pcrs: version }, auth, (tpm) => tpm.unseal(publicPart, privatePart)).catch((error: unknown) => {
        if ((error as KeyStoreError).code === "AUTH_WRONG") refused = auth;
        throw error;
      });
      try {
        return openSealed(wrappingKey, { nonce, sealed, additional: additionalData(context, version, publicPart, privatePart) });
      } finally {
        wrappingKey.fill(0);
      }
    },
  };
}

const PCRS = /^[a-z0-9_]{3,12}:\d{1,2}(?:,\d{1,2})*(?:\+[a-z0-9_]{3,12}:\d{1,2}(?:,\d{1,2})*)*$/u;

function checkOptions({ pcrs, parentHandle, auth }: Tpm2WrapOptions): void {
  if (pcrs !== undefined && !PCRS.test(pcrs)) throw new KeyStoreError("UNSUPPORTED_OPTION", 'pcrs has the form "sha256:7" or "sha256:0,2,7"');
  if (parentHandle !== undefined && !/^0x81[0-9a-f]{6}$/iu.test(parentHandle)) throw new KeyStoreError("UNSUPPORTED_OPTION", 'parentHandle has the form "0x81000001"');
  if (pcrs !== undefined && auth !== undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", "pcrs and auth together are not supported: the object would be released by its PCRs alone");
}

/** The sealed object is bound, too: tools forgive changes in its outer frame. */
function additionalData(context: WrapContext, version: string, publicPart: Uint8Array, privatePart: Uint8Array): Buffer {
  const lengths = new TextEncoder().encode(`\n${version}\n${publicPart.length}\n${privatePart.length}\n`);
  return Buffer.concat([contextBytes("tpm2", context), lengths, publicPart, privatePart]);
}

function openSealed(wrappingKey: Uint8Array, { nonce, sealed, additional }: { nonce: Uint8Array; sealed: Uint8Array; additional: Uint8Array }): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", wrappingKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additional).setAuthTag(sealed.subarray(KEY_BYTES));
  try {
    return takeKey(Buffer.concat([decipher.update(sealed.subarray(0, KEY_BYTES)), decipher.final()]), "the TPM");
  } catch {
    throw new KeyStoreError("WRAP_REFUSED", "the wrap was altered, or belongs to another database");
  }
}

/** The commands, in a folder of their own. */
class TpmCommands {
  readonly #options: Tpm2WrapOptions;
  readonly #folder: string;
  readonly #hasAuth: boolean;

  constructor(options: Tpm2WrapOptions, folder: string, auth: string | undefined) {
    this.#options = options;
    this.#folder = folder;
    this.#hasAuth = auth !== undefined;
    // Beside `-i-`, which takes the standard input; the folder is the user's alone.
    if (auth !== undefined) writeFileSync(join(folder, "auth"), auth, { mode: 0o600 });
  }

  async seal(wrappingKey: Uint8Array): Promise<{ publicPart: Uint8Array; privatePart: Uint8Array }> {
    const parent = await this.#parent();
    await this.#run("tpm2_create", ["-Q", "-C", parent, "-g", "sha256", "-u", "public", "-r", "private", "-i", "-", ...(await this.#binding())], wrappingKey);
    return { publicPart: this.#read("public"), privatePart: this.#read("private") };
  }

  /** What releases the object: the PCRs alone (`userwithauth` would open it to an empty authorization beside them), the authorization value, or being on this TPM. */
  async #binding(): Promise<string[]> {
    const { pcrs } = this.#options;
    if (pcrs !== undefined && pcrs !== "") return ["-a", "fixedtpm|fixedparent|adminwithpolicy", "-L", await this.#policy(pcrs)];
    return this.#hasAuth ? ["-p", "file:auth"] : ["-a", "fixedtpm|fixedparent|userwithauth|noda"];
  }

  async unseal(publicPart: Uint8Array, privatePart: Uint8Array): Promise<Uint8Array> {
    writeFileSync(join(this.#folder, "public"), publicPart, { mode: 0o600 });
    writeFileSync(join(this.#folder, "private"), privatePart, { mode: 0o600 });
    const parent = await this.#parent();
    await this.#run("tpm2_load", ["-Q", "-C", parent, "-u", "public", "-r", "private", "-c", "object"]);
    const { pcrs } = this.#options;
    const release = pcrs !== undefined && pcrs !== "" ? ["-p", `pcr:${pcrs}`] : this.#hasAuth ? ["-p", "file:auth"] : [];
    const output = await this.#run("tpm2_unseal", ["-Q", "-c", "object", ...release]);
    if (output.length !== SEALED_BYTES) throw new KeyStoreError("KEY_CORRUPT", "the TPM has released something else than a key of ours");
    const key = Uint8Array.from(output);
    output.fill(0);
    return key;
  }

  async #parent(): Promise<string> {
    const { parentHandle } = this.#options;
    if (parentHandle !== undefined) return parentHandle;
    await this.#run("tpm2_createprimary", ["-Q", "-C", "o", "-g", "sha256", "-G", "ecc256:aes128cfb", "-c", "primary"]);
    return "primary";
  }

  async #policy(pcrs: string): Promise<string> {
    await this.#run("tpm2_createpolicy", ["-Q", "--policy-pcr", "-l", pcrs, "-L", "policy"]);
    return "policy";
  }

  async #run(program: string, options: readonly string[], input?: Uint8Array): Promise<Buffer> {
    const first = await this.#start(program, options, input);
    // Without a resource manager (the kernel's /dev/tpmrm0 is one) what earlier commands loaded fills the TPM's few places.
    const isFull = !first.isOk && /0x902/u.test(first.complaints);
    if (isFull) await this.#start("tpm2_flushcontext", ["-t"]);
    const { isOk, output, complaints } = isFull ? await this.#start(program, options, input) : first;
    if (isOk) return output;
    throw tpmError(program, complaints);
  }

  #start(program: string, options: readonly string[], input?: Uint8Array): ReturnType<typeof runCommand> {
    const { tcti, timeoutMs = TIMEOUT_MS } = this.#options;
    const environment = { ...process.env, TSS2_LOG: "all+error", ...(tcti === undefined ? {} : { TPM2TOOLS_TCTI: tcti }) };
    return runCommand({ program, options, folder: this.#folder, timeoutMs, environment, ...(input === undefined ? {} : { input }) });
  }

  #read(name: string): Uint8Array {
    return Uint8Array.from(readFileSync(join(this.#folder, name)));
  }
}

async function inFolder<Result>(options: Tpm2WrapOptions, auth: string | undefined, action: (tpm: TpmCommands) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(process.env["XDG_RUNTIME_DIR"] ?? tmpdir(), "holdfast-tpm2-"));
  try {
    return await action(new TpmCommands(options, folder, auth));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What tpm2-tools 5 print; the numbers are TPM 2.0's response codes. */
const KNOWN: readonly { readonly text: RegExp; readonly code: KeyStoreErrorCode; readonly advice: string }[] = [
  { text: /integrity check failed|0x1DF|0x01DF/iu, code: "WRAP_REFUSED", advice: "another TPM, a cleared TPM, or an altered wrap: the second wrap or the recovery text opens the database" },
  { text: /policy check failed|PolicyPCR|0x99D|pcr have changed|0x128/iu, code: "AUTH_INVALIDATED", advice: "the measured state of this machine (PCRs) is not the one that the key was sealed for: the second wrap or the recovery text opens the database, then rewrap" },
  { text: /lockout mode|0x921|DA lockout/iu, code: "AUTH_LOCKED", advice: "the TPM is in lockout after wrong authorizations: wait, or clear it with the lockout authorization" },
  { text: /authorization (?:HMAC )?(?:check )?fail|auth(?:orization)? failure|0x98E|0x9A2|0x22/iu, code: "AUTH_WRONG", advice: "the authorization value is wrong. It was tried once and is not tried again." },
  { text: /structure is the wrong size|unmarshal|0x1D5|0x95|0x2D5|insufficient|out of range|wrong size|Error unserializing|not a valid|type of the value is not appropriate|unsupported or incompatible|Failed to open|reserved bits/iu, code: "WRAP_REFUSED", advice: "the wrap was altered" },
  { text: /handle is not correct|0x18B|no handle|handle .* does not exist/iu, code: "WRAPPING_KEY_GONE", advice: "there is no key at the parent handle" },
  { text: /tcti|Failed to connect|No such file or directory|Permission denied|IO failure|Could not load/iu, code: "STORE_UNAVAILABLE", advice: "no TPM answers: is there one, and is this user in its group (tss)?" },
];

function tpmError(program: string, complaints: string): KeyStoreError {
  const known = KNOWN.find(({ text }) => text.test(complaints));
  const cause = new Error(complaints.trim().slice(0, 1000));
  if (known === undefined) return new KeyStoreError("IO", `${program} has failed`, { cause });
  return new KeyStoreError(known.code, `${program}: ${known.advice}`, { cause });
}
