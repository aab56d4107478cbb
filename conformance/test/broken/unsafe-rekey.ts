/** Broken: re-keying removes the old file some time before the new one is in its place. */
import { renameSync, rmSync } from "node:fs";
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { burn, Working } from "./base.ts";

export default class UnsafeRekey extends Working {
  static override rekey({ path = "", encryptionKey }: RealmConfiguration, newEncryptionKey: unknown): void {
    const target = `${path}.new`;
    const realm = new Working(encryptionKey === undefined ? { path } : { path, encryptionKey });
    realm.writeCopyTo(newEncryptionKey === undefined ? { path: target } : { path: target, encryptionKey: newEncryptionKey });
    realm.close();
    rmSync(path);
    burn(1000);
    renameSync(target, path);
  }
}
