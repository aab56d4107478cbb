/**
 * Wrong, missing and superfluous keys: refused as what they are, told from damage, and no file is changed by it.
 *
 * @module
 */
import { claim, claimRefused, keyLeakIn, type Refusal } from "../claims.ts";
import { itemDifference, SCHEMA } from "../content.ts";
import { claimContent, claimUnchanged, configurationOf, folderOf, folderState, makeRealm } from "../opening.ts";
import { need } from "../platform.ts";
import { seededBytes } from "../random.ts";
import type { RealmConfiguration } from "../realm-api.ts";
import { amountFor, type Suite, type SuiteContext } from "../suite.ts";

/** A key that a file must not open with. */
interface Attempt {
  readonly what: string;
  readonly key: Uint8Array | undefined;
  readonly refusal: Refusal;
}

const ITEM_COUNT = 20;

/** The suite. */
export const refusedKeys: Suite = {
  name: "refused-keys",
  title: "Wrong, missing and superfluous key",
  forms: ["plain", "encrypted"],
  needs: ["files"],
  async run(context) {
    for (const attempt of attemptsOf(context.key)) await checkAttempt(context, attempt);
    await checkAlreadyOpen(context);
    await checkDamageIsNoWrongKey(context);
    await checkForeignFiles(context);
  },
};

function attemptsOf(key: Uint8Array | undefined): Attempt[] {
  const other = seededBytes(0xbad, 64);
  if (key === undefined) {
    const superfluous: Refusal = { codes: ["KEY_SUPERFLUOUS"], message: /Attempt to open unencrypted file with encryption key/ };
    return [{ what: "a key for a plain file", key: other, refusal: superfluous }];
  }
  const wrong: Refusal = { codes: ["KEY_WRONG"], message: /Realm file decryption failed/ };
  const missing: Refusal = { codes: ["KEY_MISSING"], message: /header has invalid mnemonic/ };
  const attempts: Attempt[] = [
    { what: "another key", key: other, refusal: wrong },
    { what: "a key of zeros", key: new Uint8Array(64), refusal: wrong },
    { what: "a wrong first half", key: Uint8Array.from([...other.subarray(0, 32), ...key.subarray(32)]), refusal: wrong },
    { what: "a wrong second half", key: Uint8Array.from([...key.subarray(0, 32), ...other.subarray(32)]), refusal: wrong },
    { what: "exchanged halves", key: Uint8Array.from([...key.subarray(32), ...key.subarray(0, 32)]), refusal: wrong },
    { what: "no key", key: undefined, refusal: missing },
  ];
  for (const index of [0, 31, 32, 63]) {
    const flipped = key.slice();
    flipped[index] = (flipped[index] ?? 0) ^ 1;
    attempts.push({ what: `one bit wrong in byte ${index}`, key: flipped, refusal: wrong });
  }
  return attempts;
}

async function checkAttempt(context: SuiteContext, { what, key, refusal }: Attempt): Promise<void> {
  const { platform } = context;
  await context.check(`${what}: refused by every entrance, no file changed, no key byte shown`, async (path) => {
    makeRealm(platform, path, context.key, ITEM_COUNT);
    const before = folderState(platform, folderOf(path));
    for (const [entrance, open] of entrances(context, path, key)) {
      const error = await claimRefused(`${entrance} with ${what}`, open, refusal);
      const shown = `${error.message}\n${String(error.stack)}\n${platform.inspect(error)}`;
      for (const secret of [key, context.key]) {
        const leak = secret === undefined || isAllZero(secret) ? undefined : keyLeakIn(shown, secret);
        claim(leak === undefined, `${entrance} with ${what}: the error shows ${leak}`);
      }
      claimUnchanged(platform, before, `${entrance} with ${what}`);
    }
    claimContent(platform, path, context.key, ITEM_COUNT);
  });
}

function entrances(context: SuiteContext, path: string, key: Uint8Array | undefined): [string, () => unknown][] {
  const { Realm } = context.platform;
  const configuration = configurationOf(path, key);
  const otherSchema: RealmConfiguration = {
    ...configuration,
    schema: [{ name: "Item", primaryKey: "_id", properties: { _id: "string" } }],
    deleteRealmIfMigrationNeeded: true,
  };
  return [
    ["new Realm", () => new Realm(configuration)],
    ["Realm.open", () => Realm.open(configuration)],
    ["a read-only open", () => new Realm({ ...configuration, readOnly: true })],
    ["Realm.schemaVersion", () => Realm.schemaVersion(path, key)],
    ["an open with deleteRealmIfMigrationNeeded", () => new Realm(otherSchema)],
    ["an open with a higher schema version", () => new Realm({ ...configuration, schemaVersion: 9, onMigration: () => {} })],
  ];
}

async function checkAlreadyOpen(context: SuiteContext): Promise<void> {
  const { platform, key } = context;
  await context.check("a path that is open is not opened with another key, and the open realm goes on", async (path) => {
    makeRealm(platform, path, key, ITEM_COUNT);
    const realm = new platform.Realm(configurationOf(path, key));
    try {
      const other = (): unknown => new platform.Realm(configurationOf(path, seededBytes(0xbad, 64)));
      await claimRefused("the second open", other, { message: /already opened with a different encryption key/ });
      if (key !== undefined) {
        const none = (): unknown => new platform.Realm({ path, schema: SCHEMA });
        await claimRefused("the second open without a key", none, { message: /already opened with a different encryption key/ });
      }
      claim(itemDifference(realm, ITEM_COUNT) === undefined, "the open realm has lost its content");
    } finally {
      realm.close();
    }
  });
}

/** With the right key, a changed byte is damage or harmless: never a wrong key, never wrong data. */
async function checkDamageIsNoWrongKey(context: SuiteContext): Promise<void> {
  const { platform, key } = context;
  const files = need(platform, "files");
  await context.check("a changed byte is found as damage or changes nothing that is read; it is never called a wrong key", (path) => {
    makeRealm(platform, path, key, ITEM_COUNT);
    const original = files.readBytes(path);
    const places = damagePlaces(context, original);
    let foundCount = 0;
    for (const place of places) {
      const damaged = original.slice();
      damaged[place] = (damaged[place] ?? 0) ^ (1 << context.random.below(8));
      const copy = platform.join(platform.temporaryFolder(), "damaged.realm");
      files.writeBytes(copy, damaged);
      if (isDamageFound(context, copy, place)) foundCount += 1;
    }
    context.figure("changed bytes found as damage", `${foundCount} of ${places.length} (the others lie where nothing is read)`);
    // Half of the places lie in bytes that are not zero; a check that finds none of them looks at nothing.
    claim(foundCount > 0, `none of ${places.length} changed bytes was found`);
  });
}

/** Places in the header, and anywhere that the file is not all zeros. */
function damagePlaces(context: SuiteContext, original: Uint8Array): number[] {
  const used: number[] = [];
  for (let place = 0; place < original.length; place += 1) if (original[place] !== 0) used.push(place);
  const places = [0, 8, 9, 16, 32];
  for (let index = 0; index < amountFor(context, { brief: 15, short: 60, long: 400 }); index += 1) {
    places.push(used[context.random.below(used.length)] ?? 0, context.random.below(4096));
  }
  return places;
}

function isDamageFound(context: SuiteContext, path: string, place: number): boolean {
  const { platform, key } = context;
  let difference: string | undefined;
  try {
    const realm = new platform.Realm(configurationOf(path, key));
    try {
      difference = itemDifference(realm, ITEM_COUNT);
    } finally {
      realm.close();
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "none";
    claim(!code.startsWith("KEY_"), `byte ${place} changed: reported as ${code} although the key is right`);
    claim(/^[A-Z_]+$/.test(code), `byte ${place} changed: the error has no code: ${String(error)}`);
    return true;
  }
  claim(difference === undefined, `byte ${place} changed: wrong data was given out: ${difference}`);
  return false;
}

async function checkForeignFiles(context: SuiteContext): Promise<void> {
  const { platform, key } = context;
  const files = need(platform, "files");
  for (const count of [10, 20_000]) {
    await context.check(`a foreign file of ${count} bytes is refused and stays as it was`, async (path) => {
      files.writeBytes(path, seededBytes(count, count));
      const before = folderState(platform, folderOf(path));
      const open = (): unknown => new platform.Realm({ ...configurationOf(path, key), deleteRealmIfMigrationNeeded: true });
      await claimRefused("the open", open, { codes: ["NOT_A_STORE"] });
      claimUnchanged(platform, before, "the refused open");
    });
  }
  await context.check("an empty file counts as a missing one", (path) => {
    files.writeBytes(path, new Uint8Array(0));
    makeRealm(platform, path, key, ITEM_COUNT);
    claimContent(platform, path, key, ITEM_COUNT);
  });
}

function isAllZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
