/** Broken: reads every object when a realm is opened. */
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { Working } from "./base.ts";

export default class ScansOnOpen extends Working {
  readonly names: number;

  constructor(configuration: RealmConfiguration) {
    super(configuration);
    let names = 0;
    for (const item of this.objects("Item")) names += String(item["name"]).length;
    this.names = names;
  }
}
