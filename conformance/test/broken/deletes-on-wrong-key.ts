/** Broken: takes a wrong key for a reason to start afresh when deleteRealmIfMigrationNeeded is set. */
import { rmSync } from "node:fs";
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { codeOf, Working } from "./base.ts";

function startAfresh(configuration: RealmConfiguration): RealmConfiguration {
  if (configuration.deleteRealmIfMigrationNeeded !== true) return configuration;
  try {
    Working.schemaVersion(configuration.path ?? "", configuration.encryptionKey);
  } catch (error) {
    if (codeOf(error).startsWith("KEY_")) rmSync(configuration.path ?? "", { force: true });
  }
  return configuration;
}

export default class DeletesOnWrongKey extends Working {
  constructor(configuration: RealmConfiguration) {
    super(startAfresh(configuration));
  }
}
