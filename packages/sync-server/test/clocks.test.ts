/**
 * Clocks that are wrong, of devices and of servers: what somebody wrote later, or knowing of it, wins, whichever server took it.
 *
 * @module
 */
import { partsOf } from "@holdfast/sync-protocol";
import type { AckMessage, Stamp } from "@holdfast/sync-protocol";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SyncServer } from "../src/index.ts";
import { objectName } from "../src/store/store.ts";
import type { Store } from "../src/store/store.ts";
import { Pen } from "./support/operations.ts";
import type { RawClient } from "./support/raw-client.ts";
import { Bench } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";
import type { Place } from "./support/stores.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const SKEW_MS = 20_000;
const DAY_MS = 86_400_000;
const AHEAD_MS = 3650 * DAY_MS;
const KINDS = STORE_KINDS.filter(({ missing }) => missing === undefined);
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

async function makePlace({ makePlace }: (typeof KINDS)[number]): Promise<Place> {
  const place = await makePlace();
  bench.defer(() => place.remove());
  return place;
}

/** A server whose clock is fast or slow. */
function serve(place: Place, skewMs: number): Promise<SyncServer & { readonly store: Store }> {
  return bench.serve(place, { now: () => Date.now() + skewMs, foldMarginMs: -DAY_MS });
}

async function titleOf(server: SyncServer, pk = "t"): Promise<unknown> {
  const reader = await bench.connect(server, "reader");
  await reader.subscribe(ALL);
  return reader.objects()[pk]?.["title"];
}

function given(ack: AckMessage): readonly Stamp[] {
  return (ack.stamps ?? []).map(([, ours]) => ours);
}

it.each(KINDS)("$name: a device ten years ahead that goes on at a slower server overwrites what it wrote itself", async (kind) => {
  const place = await makePlace(kind);
  const fast = await serve(place, SKEW_MS);
  const ann = await bench.connect(fast, "ann");
  ann.pen.clock.setOffset(AHEAD_MS);
  await ann.up(...ann.pen.create("t", { title: "first" }));
  await fast.stop();
  const slow = await serve(place, -SKEW_MS);
  const again = await bench.connect(slow, "ann", { previous: ann });
  await again.up(again.pen.set("t", "title", "second"), again.pen.set("t", "title", "third"));
  expect(await titleOf(slow)).toBe("third");
});

it.each(KINDS)("$name: a device ten years ahead at a slower server overwrites what others wrote at a faster one", async (kind) => {
  const place = await makePlace(kind);
  const fast = await serve(place, SKEW_MS);
  const bob = await bench.connect(fast, "bob");
  bob.pen.clock.setOffset(SKEW_MS);
  await bob.up(...bob.pen.create("t", { title: "bob's" }));
  await fast.stop();
  const slow = await serve(place, -SKEW_MS);
  const ann = await bench.connect(slow, "ann");
  await ann.subscribe(ALL);
  ann.pen.clock.setOffset(AHEAD_MS);
  await ann.up(ann.pen.set("t", "title", "ann's"));
  expect(await titleOf(slow)).toBe("ann's");
});

it.each(KINDS)("$name: a device whose clock goes from half a minute ahead to ten years overwrites what it wrote itself", async (kind) => {
  const server = await serve(await makePlace(kind), 0);
  const ann = await bench.connect(server, "ann");
  ann.pen.clock.setOffset(30_000);
  await ann.up(...ann.pen.create("t", { title: "first" }));
  ann.pen.clock.setOffset(AHEAD_MS);
  await ann.up(ann.pen.set("t", "title", "second"));
  expect(await titleOf(server)).toBe("second");
});

it.each(KINDS)("$name: what comes a second time leaves what later transactions refer to as it was", async (kind) => {
  const server = await serve(await makePlace(kind), 0);
  const ann = await bench.connect(server, "ann");
  ann.pen.clock.setOffset(AHEAD_MS);
  await ann.up(...ann.pen.create("t", { title: "first" }));
  const gone = ann.pen.delete("t");
  const [deleted] = given(await ann.up(gone));
  await ann.close();
  const again = await bench.connect(server, "ann", { previous: ann });
  const anew = again.pen.create("t", { title: "anew" }).map((operation) => ({ ...operation, g: gone.h }));
  again.send({ msg: "up", txs: [{ cseq: 2, ops: [gone] }, { cseq: 3, ops: anew }] });
  expect((await again.acked(3)).rejects).toBeUndefined();
  const reader = await bench.connect(server, "reader");
  await reader.subscribe(ALL);
  expect(reader.states.get(objectName("Task", "t"))?.d).toBe(deleted);
  expect(reader.objects()).toMatchObject({ t: { title: "anew" } });
});

it.each(KINDS)("$name: stamps in place of ones too old to be told apart go on at another server", async (kind) => {
  const place = await makePlace(kind);
  const first = await serve(place, 0);
  const ann = await bench.connect(first, "ann");
  await ann.subscribe(ALL);
  await ann.up(...ann.pen.create("t", { title: "new" }));
  await ann.settle();
  for (let round = 0; round < 2; round++) {
    await ping(ann);
    await first.compact();
  }
  const pen = new Pen(ann.client, () => Date.now() - AHEAD_MS);
  const before = await ann.up(pen.set("t", "owner", "1"), pen.set("t", "owner", "2"), pen.set("t", "owner", "3"));
  await first.stop();
  const second = await serve(place, 0);
  const again = await bench.connect(second, "ann", { previous: ann });
  const after = await again.up(pen.set("t", "owner", "4"));
  const stamps = [...given(before), ...given(after)];
  expect(stamps).toHaveLength(4);
  expect(stamps.toSorted()).toEqual(stamps);
  expect(partsOf(stamps[3] as Stamp).ms - partsOf((await second.store.position()).folded).ms).toBeLessThan(2);
});

async function ping(client: RawClient): Promise<void> {
  const pong = client.wait((message): message is Extract<typeof message, { msg: "pong" }> => message.msg === "pong");
  client.send({ msg: "ping", ...(client.resume === undefined ? {} : { basis: client.resume }) });
  await pong;
}
