/**
 * A worker thread with a realm of its own: makes as many commits of its lane as it is told to.
 *
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import Realm from "@holdfast/realm";
import { commitNext, SCHEMA, SHAPES } from "../src/content.ts";
import { configurationOf } from "../src/job.ts";

const { path, key, lane, commits } = workerData as { path: string; key: number[] | undefined; lane: number; commits: number };
const realm = new Realm(configurationOf(path, key, { schema: SCHEMA }));
for (let count = 0; count < commits; count += 1) {
  commitNext(realm, SHAPES.small, lane);
  // The lock has no queue: the others get their turn.
  await pause(count % 4 === 0 ? 2 : 0);
}
realm.close();
