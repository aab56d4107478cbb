/** Broken: listeners hear of everything 400 ms late. */
import type { RealmResults } from "../../src/realm-api.ts";
import { Working } from "./base.ts";

export default class LateListeners extends Working {
  override objects(type: string): RealmResults {
    const results = super.objects(type);
    const add = results.addListener.bind(results);
    const late: RealmResults["addListener"] = (listener) => add((collection) => void setTimeout(() => listener(collection), 400));
    return new Proxy(results, {
      get(target, name) {
        if (name === "addListener") return late;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value as (...values: unknown[]) => unknown).bind(target) : value;
      },
    });
  }
}
