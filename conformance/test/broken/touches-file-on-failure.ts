/** Broken: a failed open leaves a byte at the end of the file. */
import { appendFileSync, existsSync } from "node:fs";
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { codeOf, Working } from "./base.ts";

export default class TouchesFileOnFailure extends Working {
  constructor(configuration: RealmConfiguration) {
    try {
      super(configuration);
    } catch (error) {
      const path = configuration.path ?? "";
      if (codeOf(error).startsWith("KEY_") && existsSync(path)) appendFileSync(path, "\0");
      throw error;
    }
  }
}
