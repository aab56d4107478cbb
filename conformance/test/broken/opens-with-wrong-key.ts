/** Broken: remembers the key that a file was made with, and opens it with that whatever it is given. */
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { bytesOf, codeOf, Working } from "./base.ts";

const remembered = new Map<string, Uint8Array>();

function withAnyKey(configuration: RealmConfiguration): RealmConfiguration {
  const path = configuration.path ?? "";
  const bytes = bytesOf(configuration.encryptionKey);
  try {
    Working.schemaVersion(path, configuration.encryptionKey);
  } catch (error) {
    const known = remembered.get(path);
    if (codeOf(error) === "KEY_WRONG" && known !== undefined) return { ...configuration, encryptionKey: known };
  }
  if (bytes?.length === 64 && !remembered.has(path)) remembered.set(path, bytes);
  return configuration;
}

export default class OpensWithWrongKey extends Working {
  constructor(configuration: RealmConfiguration) {
    super(withAnyKey(configuration));
  }
}
