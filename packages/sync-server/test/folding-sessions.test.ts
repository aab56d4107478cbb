/**
 * Folding over real sessions: what clients are told of it, and those that do not keep what it is built on.
 *
 * @module
 */
import { partsOf } from "@holdfast/sync-protocol";
import type { PongMessage, Stamp } from "@holdfast/sync-protocol";
import { afterEach, describe, expect, it } from "vitest";
import type { Rules, SyncServer } from "../src/index.ts";
import type { Store } from "../src/store/store.ts";
import { Pen } from "./support/operations.ts";
import type { RawClient } from "./support/raw-client.ts";
import { Bench } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";

const TASKS_ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const DAY_MS = 86_400_000;
let bench = new Bench();

afterEach(async () => {
  await bench.end();
  bench = new Bench();
});

async function ping(client: RawClient): Promise<Stamp | undefined> {
  const pong = client.wait((message): message is PongMessage => message.msg === "pong");
  client.send({ msg: "ping", ...(client.resume === undefined ? {} : { basis: client.resume }) });
  return (await pong).floor;
}

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`folding over sessions on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function world(): Promise<{ readonly server: SyncServer & { readonly store: Store }; readonly ann: RawClient; readonly bob: RawClient }> {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      const server = await bench.serve(place, { foldMarginMs: -DAY_MS });
      const [ann, bob] = [await bench.connect(server, "ann"), await bench.connect(server, "bob")];
      for (const client of [ann, bob]) await client.subscribe(TASKS_ALL);
      await ann.up(...ann.pen.create("t", { owner: "x" }), ...Array.from({ length: 20 }, () => ann.pen.inc("t", "count", 1)));
      await bob.settle();
      return { server, ann, bob };
    }

    it("clients hear of the floor once all of them have told that they have everything", async () => {
      const { server, ann, bob } = await world();
      await ping(ann);
      await server.compact();
      expect(await ping(ann)).toBeUndefined();
      await ping(bob);
      await ping(ann);
      await server.compact();
      expect(await ping(bob)).toBeDefined();
    });

    it("what comes with a stamp before the floor gets one behind it, and its writer and all others agree", async () => {
      const { server, ann, bob } = await world();
      for (const client of [ann, bob, ann]) await ping(client);
      await server.compact();
      const { folded } = await server.store.position();
      // A clock that was set back by ten years, of a device that had just said that it has everything.
      const pen = new Pen(bob.client, () => Date.now() - 3650 * DAY_MS);
      const [first, second] = [pen.inc("t", "count", 5), pen.set("t", "owner", "late")];
      const ack = await bob.up(first, second);
      expect(ack.stamps?.map(([theirs]) => theirs)).toEqual([first.h, second.h]);
      const given = ack.stamps?.map(([, ours]) => ours) as [Stamp, Stamp];
      expect(given.toSorted()).toEqual(given);
      expect(given[0] > folded).toBe(true);
      expect(partsOf(given[0]).ms - partsOf(folded).ms).toBeLessThan(2);
      await ann.settle();
      expect(ann.objects()["t"]).toMatchObject({ count: 25, owner: "late" });
      const late = await bench.connect(server, "eve");
      await late.subscribe(TASKS_ALL);
      expect(late.objects()).toEqual(ann.objects());
      expect(JSON.stringify([...late.states.values()]).split(ann.client).length).toBeLessThan(10);
    });

    it("who builds on less than it had said to have is told to start anew", async () => {
      const { server, ann, bob } = await world();
      const old = bob.resume as string;
      await ann.up(ann.pen.inc("t", "count", 1));
      await bob.settle();
      for (const client of [ann, bob, ann]) await ping(client);
      await server.compact();
      bob.send({ msg: "up", txs: [{ cseq: 1, ops: [bob.pen.inc("t", "count", 1)], base: old }] });
      expect(await bob.error()).toMatchObject({ code: "HISTORY_LOST", action: "reset" });
    });

    it("who writes all the time and never has time to say so holds nothing back: its transactions tell what they build on", async () => {
      const { server, ann, bob } = await world();
      for (let count = 0; count < 3; count++) {
        for (const client of [ann, bob]) {
          client.send({ msg: "up", txs: [{ cseq: ++client.cseq, ops: [client.pen.inc("t", "count", 1)], ...(client.resume === undefined ? {} : { base: client.resume }) }] });
          await client.acked(client.cseq);
          await client.settle();
        }
      }
      await server.compact();
      expect((await server.store.position()).folded).not.toBe("");
    });

    it("a delete of what is dead is taken from whoever could have deleted it; to others dead, out of sight and never there are one", async () => {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      const mine = "owner == %%user.id";
      const rules: Rules = { classes: { Task: [{ name: "owner", read: mine, insert: mine, update: mine, delete: mine }] } };
      const server = await bench.serve(place, { rules });
      const [ann, bob] = [await bench.connect(server, "ann"), await bench.connect(server, "bob")];
      for (const pk of ["dead", "alive"]) await ann.up(...ann.pen.create(pk, { owner: "ann" }));
      const first = ann.pen.delete("dead");
      await ann.up(first);
      const codes = [];
      for (const pk of ["dead", "alive", "never"]) codes.push((await bob.up(bob.pen.delete(pk))).rejects?.map(({ code, reason }) => [code, reason]));
      expect(new Set(codes.map((each) => JSON.stringify(each))).size).toBe(1);
      const again = ann.pen.delete("dead");
      expect((await ann.up(again)).rejects).toBeUndefined();
      // What had not seen the later delete has ended with it; what has, lives, also if both come at once. Bob's delete has moved nothing.
      const other = await bench.connect(server, "ann");
      const unseen = await other.up(...other.pen.create("dead", { owner: "ann" }).map((operation) => ({ ...operation, g: first.h })));
      expect(unseen.rejects).toMatchObject([{ code: "OBJECT_GONE" }]);
      expect((await ann.up(...ann.pen.create("dead", { owner: "ann" }).map((operation) => ({ ...operation, g: again.h })))).rejects).toBeUndefined();
      const late = await bench.connect(server, "ann");
      await late.subscribe(TASKS_ALL);
      expect(Object.keys(late.objects()).toSorted()).toEqual(["alive", "dead"]);
    });
  });
}
