/** Broken: an error message helps by showing the start of the key. */
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { bytesOf, Working } from "./base.ts";

export default class LeaksKey extends Working {
  constructor(configuration: RealmConfiguration) {
    try {
      super(configuration);
    } catch (error) {
      const start = bytesOf(configuration.encryptionKey)?.subarray(0, 4) ?? [];
      if (error instanceof Error) error.message += ` (key ${[...start].map((byte) => byte.toString(16).padStart(2, "0")).join("")}…)`;
      throw error;
    }
  }
}
