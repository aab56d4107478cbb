/**
 * Copies and re-keying: every combination of plain, key and other key; nothing is replaced, and a kill leaves old or new.
 *
 * @module
 */
import { claim, claimEqual, claimRefused } from "../claims.ts";
import { SCHEMA } from "../content.ts";
import { claimContent, claimUnchanged, configurationOf, folderOf, folderState, makeRealm, withRealm } from "../opening.ts";
import { need } from "../platform.ts";
import { seededBytes } from "../random.ts";
import type { RealmConfiguration } from "../realm-api.ts";
import { amountFor, type Suite, type SuiteContext } from "../suite.ts";

/** A change of key; `undefined` stands for plain. */
interface Change {
  readonly what: string;
  readonly source: Uint8Array | undefined;
  readonly target: Uint8Array | undefined;
}

const ITEM_COUNT = 500;
const KEY = seededBytes(0xa11ce, 64);
const OTHER_KEY = seededBytes(0xb0b, 64);

const CHANGES: readonly Change[] = [
  { what: "plain to plain", source: undefined, target: undefined },
  { what: "plain to encrypted", source: undefined, target: KEY },
  { what: "encrypted to plain", source: KEY, target: undefined },
  { what: "key to the same key", source: KEY, target: KEY },
  { what: "key to another key", source: KEY, target: OTHER_KEY },
];

/** The suite. */
export const copyAndRekey: Suite = {
  name: "copy-and-rekey",
  title: "Copy and re-key",
  forms: ["plain and encrypted"],
  needs: ["files", "processes", "clocks"],
  async run(context) {
    for (const change of CHANGES) await checkCopy(context, change);
    await checkRefusedCopies(context);
    for (const change of CHANGES) await checkRekey(context, change);
    await checkRefusedRekeys(context);
    const rounds = amountFor(context, { brief: 1, short: 3, long: 20 });
    for (const change of CHANGES.slice(1)) if (change.source !== change.target) await checkKilledRekey(context, change, rounds);
    await checkKilledCopy(context, rounds);
  },
};

async function checkCopy(context: SuiteContext, { what, source, target }: Change): Promise<void> {
  const { platform } = context;
  await context.check(`writeCopyTo, ${what}: the copy is complete, opens with its key alone, and the source is untouched`, async (path) => {
    makeRealm(platform, path, source, ITEM_COUNT);
    const copy = platform.join(folderOf(path), "copy.realm");
    const before = folderState(platform, folderOf(path));
    withRealm(platform, configurationOf(path, source), (realm) => realm.writeCopyTo(configurationWith(copy, target)));
    claimContent(platform, copy, target, ITEM_COUNT);
    await claimOpensOnlyWith(context, copy, target);
    claimContent(platform, path, source, ITEM_COUNT);
    claimEqual(before.size > 0, true, "files before the copy");
  });
}

function configurationWith(path: string, key: Uint8Array | undefined): RealmConfiguration {
  return key === undefined ? { path } : { path, encryptionKey: key };
}

async function claimOpensOnlyWith(context: SuiteContext, path: string, key: Uint8Array | undefined): Promise<void> {
  const { Realm } = context.platform;
  for (const other of [undefined, KEY, OTHER_KEY]) {
    if (other === key) continue;
    const code = key === undefined ? "KEY_SUPERFLUOUS" : other === undefined ? "KEY_MISSING" : "KEY_WRONG";
    await claimRefused("an open with another key", () => new Realm(configurationOf(path, other)), { codes: [code] });
  }
}

async function checkRefusedCopies(context: SuiteContext): Promise<void> {
  const { platform } = context;
  for (const isPlainFile of [true, false]) {
    const there = isPlainFile ? "a realm" : "a foreign file";
    await context.check(`writeCopyTo refuses ${there} that is already there, and leaves it untouched`, async (path) => {
      makeRealm(platform, path, KEY, ITEM_COUNT);
      const copy = platform.join(folderOf(path), "copy.realm");
      if (isPlainFile) makeRealm(platform, copy, undefined, 5);
      else need(platform, "files").writeBytes(copy, seededBytes(1, 100));
      const before = folderState(platform, folderOf(path)).get(copy);
      const realm = new platform.Realm(configurationOf(path, KEY));
      try {
        for (const key of [undefined, KEY, OTHER_KEY]) {
          await claimRefused("writeCopyTo", () => realm.writeCopyTo(configurationWith(copy, key)), { codes: ["TARGET_EXISTS"] });
        }
      } finally {
        realm.close();
      }
      claimEqual(need(platform, "files").hash(copy), before, "the target's content");
      claimContent(platform, path, KEY, ITEM_COUNT);
    });
  }
  await context.check("writeCopyTo refuses its own path, an open transaction, a missing folder and a closed realm", async (path) => {
    makeRealm(platform, path, KEY, ITEM_COUNT);
    const copy = platform.join(folderOf(path), "copy.realm");
    const missing = platform.join(platform.join(folderOf(path), "missing"), "copy.realm");
    const realm = new platform.Realm(configurationOf(path, KEY));
    try {
      await claimRefused("writeCopyTo its own path", () => realm.writeCopyTo(configurationWith(path, KEY)), { codes: ["TARGET_EXISTS"] });
      await claimRefused("writeCopyTo a missing folder", () => realm.writeCopyTo(configurationWith(missing, KEY)), {});
      realm.beginTransaction();
      const message = /^Can only convert Realms outside a transaction/;
      await claimRefused("writeCopyTo in a transaction", () => realm.writeCopyTo(configurationWith(copy, KEY)), { message });
      realm.cancelTransaction();
    } finally {
      realm.close();
    }
    const closed = /^Cannot access realm that has been closed/;
    await claimRefused("writeCopyTo of a closed realm", () => realm.writeCopyTo(configurationWith(copy, KEY)), { message: closed });
    claim(!need(platform, "files").isPresent(copy), "a refused copy left a file");
    claimContent(platform, path, KEY, ITEM_COUNT);
  });
}

async function checkRekey(context: SuiteContext, change: Change): Promise<void> {
  const { platform } = context;
  await context.check(`Realm.rekey, ${change.what}: the file opens with the new key alone`, async (path) => {
    makeRealm(platform, path, change.source, ITEM_COUNT);
    platform.Realm.rekey(configurationWith(path, change.source), change.target);
    claimContent(platform, path, change.target, ITEM_COUNT);
    await claimOpensOnlyWith(context, path, change.target);
    // A re-keyed file is a file like any other: it is written to again.
    withRealm(platform, configurationOf(path, change.target), (realm) => {
      realm.write(() => realm.create("Counter", { _id: "after", value: 1 }));
    });
    claimContent(platform, path, change.target, ITEM_COUNT);
  });
}

async function checkRefusedRekeys(context: SuiteContext): Promise<void> {
  const { platform } = context;
  await context.check("Realm.rekey refuses a wrong, a missing and a superfluous old key, and changes nothing", async (path) => {
    for (const [source, given, code] of [
      [KEY, OTHER_KEY, "KEY_WRONG"],
      [KEY, undefined, "KEY_MISSING"],
      [undefined, KEY, "KEY_SUPERFLUOUS"],
    ] as const) {
      const file = platform.join(folderOf(path), `${code}.realm`);
      makeRealm(platform, file, source, ITEM_COUNT);
      const before = folderState(platform, folderOf(path));
      const rekey = (): void => platform.Realm.rekey(configurationWith(file, given), seededBytes(3, 64));
      await claimRefused(`Realm.rekey, ${code}`, rekey, { codes: [code] });
      claimUnchanged(platform, before, `Realm.rekey, ${code}`);
      claimContent(platform, file, source, ITEM_COUNT);
    }
  });
}

/** Kills a process at a random moment of its re-keying, and expects the old or the new key to open everything. */
async function checkKilledRekey(context: SuiteContext, change: Change, rounds: number): Promise<void> {
  const { platform, random } = context;
  const count = 4000;
  await context.check(`Realm.rekey, ${change.what}, killed ${rounds} times at random moments (seed ${random.seed}): old or new key opens all`, async (path) => {
    const outcomes = { old: 0, new: 0 };
    const wholeMs = await timeRekey(context, platform.join(folderOf(path), "whole.realm"), change, count);
    for (let round = 0; round < rounds; round += 1) {
      const file = platform.join(folderOf(path), `round-${round}.realm`);
      makeRealm(platform, file, change.source, count);
      const child = need(platform, "processes").start("rekey", rekeyValues(file, change));
      await child.waitForLine("ready");
      child.send("go");
      await child.waitForLine("started");
      // One kill in each part of the time: three of them at chance might all miss what lasts for half of it.
      await platform.sleep(((round + random.fraction()) / rounds) * 1.2 * wholeMs);
      await child.kill();
      const isNew = isOpenableWith(context, file, change.target);
      outcomes[isNew ? "new" : "old"] += 1;
      claimContent(platform, file, isNew ? change.target : change.source, count);
      if (child.lines.includes("done")) claim(isNew, "rekey had returned, but the old key opens the file");
    }
    context.figure(`killed re-key, ${change.what}`, `${outcomes.old} times the old key, ${outcomes.new} times the new one`);
  });
}

/** How long a re-keying that nobody kills takes: the kills are spread over this time. */
async function timeRekey(context: SuiteContext, path: string, change: Change, count: number): Promise<number> {
  const clocks = need(context.platform, "clocks");
  makeRealm(context.platform, path, change.source, count);
  const child = need(context.platform, "processes").start("rekey", rekeyValues(path, change));
  await child.waitForLine("ready");
  child.send("go");
  await child.waitForLine("started");
  const startMs = clocks.wallMs();
  await child.waitForLine("done");
  const wholeMs = clocks.wallMs() - startMs;
  child.send("end");
  await child.exited;
  claimContent(context.platform, path, change.target, count);
  return wholeMs;
}

function rekeyValues(path: string, { source, target }: Change): Record<string, unknown> {
  return {
    path,
    ...(source === undefined ? {} : { key: [...source] }),
    ...(target === undefined ? {} : { newKey: [...target] }),
  };
}

/** A wrong key, a missing key and a superfluous key mean "not with this one"; anything else is a lost file. */
function isOpenableWith(context: SuiteContext, path: string, key: Uint8Array | undefined): boolean {
  try {
    withRealm(context.platform, { ...configurationOf(path, key), schema: SCHEMA }, () => undefined);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    claim(code.startsWith("KEY_"), `after the kill the file does not open: ${code}`);
    return false;
  }
}

async function checkKilledCopy(context: SuiteContext, rounds: number): Promise<void> {
  const { platform, random } = context;
  const count = 4000;
  await context.check(`writeCopyTo killed ${rounds} times at random moments: no copy or a complete one, and the source is whole`, async (path) => {
    makeRealm(platform, path, KEY, count);
    for (let round = 0; round < rounds; round += 1) {
      const copy = platform.join(folderOf(path), `copy-${round}.realm`);
      const child = need(platform, "processes").start("copy", { path, key: [...KEY], target: copy, newKey: [...OTHER_KEY] });
      await child.waitForLine("ready");
      child.send("go");
      await child.waitForLine("started");
      await platform.sleep(random.fraction() * 40);
      await child.kill();
      if (need(platform, "files").isPresent(copy)) claimContent(platform, copy, OTHER_KEY, count);
      else claim(!child.lines.includes("done"), "writeCopyTo had returned, but there is no copy");
      claimContent(platform, path, KEY, count);
    }
  });
}
