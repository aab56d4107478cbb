/**
 * Durability: where files cannot be synced, nothing is written until the application has accepted that a power cut may take what was committed.
 *
 * @module
 */
import { claim, claimEqual, claimRefused } from "../claims.ts";
import { itemDifference } from "../content.ts";
import { claimContent, claimUnchanged, configurationOf, folderOf, folderState, makeRealm, withRealm } from "../opening.ts";
import { need } from "../platform.ts";
import type { Suite, SuiteContext } from "../suite.ts";

const ITEM_COUNT = 100;
const REFUSAL = { codes: ["DURABILITY_MISSING"], message: /power cut/u };

/** The suite. */
export const durability: Suite = {
  name: "durability",
  title: "Less than durable is refused until it is accepted",
  forms: ["plain", "encrypted"],
  needs: ["durability", "files"],
  inapplicable: "commits are synced here: nothing has to be accepted",
  async run(context) {
    await checkNew(context);
    await checkExisting(context);
    await checkReading(context);
  },
};

/** Runs the action as an application that has not accepted it. */
async function unaccepted(context: SuiteContext, action: () => Promise<void> | void): Promise<void> {
  const access = need(context.platform, "durability");
  access.accept(false);
  try {
    await action();
  } finally {
    access.accept(true);
  }
}

async function checkNew(context: SuiteContext): Promise<void> {
  const { platform, key } = context;
  await context.check("no file is made without it, and one is with it", async (path) => {
    await unaccepted(context, async () => {
      await claimRefused("new Realm", () => new platform.Realm(configurationOf(path, key)), REFUSAL);
      await claimRefused("Realm.open", () => platform.Realm.open(configurationOf(path, key)), REFUSAL);
    });
    claimEqual(need(platform, "files").listFiles(folderOf(path)), [], "files that were made");
    makeRealm(platform, path, key, ITEM_COUNT);
    claimContent(platform, path, key, ITEM_COUNT);
  });
}

async function checkExisting(context: SuiteContext): Promise<void> {
  const { platform, key } = context;
  await context.check("a file that is there is neither opened for writing, nor copied, nor re-keyed, and stays as it was", async (path) => {
    makeRealm(platform, path, key, ITEM_COUNT);
    const before = folderState(platform, folderOf(path));
    const own = key === undefined ? { path } : { path, encryptionKey: key };
    await unaccepted(context, async () => {
      await claimRefused("new Realm", () => new platform.Realm(configurationOf(path, key)), REFUSAL);
      await claimRefused("Realm.rekey", () => platform.Realm.rekey(own, platform.Realm.generateEncryptionKey()), REFUSAL);
      const reader = new platform.Realm({ ...configurationOf(path, key), readOnly: true });
      try {
        await claimRefused("writeCopyTo", () => reader.writeCopyTo({ path: platform.join(folderOf(path), "copy.realm") }), REFUSAL);
      } finally {
        reader.close();
      }
    });
    claimUnchanged(platform, before, "after the refusals");
    claim(!need(platform, "files").isPresent(platform.join(folderOf(path), "copy.realm")), "a copy was made");
    claimContent(platform, path, key, ITEM_COUNT);
  });
}

async function checkReading(context: SuiteContext): Promise<void> {
  const { platform, key } = context;
  await context.check("reading, and realms in memory, need no consent", async (path) => {
    makeRealm(platform, path, key, ITEM_COUNT);
    await unaccepted(context, () => {
      const difference = withRealm(platform, { ...configurationOf(path, key), readOnly: true }, (realm) => itemDifference(realm, ITEM_COUNT));
      claim(difference === undefined, `read without consent: ${difference}`);
      withRealm(platform, { ...configurationOf(platform.join(folderOf(path), "memory.realm"), undefined), inMemory: true }, (realm) => {
        realm.write(() => realm.create("Counter", { _id: "one", value: 1 }));
        claimEqual(realm.objects("Counter").length, 1, "objects in memory");
      });
    });
  });
}
