/**
 * The second process: opens the encrypted realm, listens to the cities of one country and tells what it hears.
 *
 * The key comes as a message, never as an argument, which every user of the machine could read.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { type City, configure } from "./model.ts";

/** What the watcher is told. */
export type WatchOrder =
  | { readonly path: string; readonly key: readonly number[]; readonly country: string }
  | { readonly finish: true };

/** What the watcher tells: that it listens, or the names of the cities that changed and when it heard. */
export type WatchReport =
  | { readonly listening: true; readonly count: number }
  | { readonly names: readonly string[]; readonly heardAtMs: number };

const send = (report: WatchReport): void => void process.send?.(report);
let realm: Realm | undefined;

process.on("message", (order: WatchOrder) => {
  if ("finish" in order) {
    realm?.close();
    process.disconnect();
    return;
  }
  realm = new Realm(configure(order.path, Uint8Array.from(order.key)));
  const cities = realm.objects<City>("City").filtered("country.code == $0", order.country);
  let isFirst = true;
  cities.addListener((collection, changes) => {
    // The machine's monotonic clock: the same in both processes.
    const heardAtMs = Number(process.hrtime.bigint()) / 1e6;
    if (isFirst) {
      isFirst = false;
      send({ listening: true, count: collection.length });
      return;
    }
    const changed = [...changes.insertions, ...changes.newModifications];
    send({ names: changed.map((index) => collection[index]?.name ?? ""), heardAtMs });
  });
});
