/**
 * Key validation: what is no key is refused before any file is touched, and every form of 64 bytes is one key.
 *
 * @module
 */
import { claim, claimEqual, claimRefused, keyLeakIn, type Refusal } from "../claims.ts";
import { claimContent, claimUnchanged, configurationOf, folderOf, folderState, makeRealm, withRealm } from "../opening.ts";
import { need } from "../platform.ts";
import { seededBytes } from "../random.ts";
import type { Suite, SuiteContext } from "../suite.ts";

/** A value that is no key, and what the refusal must say. */
interface Invalid {
  readonly what: string;
  readonly value: unknown;
  readonly refusal: Refusal;
}

const ITEM_COUNT = 3;

/** The suite. */
export const keyValidation: Suite = {
  name: "key-validation",
  title: "Key validation errors",
  forms: ["encrypted"],
  needs: ["files"],
  async run(context) {
    for (const invalid of invalidKeys()) await checkInvalid(context, invalid);
    for (const [what, value] of validForms(keyOf(context))) await checkValid(context, what, value);
    await checkOtherEntrances(context);
    await checkGenerated(context);
  },
};

function keyOf(context: SuiteContext): Uint8Array {
  if (context.key === undefined) throw new Error("this suite runs in the encrypted form");
  return context.key;
}

function invalidKeys(): Invalid[] {
  const type = (found: string): Refusal => ({
    message: new RegExp(`^Expected 'encryptionKey' on realm configuration to be an ArrayBuffer.*got ${found}`),
    isCallersMistake: true,
  });
  const size: Refusal = { message: /64 bytes/, isCallersMistake: true };
  const list: Refusal = { message: /64|255|integer/, isCallersMistake: true };
  const bytes = [...seededBytes(5, 64)];
  return [
    { what: "a string", value: "x".repeat(64), refusal: type("a string") },
    { what: "a number", value: 64, refusal: type("a number") },
    { what: "null", value: null, refusal: type("null") },
    { what: "a boolean", value: true, refusal: type("a boolean") },
    { what: "an object", value: { length: 64 }, refusal: type("an object") },
    ...[0, 1, 32, 63, 65, 128].map((count) => ({
      what: `${count} bytes`,
      value: seededBytes(count, count),
      refusal: size,
    })),
    { what: "an ArrayBuffer of 63 bytes", value: new ArrayBuffer(63), refusal: size },
    { what: "a DataView of 65 bytes", value: new DataView(new ArrayBuffer(65)), refusal: size },
    { what: "a Float64Array of 64 elements", value: new Float64Array(64), refusal: size },
    { what: "an empty list", value: [], refusal: list },
    { what: "a list of 63 integers", value: bytes.slice(1), refusal: list },
    { what: "a list of 65 integers", value: [...bytes, 1], refusal: list },
    { what: "a list with 256", value: [...bytes.slice(1), 256], refusal: list },
    { what: "a list with -1", value: [...bytes.slice(1), -1], refusal: list },
    { what: "a list with a fraction", value: [...bytes.slice(1), 1.5], refusal: list },
    { what: "a list with NaN", value: [...bytes.slice(1), Number.NaN], refusal: list },
    { what: "a list with a string", value: [...bytes.slice(1), "1"], refusal: list },
    { what: "a list with a hole", value: Object.assign(Array(64), bytes.slice(1)), refusal: list },
  ];
}

/** The views share a buffer with other bytes around them: a view's own bytes count. */
function validForms(key: Uint8Array): [string, unknown][] {
  const surrounded = new Uint8Array(96).fill(0xee);
  surrounded.set(key, 16);
  const { buffer } = surrounded;
  return [
    ["an ArrayBuffer", key.slice().buffer],
    ["a Uint8Array", key.slice()],
    ["a subarray", surrounded.subarray(16, 80)],
    ["an Int8Array", new Int8Array(buffer, 16, 64)],
    ["a DataView", new DataView(buffer, 16, 64)],
    ["a Float64Array of 8 elements", new Float64Array(buffer, 16, 8)],
    ["a list of 64 integers", [...key]],
  ];
}

async function checkInvalid(context: SuiteContext, { what, value, refusal }: Invalid): Promise<void> {
  const { platform } = context;
  await context.check(`${what} is refused as a key, and no file is made`, async (path) => {
    for (const [entrance, open] of [
      ["new Realm", () => new platform.Realm(configurationOf(path, value))],
      ["Realm.open", () => platform.Realm.open(configurationOf(path, value))],
    ] as const) {
      const error = await claimRefused(`${entrance} with ${what}`, open, refusal);
      if (ArrayBuffer.isView(value) && value.byteLength >= 32) claimNoLeak(context, error, value as Uint8Array);
      claimEqual(need(platform, "files").listFiles(folderOf(path)), [], `files after ${entrance}`);
    }
  });
  await context.check(`${what} is refused for an encrypted file, which stays as it was`, async (path) => {
    makeRealm(platform, path, keyOf(context), ITEM_COUNT);
    const before = folderState(platform, folderOf(path));
    await claimRefused(`new Realm with ${what}`, () => new platform.Realm(configurationOf(path, value)), refusal);
    claimUnchanged(platform, before, `new Realm with ${what}`);
    claimContent(platform, path, keyOf(context), ITEM_COUNT);
  });
}

async function checkValid(context: SuiteContext, what: string, value: unknown): Promise<void> {
  const { platform } = context;
  await context.check(`${what} is a key, the same as its bytes`, async (path) => {
    makeRealm(platform, path, value, ITEM_COUNT);
    claimContent(platform, path, keyOf(context), ITEM_COUNT);
    // The key is copied: an application may wipe its own bytes afterwards.
    const own = keyOf(context).slice();
    withRealm(platform, configurationOf(path, own), (realm) => {
      own.fill(0);
      realm.write(() => realm.create("Counter", { _id: "after", value: 1 }));
    });
    claimContent(platform, path, keyOf(context), ITEM_COUNT);
  });
}

async function checkOtherEntrances(context: SuiteContext): Promise<void> {
  const { platform } = context;
  const short = seededBytes(9, 63);
  const size: Refusal = { message: /64 bytes/, isCallersMistake: true };
  await context.check("Realm.schemaVersion refuses 63 bytes", async (path) => {
    makeRealm(platform, path, keyOf(context), ITEM_COUNT);
    await claimRefused("Realm.schemaVersion", () => platform.Realm.schemaVersion(path, short), size);
  });
  await context.check("writeCopyTo refuses 63 bytes and makes no file", async (path) => {
    makeRealm(platform, path, keyOf(context), ITEM_COUNT);
    const target = platform.join(platform.temporaryFolder(), "copy.realm");
    const realm = new platform.Realm(configurationOf(path, keyOf(context)));
    try {
      await claimRefused("writeCopyTo", () => realm.writeCopyTo({ path: target, encryptionKey: short }), size);
    } finally {
      realm.close();
    }
    claimEqual(need(platform, "files").listFiles(folderOf(target)), [], "files after writeCopyTo");
  });
  await context.check("Realm.rekey refuses 63 bytes and changes no file", async (path) => {
    makeRealm(platform, path, keyOf(context), ITEM_COUNT);
    const before = folderState(platform, folderOf(path));
    const rekey = (): void => platform.Realm.rekey({ path, encryptionKey: keyOf(context) }, short);
    await claimRefused("Realm.rekey", rekey, { message: /64 bytes/ });
    claimUnchanged(platform, before, "Realm.rekey");
  });
  await context.check("an in-memory realm refuses a key", async (path) => {
    const open = (): unknown => new platform.Realm({ ...configurationOf(path, keyOf(context)), inMemory: true });
    await claimRefused("new Realm", open, { message: /^Encryption is not supported for in-memory realms/ });
  });
}

async function checkGenerated(context: SuiteContext): Promise<void> {
  const { platform } = context;
  await context.check("a generated key has 64 bytes, opens a file and never comes twice", (path) => {
    const keys = Array.from({ length: 32 }, () => platform.Realm.generateEncryptionKey());
    for (const key of keys) claimEqual(key.byteLength, 64, "bytes of a generated key");
    claimEqual(new Set(keys.map(String)).size, keys.length, "different keys");
    // 2,048 random bytes leave out a value with probability 0.0003 each: fewer than 240 values is no CSPRNG.
    claim(new Set(keys.flatMap((key) => [...key])).size >= 240, "the generated bytes leave out many values");
    makeRealm(platform, path, keys[0], ITEM_COUNT);
    claimContent(platform, path, keys[0], ITEM_COUNT);
  });
}

function claimNoLeak(context: SuiteContext, error: Error, key: Uint8Array): void {
  const leak = keyLeakIn(`${error.message}\n${context.platform.inspect(error)}`, new Uint8Array(key.buffer, key.byteOffset, key.byteLength));
  claim(leak === undefined, `the error shows ${leak}`);
}
