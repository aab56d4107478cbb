/** Broken: a large transaction is committed piece by piece. */
import type { RealmObject } from "../../src/realm-api.ts";
import { Working } from "./base.ts";

export default class SplitsCommits extends Working {
  #created = 0;

  override create(type: string, values: Readonly<Record<string, unknown>>, mode?: string): RealmObject {
    this.#created += 1;
    if (this.#created % 100 === 0) {
      this.commitTransaction();
      this.beginTransaction();
    }
    return mode === undefined ? super.create(type, values) : super.create(type, values, mode);
  }
}
