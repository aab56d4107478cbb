/**
 * Sessions over real sockets, on every store.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SyncServer } from "../src/sync-server.ts";
import { OPEN_RULES } from "../src/permissions/rules.ts";
import { materialise } from "@holdfast/sync-protocol";
import type { BootMessage, Operation, ServerMessage } from "@holdfast/sync-protocol";
import type { Store } from "../src/store/store.ts";
import { RawClient } from "./support/raw-client.ts";
import { Bench, tokenOf } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";
import type { Place } from "./support/stores.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`sessions on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function makePlace(): Promise<Place> {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      return place;
    }

    it("what one writes the other sees; own operations do not come back", async () => {
      const server = await bench.serve(await makePlace());
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
      await ann.up(...ann.pen.create("t1", { title: "one", owner: "ann" }));
      await bob.settle();
      expect(bob.objects()).toMatchObject({ t1: { title: "one", owner: "ann" } });
      await bob.up(bob.pen.set("t1", "title", "two"), bob.pen.inc("t1", "count", 2));
      await ann.settle();
      expect(ann.objects()).toEqual(bob.objects());
      expect(ann.objects()).toMatchObject({ t1: { title: "two", count: 2 } });
      expect(ann.received.filter(({ msg }) => msg === "down").length).toBe(1);
    });

    it("a client that comes back goes on where it was, with one frame for all it missed", async () => {
      const server = await bench.serve(await makePlace());
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      await ann.up(...ann.pen.create("t1", { title: "one" }), ...ann.pen.create("t2", { title: "two" }));
      await bob.subscribe([{ type: "Task", query: "title != 'gone'" }]);
      await bob.close();
      await ann.up(ann.pen.set("t1", "title", "more"));
      await ann.up(ann.pen.set("t2", "title", "gone"), ...ann.pen.create("t3", { title: "three" }));
      const again = await bench.connect(server, "bob", { previous: bob });
      await again.subscribe([{ type: "Task", query: "title != 'gone'" }], { resume: again.resume });
      expect(Object.fromEntries(Object.entries(again.objects()).map(([key, { title }]) => [key, title]))).toEqual({ t1: "more", t3: "three" });
      expect(again.received.map(({ msg }) => msg)).toEqual(["welcome", "down", "mark"]);
    });

    it("a resume token of somebody else, or one that was changed, is refused", async () => {
      const server = await bench.serve(await makePlace());
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
      for (const resume of [ann.resume!, `${bob.resume!.slice(0, -2)}AA`, "x", `${Buffer.from('["","1"]').toString("base64url")}.`]) {
        const again = await bench.connect(server, "bob", { previous: bob });
        again.send({ msg: "sub", version: 1, queries: ALL, resume });
        expect(await again.error()).toMatchObject({ code: "RESUME_INVALID", action: "reset" });
      }
    });

    it("an ack that was lost is given again, and nothing is done twice", async () => {
      const server = await bench.serve(await makePlace());
      const ann = await bench.connect(server, "ann");
      await ann.up(...ann.pen.create("t1"));
      const increment = ann.pen.inc("t1", "count", 5);
      await ann.up(increment);
      await ann.close();
      const again = await bench.connect(server, "ann", { previous: ann });
      again.send({ msg: "up", txs: [{ cseq: 2, ops: [increment] }] });
      await again.acked(2);
      again.cseq = 2;
      again.states.clear();
      await again.subscribe(ALL);
      expect(again.objects()).toMatchObject({ t1: { count: 5 } });
    });

    it("other content under a number that was used ends in a reset, as does a gap", async () => {
      const server = await bench.serve(await makePlace());
      const ann = await bench.connect(server, "ann");
      await ann.up(...ann.pen.create("t1"));
      ann.send({ msg: "up", txs: [{ cseq: 1, ops: ann.pen.create("t2") }] });
      expect(await ann.error()).toMatchObject({ code: "UPLOAD_DIFFERS", action: "reset" });
      const again = await bench.connect(server, "ann", { previous: ann });
      again.send({ msg: "up", txs: [{ cseq: 7, ops: again.pen.create("t2") }] });
      expect(await again.error()).toMatchObject({ code: "UPLOAD_GAP", action: "reset" });
    });

    it("who deletes an object and makes it anew, and had not heard of a later delete, loses that object and nothing else", async () => {
      const server = await bench.serve(await makePlace());
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      await ann.up(...ann.pen.create("t1", { title: "one" }));
      bob.pen.clock.setOffset(30_000);
      await bob.up(bob.pen.delete("t1"));
      const gone = ann.pen.delete("t1");
      const anew = ann.pen.create("t1", { title: "two" }).map((operation) => ({ ...operation, g: gone.h }));
      const ack = await ann.up(gone, ...anew, ...ann.pen.create("t2", { title: "kept" }));
      expect(ack.rejects?.map(({ pk, code }) => [pk, code])).toEqual([["t1", "OBJECT_GONE"]]);
      const fresh = await bench.connect(server, "cid");
      await fresh.subscribe(ALL);
      expect(Object.keys(fresh.objects())).toEqual(["t2"]);
    });

    it("who makes anew what was deleted before its time goes on with that before it is told", async () => {
      const server = await bench.serve(await makePlace());
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      await ann.up(...ann.pen.create("t1", { title: "one" }));
      await ann.up(ann.pen.delete("t1"));
      await bob.subscribe(ALL);
      const base = bob.resume as string;
      const titled = (title: string): Operation[] => [bob.pen.set("t1", "title", title)];
      // Made and gone on with in one frame, and in one that comes before the answer is heard; then over another connection, which had no answer at all.
      bob.send({ msg: "up", txs: [{ cseq: 1, ops: bob.pen.create("t1", { title: "two" }), base }, { cseq: 2, ops: titled("three"), base }] });
      expect((await bob.acked(2)).seen).toMatchObject([{ pk: "t1" }]);
      bob.send({ msg: "up", txs: [{ cseq: 3, ops: [bob.pen.inc("t1", "count", 1)], base }] });
      expect(await bob.acked(3)).toMatchObject({ seen: [{ pk: "t1" }] });
      await bob.close();
      bob.acks.length = 0;
      const again = await bench.connect(server, "bob", { previous: bob });
      again.send({ msg: "up", txs: [{ cseq: 4, ops: [bob.pen.inc("t1", "count", 1)], base }] });
      expect(await again.acked(4)).toMatchObject({ seen: [{ pk: "t1" }] });
      const fresh = await bench.connect(server, "cid");
      await fresh.subscribe(ALL);
      expect(fresh.objects()).toMatchObject({ t1: { title: "three", count: 2 } });
    });

    it("who makes anew what a clock ahead of its own had deleted can delete it before it is told", async () => {
      const server = await bench.serve(await makePlace());
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      ann.pen.clock.setOffset(30_000);
      await ann.up(...ann.pen.create("t1", { title: "one" }));
      await ann.up(ann.pen.delete("t1"));
      await bob.subscribe(ALL);
      const base = bob.resume as string;
      bob.send({ msg: "up", txs: [{ cseq: 1, ops: bob.pen.create("t1", { title: "two" }), base }, { cseq: 2, ops: [bob.pen.delete("t1")], base }] });
      await bob.acked(2);
      const fresh = await bench.connect(server, "cid");
      await fresh.subscribe(ALL);
      expect(fresh.objects()).toEqual({});
    });

    it("rows say which of the client's own transactions they have in them, and not one more", async () => {
      const place = await makePlace();
      let release: () => void = () => undefined;
      let held: Promise<void> | undefined;
      const openStore = async (): Promise<Store> => over(await place.openStore(), {
        snapshot: (store) => async () => {
          const snapshot = await store.snapshot();
          const { release: free } = snapshot;
          // A bootstrap is through when its snapshot is given back: until then what happens waits.
          snapshot.release = async () => {
            await free.call(snapshot);
            await held;
          };
          return snapshot;
        },
      });
      const server = await bench.serve({ ...place, openStore });
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      held = new Promise((resolve) => (release = resolve));
      ann.send({ msg: "sub", version: 1, queries: ALL });
      await ann.wait((message): message is BootMessage => message.msg === "boot" && message.last);
      await bob.up(...bob.pen.create("before", { title: "bob's" }));
      await ann.up(ann.pen.set("before", "title", "ann's"));
      await bob.up(...bob.pen.create("behind", { title: "bob's" }));
      held = undefined;
      release();
      await ann.settle();
      const told = ann.received.flatMap((message) => (message.msg === "down" ? (message.rows ?? []).map(({ pk }) => [pk, message.cseq]) : []));
      expect(told).toEqual([["before", 0], ["behind", 1]]);
    });

    it("a clock ten years ahead gets canonical stamps, and does not win for ever", async () => {
      const server = await bench.serve(await makePlace());
      const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
      await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
      ann.pen.clock.setOffset(10 * 365 * 86_400_000);
      const create = ann.pen.create("t1", { title: "future" });
      const ack = await ann.up(...create);
      expect(ack.stamps?.map(([theirs]) => theirs)).toEqual(create.map(({ h }) => h));
      await bob.settle();
      await bob.up(bob.pen.set("t1", "title", "present"));
      const fresh = await bench.connect(server, "cid");
      await fresh.subscribe(ALL);
      expect(fresh.objects()).toMatchObject({ t1: { title: "present" } });
    });

    it("an interrupted bootstrap goes on from its last page, and what changed meanwhile comes too", async () => {
      const server = await bench.serve(await makePlace());
      const ann = await bench.connect(server, "ann");
      const keys = Array.from({ length: 40 }, (_each, index) => `t${String(index).padStart(2, "0")}`);
      await ann.up(...keys.flatMap((pk) => ann.pen.create(pk, { title: "x".repeat(15_000) })));
      const bob = await bench.connect(server, "bob");
      const open = [{ type: "Task", query: "done == false" }];
      bob.send({ msg: "sub", version: 1, queries: open });
      const page = await bob.wait((message): message is Extract<typeof message, { msg: "boot" }> => message.msg === "boot");
      expect(page.last).toBe(false);
      await bob.close();
      await ann.up(ann.pen.set("t00", "title", "changed"), ann.pen.delete("t01"), ann.pen.set("t02", "done", true), ann.pen.set("t39", "title", "changed"), ...ann.pen.create("t000", { title: "new" }));
      const again = await bench.connect(server, "bob", { previous: bob });
      again.send({ msg: "sub", version: 1, queries: open, resume: page.resume });
      await again.settle();
      const boots = again.received.flatMap((message) => (message.msg === "boot" ? [message] : []));
      expect(boots[0]?.page).toBe(1);
      // As a device does: the page that it had stored, and those that came now, of which the last one has what changed meanwhile. All of it takes effect at once.
      const states = new Map([page, ...boots].flatMap(({ rows }) => rows).map((row) => [String(row.pk), row.state]));
      expect(boots.flatMap(({ rows }) => rows).some(({ pk }) => pk === page.rows[3]?.pk)).toBe(false);
      const shown = [...states].flatMap(([pk, state]) => (materialise(state) === undefined ? [] : [[pk, materialise(state)?.["title"]]]));
      expect(Object.fromEntries(shown)).toEqual({ ...Object.fromEntries(keys.slice(3, 39).map((pk) => [pk, "x".repeat(15_000)])), t00: "changed", t39: "changed", t000: "new" });
      // What has left view is told behind, so that it is no object that is known to be nothing.
      expect(again.received.filter(({ msg }) => msg === "down")).toMatchObject([{ txs: [], out: [{ type: "Task", pk: "t02" }] }]);
    });

    it("what came after an interrupted bootstrap had begun, and was gone before it ended, does not stay", async () => {
      const server = await bench.serve(await makePlace());
      const ann = await bench.connect(server, "ann");
      const keys = Array.from({ length: 40 }, (_each, index) => `t${String(index).padStart(2, "0")}`);
      await ann.up(...keys.flatMap((pk) => ann.pen.create(pk, { title: "x".repeat(15_000) })));
      const open = [{ type: "Task", query: "done == false" }];
      let bob = await bench.connect(server, "bob");
      const pages: BootMessage[] = [];
      const isBoot = (message: ServerMessage): message is BootMessage => message.msg === "boot";
      const take = async (): Promise<void> => {
        bob.send({ msg: "sub", version: 1, queries: open, ...(pages.length === 0 ? {} : { resume: pages.at(-1)?.resume as string }) });
        pages.push(await bob.wait(isBoot));
        await bob.close();
        bob = await bench.connect(server, "bob", { previous: bob });
      };
      await take();
      await ann.up(...["t05a", "t05b", "t05c"].flatMap((pk) => ann.pen.create(pk, { title: "between" })));
      await take();
      expect(pages[1]?.rows.map(({ pk }) => pk)).toEqual(expect.arrayContaining(["t05a", "t05b", "t05c"]));
      expect(pages[1]?.last).toBe(false);
      // One is deleted, one leaves view, one does so and is deleted then.
      await ann.up(ann.pen.delete("t05a"), ann.pen.set("t05b", "done", true), ann.pen.set("t05c", "done", true));
      await ann.up(ann.pen.delete("t05c"));
      bob.send({ msg: "sub", version: 1, queries: open, resume: pages[1]?.resume as string });
      await bob.settle();
      pages.push(...bob.received.filter(isBoot));
      const states = new Map(pages.flatMap(({ rows }) => rows).map((row) => [row.pk, row.state]));
      expect([...states].flatMap(([pk, state]) => (materialise(state) === undefined ? [] : [pk])).toSorted()).toEqual(keys);
      // What was deleted out of sight has left view, and nothing else is told of it.
      expect(bob.received.filter(({ msg }) => msg === "down")).toMatchObject([{ txs: [], out: [{ pk: "t05b" }, { pk: "t05c" }] }]);
      expect([states.get("t05a")?.d !== undefined, states.get("t05b"), states.get("t05c")]).toEqual([true, {}, {}]);
    });

    it("tokens: refused ones, ones that expire during a session, fresh ones, another user's", async () => {
      const server = await bench.serve(await makePlace());
      for (const [token, expected] of [["nonsense", { code: "TOKEN_INVALID", action: "logOut" }], ["expired:ann", { code: "TOKEN_EXPIRED", action: "refreshToken" }]] as const) {
        const client = await RawClient.open({ url: server.url, token });
        client.send({ msg: "hello", protocol: [1, 1], schema: { classes: [] }, token });
        expect(await client.error()).toMatchObject(expected);
        await client.close();
      }
      const { client: short } = await connectedFor(server.url, 60);
      expect(await short.error()).toMatchObject({ code: "TOKEN_EXPIRED", action: "refreshToken" });
      const { client: long, lifeMs } = await connectedFor(server.url, 60, async (client) => {
        client.send({ msg: "auth", token: tokenOf("ann") });
        await client.settle();
      });
      await new Promise((resolve) => setTimeout(resolve, lifeMs + 20));
      await long.settle();
      long.send({ msg: "auth", token: tokenOf("bob") });
      expect(await long.error()).toMatchObject({ code: "USER_DIFFERS", action: "logOut" });
    });

    it("another user's client id is answered like an unknown one", async () => {
      const server = await bench.serve(await makePlace());
      const ann = await bench.connect(server, "ann");
      const answers = [];
      for (const client of [ann.client, "00000000000000ff"]) {
        const bob = await RawClient.open({ url: server.url, token: tokenOf("bob") });
        bob.send({ msg: "hello", protocol: [1, 1], schema: { classes: [] }, token: tokenOf("bob"), client });
        answers.push(await bob.error());
        await bob.close();
      }
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[0]).toMatchObject({ code: "HISTORY_LOST", action: "reset" });
    });

    it("malformed, binary and foreign-stamped frames end their own session and no other", async () => {
      const server = await bench.serve(await makePlace());
      const good = await bench.connect(server, "bob");
      await good.subscribe(ALL);
      const bad: ((client: RawClient) => void)[] = [
        (client) => client.socket.send(Buffer.from([1, 2, 3])),
        (client) => client.socket.send("{"),
        (client) => client.socket.send('{"msg":"nope"}'),
        (client) => client.send({ msg: "hello", protocol: [1, 1], schema: { classes: [] }, token: tokenOf("ann") }),
        (client) => client.send({ msg: "up", txs: [{ cseq: 1, ops: good.pen.create("forged") }] }),
      ];
      for (const send of bad) {
        const client = await bench.connect(server, "ann");
        send(client);
        expect((await client.error()).action).toBeOneOf(["stop", "reset"]);
      }
      await good.up(...good.pen.create("t1"));
      await good.settle();
      expect(Object.keys(good.objects())).toEqual(["t1"]);
    });

    it("a graceful stop keeps what was taken and tells clients to come back", async () => {
      const place = await makePlace();
      const server = await bench.serve(place);
      const ann = await bench.connect(server, "ann");
      ann.sendUp(...ann.pen.create("t1", { title: "one" }));
      await ann.settle();
      await server.stop();
      expect(ann.errors.at(-1)).toMatchObject({ code: "SERVER_STOPPING", action: "retry" });
      const next = await bench.serve(place);
      const again = await bench.connect(next, "ann", { previous: ann });
      await again.subscribe(ALL, { resume: again.resume });
      expect(again.objects()).toMatchObject({ t1: { title: "one" } });
    });

    it("a client that does not read is cut off, and goes on by its token", async () => {
      const server = await bench.serve(await makePlace(), { outgoingMaxBytes: 200_000 });
      const [ann, slow] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "slow")]);
      await slow.subscribe(ALL);
      slow.socket.pause();
      for (let round = 0; server.metrics.count("holdfast_slow_clients_total") === 0; round++) {
        await ann.up(...ann.pen.create(`t${String(round)}`, { title: "x".repeat(400_000) }));
        if (round > 200) throw new Error("never cut off");
      }
      slow.socket.resume();
      const again = await bench.connect(server, "slow", { previous: slow });
      await again.subscribe(ALL, { resume: again.resume });
      expect(Object.keys(again.objects()).length).toBe(ann.cseq);
    });
  });
}

it("an address off loopback needs a certificate", () => {
  const options = { store: undefined as never, authenticator: bench.authenticator, rules: OPEN_RULES };
  expect(() => new SyncServer({ ...options, host: "0.0.0.0" })).toThrow(expect.objectContaining({ code: "TLS_REQUIRED" }));
});

/** A client whose token lives for so long, or for as much longer as this machine takes to connect it and do the work. */
async function connectedFor(url: string, lifeMs: number, work: (client: RawClient) => Promise<void> = async () => undefined): Promise<{ readonly client: RawClient; readonly lifeMs: number }> {
  try {
    const client = await RawClient.connect({ url, token: `test:ann:${String(lifeMs)}` });
    await work(client);
    return { client, lifeMs };
  } catch (error) {
    if (lifeMs > 10_000) throw error;
    return connectedFor(url, lifeMs * 4, work);
  }
}

/** A store of which some methods are others. */
function over(store: Store, methods: { readonly [Name in keyof Store]?: (store: Store) => Store[Name] }): Store {
  return new Proxy(store, {
    get(target, name) {
      const own = methods[name as keyof Store];
      const value = own === undefined ? (Reflect.get(target, name, target) as unknown) : own(target);
      return typeof value === "function" ? (value as (...rest: unknown[]) => unknown).bind(target) : value;
    },
  });
}
