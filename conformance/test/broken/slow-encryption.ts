/** Broken: a read from an encrypted realm takes much longer than from a plain one. */
import type { RealmConfiguration, RealmObject } from "../../src/realm-api.ts";
import { burn, Working } from "./base.ts";

export default class SlowEncryption extends Working {
  readonly #isEncrypted: boolean;

  constructor(configuration: RealmConfiguration) {
    super(configuration);
    this.#isEncrypted = configuration.encryptionKey !== undefined;
  }

  override objectForPrimaryKey(type: string, key: unknown): RealmObject | null {
    if (this.#isEncrypted) burn(0.02);
    return super.objectForPrimaryKey(type, key);
  }
}
