/**
 * Programs that copy, re-key or just hold a realm, to be killed on the way.
 *
 * @module
 */
import { SCHEMA } from "../content.ts";
import { configurationFor, keyOf, textOf, type Program } from "./program.ts";

/** Re-keys when told to. */
export const rekey: Program = async (context) => {
  const [oldKey, newKey] = [keyOf(context, "key"), keyOf(context, "newKey")];
  context.say("ready");
  await context.hear();
  context.say("started");
  const path = textOf(context, "path");
  context.Realm.rekey(oldKey === undefined ? { path } : { path, encryptionKey: oldKey }, newKey);
  context.say("done");
  await context.hear();
};

/** Copies when told to. */
export const copy: Program = async (context) => {
  const realm = new context.Realm({ ...configurationFor(context), schema: SCHEMA });
  const newKey = keyOf(context, "newKey");
  context.say("ready");
  await context.hear();
  context.say("started");
  const path = textOf(context, "target");
  realm.writeCopyTo(newKey === undefined ? { path } : { path, encryptionKey: newKey });
  context.say("done");
  await context.hear();
};

/** Has the realm open until it is told to close it. */
export const holdOpen: Program = async (context) => {
  context.say("starting");
  const realm = new context.Realm(configurationFor(context));
  context.say("open");
  await context.hear();
  realm.close();
  context.say("closed");
};
