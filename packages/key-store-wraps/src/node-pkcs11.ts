/**
 * Database keys under an AES key inside a PKCS#11 token: an HSM, a smart card, SoftHSM.
 *
 * AES-256-GCM in the token (PKCS #11 v2.40, 2.12.3), with database and key id as the additional data. The key never leaves the token. The calls are
 * synchronous: the token answers before the program goes on.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { contextBytes, KEY_BYTES, KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreErrorCode, KeyWrap } from "@holdfast/key-store";
import { decodePayload, encodePayload } from "./payload.ts";
import { takeKey } from "./service-call.ts";

type Handle = Uint8Array;
type Template = { type: number; value: number | string | boolean | Uint8Array }[];
interface Mechanism {
  mechanism: number;
  parameter: unknown;
}

/** The part of a `PKCS11` of `pkcs11js` that is used. */
export interface Pkcs11 {
  load(path: string): void;
  C_Initialize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { readonly label: string; readonly flags: number };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin: string): void;
  C_Logout(session: Handle): void;
  C_FindObjectsInit(session: Handle, template: Template): void;
  C_FindObjects(session: Handle, count: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Encrypt(session: Handle, input: Uint8Array, output: Uint8Array): Uint8Array;
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Decrypt(session: Handle, input: Uint8Array, output: Uint8Array): Uint8Array;
}

/** Which token and key, and how to log in. */
export interface Pkcs11WrapOptions {
  /** `import pkcs11js from "pkcs11js"`, or what has its class `PKCS11`. */
  readonly pkcs11js: { readonly PKCS11: new () => unknown; readonly CK_PARAMS_AES_GCM_v240: number };
  /** Path of the token's library, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string;
  readonly tokenLabel: string;
  /** Label of an AES key of 256 bits, of which the token has exactly one. */
  readonly keyLabel: string;
  /** Keys that wrapped before; a wrap says by which one it was made. */
  readonly formerKeyLabels?: readonly string[];
  /** Asked for at each use. A PIN that was refused is never tried again. */
  readonly pin: string | (() => string | Promise<string>);
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
// Numbers of PKCS #11 v2.40.
const CKF_SERIAL_SESSION = 4;
const CKU_USER = 1;
const CKA = { CLASS: 0, LABEL: 3 } as const;
const CKO_SECRET_KEY = 4;
const CKM_AES_GCM = 0x1087;
const CKF_USER_PIN_FINAL_TRY = 0x20000;
const CKF_USER_PIN_LOCKED = 0x40000;
const CKR_USER_ALREADY_LOGGED_IN = 0x100;
const CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191;

/** Libraries by path: a process may load and initialize each once. */
const LOADED = new Map<string, Pkcs11>();

/** A wrap of kind "pkcs11". */
export function pkcs11Wrap(options: Pkcs11WrapOptions): KeyWrap {
  const { keyLabel, formerKeyLabels = [] } = options;
  const pins = new PinGuard(options.pin);
  return {
    kind: "pkcs11",
    async wrap(key, context) {
      const iv = Uint8Array.from(randomBytes(IV_BYTES));
      const sealed = await withToken(options, pins, (token) => token.encrypt(keyLabel, gcm(options, iv, contextBytes("pkcs11", context)), key));
      return encodePayload({ version: keyLabel, parts: [iv, sealed] });
    },
    async unwrap(payload, context) {
      const { version, parts } = decodePayload(payload, 2);
      const [iv, sealed] = parts as [Uint8Array, Uint8Array];
      if (![keyLabel, ...formerKeyLabels].includes(version)) throw new KeyStoreError("WRAP_REFUSED", "the wrap was made by another key of the token: name it in formerKeyLabels");
      if (iv.length !== IV_BYTES || sealed.length !== KEY_BYTES + TAG_BYTES) throw new KeyStoreError("KEY_CORRUPT", "the wrap does not have its length");
      return takeKey(await withToken(options, pins, (token) => token.decrypt(version, gcm(options, iv, contextBytes("pkcs11", context)), sealed)), "the token");
    },
  };
}

/** Remembers a PIN that was refused, so that no retry of the program can lock the token. */
class PinGuard {
  readonly #source: Pkcs11WrapOptions["pin"];
  #refused: string | undefined;

  constructor(source: Pkcs11WrapOptions["pin"]) {
    this.#source = source;
  }

  async ask(): Promise<string> {
    const pin = typeof this.#source === "string" ? this.#source : await this.#source();
    if (typeof pin !== "string" || pin === "") throw new KeyStoreError("USER_CANCELED", "no PIN was given");
    if (pin === this.#refused) throw new KeyStoreError("AUTH_WRONG", "this PIN was refused before and is not tried again: a token locks itself after few wrong ones");
    return pin;
  }

  refuse(pin: string): void {
    this.#refused = pin;
  }
}

/** An open, logged-in session. */
class TokenSession {
  readonly #pkcs11: Pkcs11;
  readonly #session: Handle;

  constructor(pkcs11: Pkcs11, session: Handle) {
    this.#pkcs11 = pkcs11;
    this.#session = session;
  }

  encrypt(label: string, mechanism: Mechanism, key: Uint8Array): Uint8Array {
    this.#pkcs11.C_EncryptInit(this.#session, mechanism, this.#find(label));
    return Uint8Array.from(this.#pkcs11.C_Encrypt(this.#session, Buffer.from(key), Buffer.alloc(key.length + TAG_BYTES)));
  }

  decrypt(label: string, mechanism: Mechanism, sealed: Uint8Array): Uint8Array {
    const key = this.#find(label);
    this.#pkcs11.C_DecryptInit(this.#session, mechanism, key);
    try {
      return this.#pkcs11.C_Decrypt(this.#session, Buffer.from(sealed), Buffer.alloc(sealed.length));
    } catch (error) {
      // Tokens differ in the code for a tag that does not fit; SoftHSM says CKR_GENERAL_ERROR.
      if (DECRYPT_REFUSED.has((error as { code?: number }).code ?? -1)) throw new KeyStoreError("WRAP_REFUSED", "the token: the wrap was altered, belongs to another database, or was made by another key", { cause: plain(error) });
      throw error;
    }
  }

  #find(label: string): Handle {
    this.#pkcs11.C_FindObjectsInit(this.#session, [{ type: CKA.CLASS, value: CKO_SECRET_KEY }, { type: CKA.LABEL, value: label }]);
    const found = this.#pkcs11.C_FindObjects(this.#session, 2);
    this.#pkcs11.C_FindObjectsFinal(this.#session);
    if (found.length > 1) throw new KeyStoreError("AMBIGUOUS", `the token has several secret keys with the label "${label}"`);
    if (found[0] === undefined) throw new KeyStoreError("WRAPPING_KEY_GONE", `the token has no secret key with the label "${label}"`);
    return found[0];
  }
}

async function withToken<Result>(options: Pkcs11WrapOptions, pins: PinGuard, action: (token: TokenSession) => Result): Promise<Result> {
  const pin = await pins.ask();
  try {
    return useToken(options, { pin, refuse: () => pins.refuse(pin) }, action);
  } catch (error) {
    throw pkcs11Error(error);
  }
}

function useToken<Result>({ pkcs11js, library, tokenLabel }: Pkcs11WrapOptions, login: { readonly pin: string; refuse(): void }, action: (token: TokenSession) => Result): Result {
  const pkcs11 = load(pkcs11js, library);
  const slot = findSlot(pkcs11, tokenLabel);
  const session = pkcs11.C_OpenSession(slot, CKF_SERIAL_SESSION);
  try {
    const isOurLogin = logIn(pkcs11, session, login);
    try {
      return action(new TokenSession(pkcs11, session));
    } finally {
      if (isOurLogin) pkcs11.C_Logout(session);
    }
  } finally {
    pkcs11.C_CloseSession(session);
  }
}

function load(pkcs11js: Pkcs11WrapOptions["pkcs11js"], library: string): Pkcs11 {
  const loaded = LOADED.get(library);
  if (loaded !== undefined) return loaded;
  const pkcs11 = new pkcs11js.PKCS11() as Pkcs11;
  try {
    pkcs11.load(library);
  } catch (error) {
    throw new KeyStoreError("STORE_UNAVAILABLE", `the token's library ${library} cannot be loaded`, { cause: plain(error) });
  }
  try {
    pkcs11.C_Initialize();
  } catch (error) {
    if ((error as { code?: number }).code !== CKR_CRYPTOKI_ALREADY_INITIALIZED) throw error;
  }
  LOADED.set(library, pkcs11);
  return pkcs11;
}

function findSlot(pkcs11: Pkcs11, tokenLabel: string): Handle {
  const slots = pkcs11.C_GetSlotList(true).filter((slot) => pkcs11.C_GetTokenInfo(slot).label.trim() === tokenLabel);
  if (slots.length > 1) throw new KeyStoreError("AMBIGUOUS", `several tokens have the label "${tokenLabel}"`);
  const [slot] = slots;
  if (slot === undefined) throw new KeyStoreError("STORE_UNAVAILABLE", `there is no token with the label "${tokenLabel}"`);
  const { flags } = pkcs11.C_GetTokenInfo(slot);
  if ((flags & CKF_USER_PIN_LOCKED) !== 0) throw new KeyStoreError("AUTH_LOCKED", "the token has locked its PIN");
  if ((flags & CKF_USER_PIN_FINAL_TRY) !== 0) throw new KeyStoreError("AUTH_LOCKED", "one more wrong PIN would lock the token: it is not tried here. Log in once with the token's own tool.");
  return slot;
}

/** @returns False if somebody in this process was logged in already. */
function logIn(pkcs11: Pkcs11, session: Handle, { pin, refuse }: { readonly pin: string; refuse(): void }): boolean {
  try {
    pkcs11.C_Login(session, CKU_USER, pin);
    return true;
  } catch (error) {
    const { code } = error as { code?: number };
    if (code === CKR_USER_ALREADY_LOGGED_IN) return false;
    if (code !== undefined && PIN_REFUSED.has(code)) refuse();
    throw error;
  }
}

function gcm({ pkcs11js }: Pkcs11WrapOptions, iv: Uint8Array, additional: Uint8Array): Mechanism {
  const parameter = { type: pkcs11js.CK_PARAMS_AES_GCM_v240, iv: Buffer.from(iv), ivBits: iv.length * 8, aad: Buffer.from(additional), tagBits: TAG_BYTES * 8 };
  return { mechanism: CKM_AES_GCM, parameter };
}

/** CKR_GENERAL_ERROR, FUNCTION_FAILED, DATA_INVALID, DATA_LEN_RANGE, ENCRYPTED_DATA_INVALID, ENCRYPTED_DATA_LEN_RANGE, AEAD_DECRYPT_FAILED, SIGNATURE_INVALID. */
const DECRYPT_REFUSED: ReadonlySet<number> = new Set([0x5, 0x6, 0x20, 0x21, 0x40, 0x41, 0x42, 0xc0]);
/** CKR_PIN_INCORRECT, PIN_INVALID, PIN_LEN_RANGE. */
const PIN_REFUSED: ReadonlySet<number> = new Set([0xa0, 0xa1, 0xa2]);

const KNOWN: Readonly<Record<number, readonly [KeyStoreErrorCode, string]>> = {
  0xa0: ["AUTH_WRONG", "the PIN is wrong. It was tried once and is not tried again."],
  0xa1: ["AUTH_WRONG", "this is no PIN that the token can have"],
  0xa2: ["AUTH_WRONG", "the PIN has another length than the token's"],
  0xa3: ["AUTH_WRONG", "the PIN has expired: change it with the token's own tool"],
  0xa4: ["AUTH_LOCKED", "the token has locked its PIN"],
  0x3: ["STORE_UNAVAILABLE", "the token's slot is gone"],
  0x30: ["STORE_UNAVAILABLE", "the device has failed"],
  0x32: ["STORE_UNAVAILABLE", "the device was removed"],
  0xe0: ["STORE_UNAVAILABLE", "there is no token in the slot"],
  0xe1: ["STORE_UNAVAILABLE", "the token is not one that the library knows"],
  0x190: ["STORE_UNAVAILABLE", "another part of this program has ended the library"],
  0x68: ["WRAPPING_KEY_DISABLED", "the key may not encrypt or decrypt: its attributes forbid it"],
  0x63: ["WRAPPING_KEY_DISABLED", "the key is of a type that cannot do AES-GCM"],
  0x70: ["UNSUPPORTED_OPTION", "the token cannot do AES-GCM"],
};

function pkcs11Error(error: unknown): KeyStoreError {
  if ((error as Partial<Error>).name === "KeyStoreError") return error as KeyStoreError;
  const known = KNOWN[(error as { code?: number }).code ?? -1];
  if (known === undefined) return new KeyStoreError("IO", "the token has failed", { cause: plain(error) });
  return new KeyStoreError(known[0], `the token: ${known[1]}`, { cause: plain(error) });
}

function plain(error: unknown): Error {
  const { name, message, code } = error as { name?: string; message?: string; code?: number };
  return Object.assign(new Error(message ?? String(error)), { name: name ?? "Error" }, code === undefined ? {} : { code });
}
