/** Broken: a copy replaces what is at its target. */
import { rmSync } from "node:fs";
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { Working } from "./base.ts";

export default class OverwritesTarget extends Working {
  override writeCopyTo(configuration: RealmConfiguration): void {
    rmSync(configuration.path ?? "", { force: true });
    super.writeCopyTo(configuration);
  }
}
