/** Broken: reports every damage as a wrong key. */
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { codeOf, Working } from "./base.ts";

export default class CallsDamageWrongKey extends Working {
  constructor(configuration: RealmConfiguration) {
    try {
      super(configuration);
    } catch (error) {
      if (!codeOf(error).endsWith("_DAMAGED") && codeOf(error) !== "NOT_A_STORE") throw error;
      throw Object.assign(new Error("Realm file decryption failed"), { code: "KEY_WRONG" });
    }
  }
}
