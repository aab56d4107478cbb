/** Broken: notes what is created in a file beside the realm. */
import { appendFileSync } from "node:fs";
import type { RealmConfiguration, RealmObject } from "../../src/realm-api.ts";
import { Working } from "./base.ts";

export default class LeaksPlaintext extends Working {
  readonly #notes: string;

  constructor(configuration: RealmConfiguration) {
    super(configuration);
    this.#notes = `${configuration.path ?? ""}.notes`;
  }

  override create(type: string, values: Readonly<Record<string, unknown>>, mode?: string): RealmObject {
    appendFileSync(this.#notes, `${type} ${JSON.stringify(values)}\n`);
    return mode === undefined ? super.create(type, values) : super.create(type, values, mode);
  }
}
