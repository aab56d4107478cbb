/**
 * Rules over real sockets, on every store: what nobody may see is nowhere, what nobody may do is undone.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Rules } from "../src/permissions/rules.ts";
import type { RawClient } from "./support/raw-client.ts";
import { Bench } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";
import type { Place } from "./support/stores.ts";

const RULES: Rules = {
  classes: {
    Task: [
      { name: "admin", applyWhen: "%%user.custom_data.isAdmin == true", read: true, insert: true, update: true, delete: true },
      { name: "owner", read: "owner == %%user.id OR 'everybody' IN tags", insert: "owner == %%user.id", update: "owner == %%user.id", delete: "owner == %%user.id AND done == true", fields: { secret: { read: false, write: false }, due: { write: false } } },
    ],
    Event: [{ name: "reporter", insert: true }],
  },
};
const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const MARKER = "the-hidden-marker";
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

function everything(client: RawClient): string {
  return JSON.stringify(client.received);
}

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`permissions on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function serve(): Promise<Awaited<ReturnType<Bench["serve"]>>> {
      const place: Place = await kind.makePlace();
      bench.defer(() => place.remove());
      bench.authenticator.customData.set("root", { isAdmin: true });
      return bench.serve(place, { rules: RULES });
    }

    it("everybody sees what the rules let them see, before and after", async () => {
      const server = await serve();
      const [ann, bob, root] = await Promise.all(["ann", "bob", "root"].map((user) => bench.connect(server, user)));
      await Promise.all([ann!, bob!, root!].map((client) => client.subscribe(ALL)));
      await ann!.up(...ann!.pen.create("a", { owner: "ann", title: "hers" }));
      await bob!.up(...bob!.pen.create("b", { owner: "bob" }), { type: "Task", pk: "b", h: bob!.pen.clock.tick(), path: [{ at: "tags", box: "list" }], do: { act: "insert", values: ["everybody"] } });
      await Promise.all([ann!, bob!, root!].map((client) => client.settle()));
      expect(Object.keys(ann!.objects())).toEqual(["a", "b"]);
      expect(Object.keys(bob!.objects())).toEqual(["b"]);
      expect(Object.keys(root!.objects())).toEqual(["a", "b"]);
    });

    it("a row that leaves a view is told as out, not as deleted, and comes back whole", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await Promise.all([ann.subscribe(ALL), root.subscribe(ALL)]);
      await ann.up(...ann.pen.create("a", { owner: "ann", title: "hers" }));
      await root.settle();
      await root.up(root.pen.set("a", "owner", "bob"));
      await ann.settle();
      const down = ann.received.flatMap((message) => (message.msg === "down" ? [message] : []));
      expect(down).toMatchObject([{ txs: [], out: [{ type: "Task", pk: "a" }] }]);
      await root.up(root.pen.set("a", "title", "changed"), root.pen.set("a", "owner", "ann"));
      await ann.settle();
      expect(ann.objects()).toMatchObject({ a: { title: "changed", owner: "ann" } });
    });

    it("a transaction outside the rules is refused whole, told again until it is confirmed, and never done", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await root.subscribe(ALL);
      await ann.up(...ann.pen.create("a", { owner: "ann", title: "before" }));
      const refused = [
        [...ann.pen.create("x", { owner: "bob" }), ann.pen.set("a", "title", "with it")],
        [ann.pen.set("a", "owner", "bob")],
        [ann.pen.set("a", "due", { $date: 1 })],
        [ann.pen.delete("a")],
        [ann.pen.set("a", "secret", "no")],
      ];
      for (const ops of refused) {
        const ack = await ann.up(...ops);
        expect(ack.rejects?.map(({ code }) => code)).toContain("PERMISSION_DENIED");
      }
      expect(ann.acks[1]?.rejects).toEqual([
        { cseq: 2, type: "Task", pk: "x", code: "PERMISSION_DENIED", reason: expect.any(String) },
        { cseq: 2, type: "Task", pk: "a", code: "TRANSACTION_REJECTED", reason: expect.any(String) },
      ]);
      await root.settle();
      expect(root.objects()).toMatchObject({ a: { title: "before", owner: "ann", due: null } });
      expect(Object.keys(root.objects())).toEqual(["a"]);
      // The device has stored the answer to the second transaction only.
      ann.acks.splice(2);
      await ann.close();
      const again = await bench.connect(server, "ann", { previous: ann });
      await again.settle();
      expect(again.acks.flatMap(({ rejects = [] }) => rejects.map(({ cseq }) => cseq))).toEqual([3, 4, 5, 6]);
      await again.up(again.pen.set("a", "title", "after"));
      await root.settle();
      expect(root.objects()).toMatchObject({ a: { title: "after" } });
    });

    it("a hidden field is nowhere: bootstrap, delta, error text, log; and cannot be asked about", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await ann.subscribe(ALL);
      await root.up(...root.pen.create("a", { owner: "ann", secret: `${MARKER} 1` }));
      await root.up(root.pen.set("a", "secret", `${MARKER} 2`));
      await root.up(root.pen.set("a", "title", "seen"), root.pen.set("a", "secret", `${MARKER} 3`));
      await ann.settle();
      expect(ann.objects()).toMatchObject({ a: { title: "seen" } });
      for (const query of ["secret CONTAINS 'marker'", `nope == '${MARKER}'`]) {
        ann.errors.length = 0;
        ann.send({ msg: "sub", version: 2, queries: [{ type: "Task", query }] });
        const { code, message } = await ann.error();
        expect([code, message.replace(/: \w+$/, "")]).toEqual(["QUERY_UNSUPPORTED", "subscriptions and rules do not support a field that the class does not have"]);
      }
      const fresh = await bench.connect(server, "ann");
      await fresh.subscribe(ALL);
      expect(fresh.objects()).toMatchObject({ a: { title: "seen" } });
      expect(everything(ann) + everything(fresh) + bench.logged.join()).not.toContain(MARKER);
      expect(server.metrics.text()).not.toContain(MARKER);
    });

    it("an object out of sight, one that was deleted and one that never was get one and the same answer", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await root.up(...root.pen.create("invisible", { owner: "bob" }), ...root.pen.create("deleted", { owner: "ann" }));
      await root.up(root.pen.delete("deleted"));
      const answers = [];
      for (const pk of ["invisible", "deleted", "absent"]) {
        for (const operation of [ann.pen.set(pk, "title", "guess"), ann.pen.inc(pk, "count", 1), ann.pen.delete(pk)]) {
          const { rejects } = await ann.up(operation);
          answers.push(rejects?.map(({ code, reason }) => `${code} ${reason}`).join());
        }
      }
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toContain("OBJECT_GONE");
      // To create on top of it says no more than that the rules say no.
      const { rejects } = await ann.up(...ann.pen.create("invisible", { owner: "ann" }));
      const { rejects: ofRules } = await ann.up(...ann.pen.create("mine-not", { owner: "bob" }));
      expect(rejects?.map(({ code, reason }) => [code, reason])).toEqual(ofRules?.map(({ code, reason }) => [code, reason]));
    });

    it("a role that changes brings a new bootstrap of what differs, without a reset, and new rights", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await root.up(...root.pen.create("a", { owner: "ann" }), ...root.pen.create("b", { owner: "bob", secret: "s" }));
      await ann.subscribe(ALL);
      expect(Object.keys(ann.objects())).toEqual(["a"]);
      server.userChanged({ userId: "ann", customData: { isAdmin: true }, expiresAt: Date.now() + 60_000 });
      await ann.settle();
      expect(Object.keys(ann.objects())).toEqual(["a", "b"]);
      await ann.up(ann.pen.set("b", "title", "as admin"));
      server.userChanged({ userId: "ann", customData: {}, expiresAt: Date.now() + 60_000 });
      await ann.settle();
      expect(Object.keys(ann.objects())).toEqual(["a"]);
      const { rejects } = await ann.up(ann.pen.set("b", "title", "no more"));
      expect(rejects?.[0]?.code).toBe("OBJECT_GONE");
      expect(ann.errors).toEqual([]);
      // While away too: the token of the old view leads to a bootstrap of the new one.
      const resume = ann.resume;
      await ann.close();
      bench.authenticator.customData.set("ann", { isAdmin: true });
      const again = await bench.connect(server, "ann", { previous: ann });
      await again.subscribe(ALL, { resume });
      expect(Object.keys(again.objects())).toEqual(["a", "b"]);
      expect(again.errors).toEqual([]);
    });

    it("asymmetric classes are written and never sent", async () => {
      const server = await serve();
      const ann = await bench.connect(server, "ann");
      expect((await ann.up(...ann.pen.create("e1", { what: "started" }, "Event"))).rejects).toBeUndefined();
      ann.send({ msg: "sub", version: 1, queries: [{ type: "Event", query: "TRUEPREDICATE" }] });
      expect(await ann.error()).toMatchObject({ code: "QUERY_UNSUPPORTED", action: "warn" });
      const { rejects } = await ann.up(ann.pen.set("e1", "what", "changed", "Event"));
      expect(rejects?.[0]?.code).toBe("OBJECT_GONE");
      expect((await server.store.position()).version).toBe(2);
    });

    it("a transaction is seen whole or not at all, also across the border of a bootstrap", async () => {
      const server = await serve();
      const [writer, reader] = await Promise.all([bench.connect(server, "root"), bench.connect(server, "ann")]);
      await writer.up(...writer.pen.create("x", { owner: "ann", title: "0" }), ...writer.pen.create("y", { owner: "ann", title: "0" }));
      const broken: string[] = [];
      const check = (client: RawClient) => (): void => {
        const { x, y } = client.objects();
        if (x?.["title"] !== y?.["title"]) broken.push(`${String(x?.["title"])} and ${String(y?.["title"])}`);
      };
      reader.onDown = check(reader);
      await reader.subscribe(ALL);
      for (let round = 1; round <= 30; round++) {
        writer.sendUp(writer.pen.set("x", "title", String(round)), writer.pen.set("y", "title", String(round)));
        if (round % 10 === 0) {
          const late = await bench.connect(server, "ann");
          late.onDown = check(late);
          await late.subscribe(ALL);
          check(late)();
        }
      }
      await writer.acked(writer.cseq);
      await reader.settle();
      check(reader)();
      expect(broken).toEqual([]);
      expect(reader.objects()).toMatchObject({ x: { title: "30" }, y: { title: "30" } });
    });
  });
}
