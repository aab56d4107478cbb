/**
 * The steps about keys: what is refused, and how a database gets another key or none.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { type City, configure, withRealm } from "./model.ts";
import { countFound, hashOf } from "./raw-file.ts";
import { expect, say, step } from "./stage.ts";

/** The files and keys of the demo. */
export interface Files {
  readonly plain: string;
  readonly encrypted: string;
  readonly key: Uint8Array;
  /** A folder for copies. */
  readonly folder: string;
  /** Names that the data set has. */
  readonly names: readonly string[];
}

/** Wrong key, no key, and a key for a plain file: each refused with its reason, and no file is changed. */
export function refusalStep(files: Files): void {
  step("Opening it with the wrong key, without a key, and a plain file with a key");
  const { encrypted, plain, key } = files;
  const almost = Uint8Array.from(key);
  almost[63] = (almost[63] ?? 0) ^ 1;
  const attempts: readonly Attempt[] = [
    { what: "another key", path: encrypted, config: configure(encrypted, Realm.generateEncryptionKey()), code: "KEY_WRONG" },
    { what: "the key with one bit changed", path: encrypted, config: configure(encrypted, almost), code: "KEY_WRONG" },
    {
      what: "another key and deleteRealmIfMigrationNeeded",
      path: encrypted,
      config: { ...configure(encrypted, almost), schemaVersion: 9, deleteRealmIfMigrationNeeded: true },
      code: "KEY_WRONG",
    },
    { what: "no key", path: encrypted, config: configure(encrypted), code: "KEY_MISSING" },
    { what: "a key for the plain file", path: plain, config: configure(plain, key), code: "KEY_SUPERFLUOUS" },
  ];
  for (const attempt of attempts) refuse(attempt);
  say("after each attempt the file's SHA-256 was what it was before");
}

interface Attempt {
  readonly what: string;
  readonly path: string;
  readonly config: Realm.Configuration;
  readonly code: string;
}

function refuse({ what, path, config, code }: Attempt): void {
  const before = hashOf(path);
  const error = errorOf(() => new Realm(config).close());
  expect(error !== undefined, `${what} does not open the file`);
  expect(codeOf(error) === code, `${what} is refused with ${code}, not "${error.message}"`);
  expect(hashOf(path) === before, `${what} leaves the file as it was`);
  say(`${what}: ${code}`, `  ${error.message.replace(path, "…")}`);
}

/** Copies to plain and to another key, then changes the key in place. */
export function copyStep(files: Files): void {
  step("Copies: without a key, with another key; and a new key in place");
  const { encrypted, key, folder, names } = files;
  const otherKey = Realm.generateEncryptionKey();
  const plainCopy = `${folder}/copy-plain.realm`;
  const otherCopy = `${folder}/copy-other-key.realm`;
  const expected = withRealm(encrypted, key, (realm) => {
    realm.writeCopyTo({ path: plainCopy });
    realm.writeCopyTo({ path: otherCopy, encryptionKey: otherKey });
    const again = errorOf(() => realm.writeCopyTo({ path: plainCopy }));
    expect(again !== undefined && codeOf(again) === "TARGET_EXISTS", "a copy over an existing file is refused");
    return fingerprint(realm);
  });
  expect(withRealm(plainCopy, undefined, fingerprint) === expected, "the plain copy holds the same cities");
  expect(withRealm(otherCopy, otherKey, fingerprint) === expected, "the copy under another key holds the same cities");
  expect(errorOf(() => withRealm(otherCopy, key, fingerprint)) !== undefined, "the old key does not open that copy");
  say(
    `plain copy: ${countFound(plainCopy, names)} of ${names.length} names are readable in it`,
    `copy under another key: ${countFound(otherCopy, names)} of ${names.length}`,
  );
  expect(countFound(otherCopy, names) === 0, "no name is readable in the copy under another key");
  rekey({ path: otherCopy, key: otherKey, expected });
}

function rekey({ path, key, expected }: { readonly path: string; readonly key: Uint8Array; readonly expected: string }): void {
  const newKey = Realm.generateEncryptionKey();
  const before = performance.now();
  Realm.rekey(configure(path, key), newKey);
  const spentMs = performance.now() - before;
  const error = errorOf(() => withRealm(path, key, fingerprint));
  expect(error !== undefined && codeOf(error) === "KEY_WRONG", "after the re-key the old key is refused");
  expect(withRealm(path, newKey, fingerprint) === expected, "after the re-key the new key opens the same cities");
  say(`re-keyed in place in ${spentMs.toFixed(0)} ms: the old key is refused, the new one opens`);
}

/** Something that differs when any city does. */
function fingerprint(realm: Realm): string {
  let sum = 0;
  const cities = realm.objects<City>("City");
  for (const city of cities) sum = (sum * 31 + city._id + city.name.length * 7 + (city.name.codePointAt(0) ?? 0)) % 1_000_000_007;
  return `${cities.length}:${sum}`;
}

function errorOf(work: () => unknown): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}
