/**
 * Changes against many different views, without sockets: asking each of them, and finding them by their constants.
 *
 * @module
 */
import type { MergedBatch } from "../src/merge/merge-batch.ts";
import { SILENT } from "../src/operations/log.ts";
import { Metrics } from "../src/operations/metrics.ts";
import { compileRules } from "../src/permissions/rules.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import { ChangeBatch, spansInView } from "../src/sessions/delta.ts";
import { Feed } from "../src/sessions/feed.ts";
import { userRights } from "../src/sessions/user-rights.ts";
import { makeView } from "../src/sessions/view.ts";
import type { ChangeEntry, Store } from "../src/store/store.ts";
import { TASKS } from "../test/support/operations.ts";

/** Changed objects of one owner each, a second. */
export interface ViewsResult {
  readonly addedPerSecond: number;
  readonly askedPerSecond: number;
  readonly indexedPerSecond: number;
}

const OBJECTS_PER_BATCH = 100;

/** Every view is its user's own objects. */
export function views(count: number): ViewsResult {
  const layout = new SchemaLayout(TASKS);
  const rules = compileRules({ classes: { Task: [{ name: "owner", read: "owner == %%user.id" }] } }, layout);
  const feed = new Feed({} as Store, SILENT, new Metrics());
  let heard = 0;
  const addedAt = performance.now();
  const all = Array.from({ length: count }, (_each, user) => {
    const view = makeView({ queries: [{ type: "Task", query: "TRUEPREDICATE" }], roles: userRights(rules, { userId: `user ${String(user)}`, customData: {}, expiresAt: 0 }).roles, layout });
    feed.follow({ receive: ({ txs }) => (heard += txs.length) }, { view, client: `client ${String(user)}` });
    return view;
  });
  const addedPerSecond = count / ((performance.now() - addedAt) / 1000);
  const entriesOf = (version: number): ChangeEntry[] =>
    Array.from({ length: OBJECTS_PER_BATCH }, (_each, object) => {
      const image = { _id: `${String(object)}`, owner: `user ${String((version * 7919 + object * 104_729) % count)}`, title: null, done: false, count: 0, secret: null, due: null, tags: [] };
      return { version, ordinal: object, client: "writer", type: "Task", pk: image._id, ops: [{ type: "Task", pk: image._id, h: String(version), path: ["done"], do: { act: "set" as const, value: true } }], text: {}, before: image, after: image };
    });
  const rate = (batches: number, work: (version: number) => void): number => {
    const startedAt = performance.now();
    for (let version = 1; version <= batches; version++) work(version);
    return (batches * OBJECTS_PER_BATCH) / ((performance.now() - startedAt) / 1000);
  };
  const askedPerSecond = rate(10, (version) => {
    const batch = new ChangeBatch(entriesOf(version), { version, salt: "" });
    for (const view of all) spansInView(batch, view);
  });
  const batches = 1000;
  const indexedPerSecond = rate(batches, (version) => feed.committed({ version, salt: "" }, { entries: entriesOf(version), objects: [] } as unknown as MergedBatch));
  if (heard !== batches * OBJECTS_PER_BATCH) throw new Error(`${String(batches * OBJECTS_PER_BATCH)} changes were made, ${String(heard)} told`);
  return { addedPerSecond, askedPerSecond, indexedPerSecond };
}
