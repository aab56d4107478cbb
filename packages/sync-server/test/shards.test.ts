/**
 * Several shards behind one port: what crosses from one to another (nothing), and which of them waits for which (none).
 *
 * @module
 */
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SyncServer } from "../src/sync-server.ts";
import type { SyncServerOptions } from "../src/sync-server.ts";
import { OPEN_RULES } from "../src/permissions/rules.ts";
import { compileShardChoice } from "../src/shards/shard-choice.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../src/store/store.ts";
import { FaultProxy } from "../src/testing/fault-proxy.ts";
import { TASKS } from "./support/operations.ts";
import { freePort, postgresMissing, sharedCluster } from "./support/postgres.ts";
import { RawClient } from "./support/raw-client.ts";
import { Bench, tokenOf } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const REGION = "%%user.custom_data.region";
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

function makeServer(shards: Readonly<Record<string, Store>>, more: Partial<SyncServerOptions> = {}): SyncServer {
  return new SyncServer({ shards, shardOf: REGION, authenticator: bench.authenticator, rules: OPEN_RULES, schema: TASKS, pollMs: 50, ...more });
}

async function serve(shards: Readonly<Record<string, Store>>): Promise<SyncServer> {
  const server = makeServer(shards);
  await server.start();
  bench.defer(() => server.stop());
  return server;
}

function settleIn(region: string, ...users: readonly string[]): void {
  for (const user of users) bench.authenticator.customData.set(user, { region });
}

function moved(user: string): { readonly userId: string; readonly customData: Readonly<Record<string, unknown>>; readonly expiresAt: number } {
  return { userId: user, customData: bench.authenticator.customData.get(user) ?? {}, expiresAt: Date.now() + 60_000 };
}

/** Says hello as whoever it likes, and gives the answer. */
async function helloAs(server: SyncServer, user: string, claims: { readonly client?: string; readonly epoch?: string }): Promise<string> {
  const client = await RawClient.open({ url: server.url, token: tokenOf(user) });
  bench.defer(() => client.close());
  client.send({ msg: "hello", protocol: [1, 1], schema: TASKS, token: tokenOf(user), ...claims });
  const { code, action } = await client.error();
  return `${code} ${action}`;
}

describe("to which shard a user belongs", () => {
  const userOf = (customData: Readonly<Record<string, unknown>>): Parameters<ReturnType<typeof compileShardChoice>>[0] => ({ userId: "ann", customData, expiresAt: 0 });

  it("is read from the custom data, the id or a function", () => {
    expect(compileShardChoice("%%user.custom_data.place.region")(userOf({ place: { region: "north" } }))).toBe("north");
    expect(compileShardChoice("%%user.id")(userOf({}))).toBe("ann");
    expect(compileShardChoice(({ userId }) => userId.slice(0, 1))(userOf({}))).toBe("a");
  });

  it("is nowhere for what is not there, no text, or inherited", () => {
    const choice = compileShardChoice(REGION);
    for (const customData of [{}, { region: 7 }, { region: ["north"] }, { Region: "north" }]) expect(choice(userOf(customData))).toBeUndefined();
    expect(compileShardChoice("%%user.custom_data.region.constructor.name")(userOf({ region: {} }))).toBeUndefined();
  });

  it("comes from nothing else", () => {
    for (const wrong of ["region", "%%user.name", "%%user.custom_data", "%%user.custom_data.", "%%user.custom_data.a b"]) expect(() => compileShardChoice(wrong)).toThrow(expect.objectContaining({ code: "CONFIGURATION_INVALID" }));
  });

  it("names that are no names are refused, as are shards without a choice and a choice without shards", () => {
    const store = new SqliteStore(":memory:");
    bench.defer(() => store.close());
    const base = { authenticator: bench.authenticator, rules: OPEN_RULES };
    for (const options of [{ shards: { "a\"b": store }, shardOf: REGION }, { shards: {}, shardOf: REGION }, { shards: { a: store } }, { store, shardOf: REGION }, { store, shards: { a: store }, shardOf: REGION }, {}]) {
      expect(() => new SyncServer({ ...base, ...options })).toThrow(expect.objectContaining({ code: "CONFIGURATION_INVALID" }));
    }
  });
});

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`shards on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function makeStores(): Promise<{ readonly north: Store; readonly south: Store }> {
      const places = [await kind.makePlace(), await kind.makePlace()] as const;
      for (const place of places) bench.defer(() => place.remove());
      return { north: await places[0].openStore(), south: await places[1].openStore() };
    }

    it("users of a shard see each other's objects and nothing of another's, under the same keys too", async () => {
      settleIn("north", "ann", "nell");
      settleIn("south", "sam", "sue");
      const stores = await makeStores();
      const server = await serve(stores);
      const [ann, nell, sam, sue] = await Promise.all(["ann", "nell", "sam", "sue"].map((user) => bench.connect(server, user)));
      await Promise.all([ann!, nell!, sam!, sue!].map((client) => client.subscribe(ALL)));
      await Promise.all([ann!.up(...ann!.pen.create("t1", { title: "of the north" })), sam!.up(...sam!.pen.create("t1", { title: "of the south" }))]);
      await sam!.up(...sam!.pen.create("t2"));
      await Promise.all([nell!.settle(), sue!.settle()]);
      expect(nell!.objects()).toEqual({ t1: expect.objectContaining({ title: "of the north" }) });
      expect(sue!.objects()).toEqual({ t1: expect.objectContaining({ title: "of the south" }), t2: expect.anything() });
      expect([(await stores.north.position()).version, (await stores.south.position()).version]).toEqual([1, 2]);
      const metrics = server.metrics.text();
      expect(metrics).toContain('holdfast_transactions_total{shard="north"} 1\nholdfast_transactions_total{shard="south"} 2');
      expect(metrics.match(/# TYPE holdfast_transactions_total/g)).toHaveLength(1);
      expect([...server.shardsReady]).toEqual([["north", true], ["south", true]]);
    });

    it("a user who moved starts anew there: neither client, epoch nor resume token of the shard before is good", async () => {
      settleIn("north", "ann");
      settleIn("south", "sam");
      const server = await serve(await makeStores());
      const [ann, sam] = [await bench.connect(server, "ann"), await bench.connect(server, "sam")];
      await Promise.all([ann.subscribe(ALL), sam.subscribe(ALL)]);
      await ann.up(...ann.pen.create("t1"));
      await sam.up(...sam.pen.create("t2"));
      settleIn("south", "ann");
      server.userChanged(moved("ann"));
      expect(await ann.error()).toMatchObject({ code: "SHARD_CHANGED", action: "retry" });
      expect(await helloAs(server, "ann", { client: ann.client, epoch: ann.epoch })).toBe("HISTORY_LOST reset");
      expect(await helloAs(server, "ann", { client: ann.client, epoch: sam.epoch })).toBe("HISTORY_LOST reset");
      expect(await helloAs(server, "ann", { client: ann.client })).toBe("HISTORY_LOST reset");
      const fresh = await bench.connect(server, "ann");
      fresh.send({ msg: "sub", version: 1, queries: ALL, resume: ann.resume! });
      expect(await fresh.error()).toMatchObject({ code: "RESUME_INVALID", action: "reset" });
      const again = await bench.connect(server, "ann");
      await again.subscribe(ALL);
      expect(Object.keys(again.objects())).toEqual(["t2"]);
    });

    it("a fresh token that names another shard ends the session; so does one that names none", async () => {
      settleIn("north", "ann", "nell");
      const server = await serve(await makeStores());
      const [ann, nell] = [await bench.connect(server, "ann"), await bench.connect(server, "nell")];
      settleIn("south", "ann");
      ann.send({ msg: "auth", token: tokenOf("ann") });
      expect(await ann.error()).toMatchObject({ code: "SHARD_CHANGED", action: "retry" });
      settleIn("nowhere", "nell");
      nell.send({ msg: "auth", token: tokenOf("nell") });
      expect(await nell.error()).toMatchObject({ code: "SHARD_UNKNOWN", action: "stop" });
    });

    it("client, epoch and resume token of a user in another shard: the answers are those for what was never there", async () => {
      settleIn("north", "ann");
      settleIn("south", "sam");
      const server = await serve(await makeStores());
      const ann = await bench.connect(server, "ann");
      await ann.subscribe(ALL);
      for (const claims of [{ client: ann.client, epoch: ann.epoch }, { client: ann.client }, { client: "0".repeat(16) }]) expect(await helloAs(server, "sam", claims)).toBe("HISTORY_LOST reset");
      for (const resume of [ann.resume!, "x.y"]) {
        const sam = await bench.connect(server, "sam");
        sam.send({ msg: "sub", version: 1, queries: ALL, resume });
        expect(await sam.error()).toMatchObject({ code: "RESUME_INVALID" });
        const basis = await bench.connect(server, "sam");
        basis.send({ msg: "ping", basis: resume });
        expect(await basis.error()).toMatchObject({ code: "RESUME_INVALID" });
      }
    });

    it("users without a shard, or with one that is not there, get in nowhere", async () => {
      settleIn("north", "ann");
      settleIn("constructor", "eve");
      settleIn("", "mallory");
      const server = await serve(await makeStores());
      for (const user of ["nobody", "eve", "mallory"]) expect(await helloAs(server, user, {})).toBe("SHARD_UNKNOWN stop");
      await bench.connect(server, "ann");
    });

    it("a database that is another shard's is refused", async () => {
      const places = [await kind.makePlace(), await kind.makePlace()] as const;
      for (const place of places) bench.defer(() => place.remove());
      const first = makeServer({ north: await places[0].openStore(), south: await places[1].openStore() });
      await first.start();
      await first.stop();
      const swapped = { north: await places[1].openStore(), south: await places[0].openStore() };
      const server = makeServer(swapped);
      bench.defer(() => server.stop());
      await expect(server.start()).rejects.toMatchObject({ code: "SHARD_MISMATCH" });
    });
  });
}

describe.skipIf(postgresMissing() !== undefined)("shards on several databases of PostgreSQL", () => {
  /** Two databases, one of them behind a proxy. */
  async function makeStores(): Promise<{ readonly north: Store; readonly south: Store; readonly proxy: FaultProxy }> {
    const cluster = await sharedCluster();
    const [north, south] = [await cluster.createDatabase(), await cluster.createDatabase()];
    const proxy = await FaultProxy.listen({ port: south.port });
    bench.defer(() => proxy.close());
    return { north: new PostgresStore({ connection: north, connections: 4 }), south: new PostgresStore({ connection: { ...south, port: proxy.port }, connections: 4 }), proxy };
  }

  it("a copy of another shard's database is refused: tokens of one would be good in the other", async () => {
    const cluster = await sharedCluster();
    const north = await cluster.createDatabase();
    const single = new PostgresStore({ connection: north });
    await single.open();
    await single.close();
    const admin = new pg.Client({ ...north, database: "postgres" });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${north.database}_copy TEMPLATE ${north.database}`);
    await admin.end();
    const server = makeServer({ north: new PostgresStore({ connection: north }), south: new PostgresStore({ connection: { ...north, database: `${north.database}_copy` } }) });
    bench.defer(() => server.stop());
    await expect(server.start()).rejects.toMatchObject({ code: "SHARD_MISMATCH" });
  });

  it.each(["swallows", "refuses"] as const)("a database that %s what it is asked leaves the other shard's sessions alone, and its own go on afterwards", async (fault) => {
    settleIn("north", "ann", "nell");
    settleIn("south", "sam");
    const { proxy, ...stores } = await makeStores();
    const server = await serve(stores);
    const [ann, nell, sam] = [await bench.connect(server, "ann"), await bench.connect(server, "nell"), await bench.connect(server, "sam")];
    await Promise.all([ann.subscribe(ALL), nell.subscribe(ALL), sam.subscribe(ALL)]);
    proxy[fault] = true;
    if (fault === "refuses") proxy.reset();
    const late = sam.sendUp(...sam.pen.create("late"));
    for (let round = 0; round < 10; round++) {
      await ann.up(...ann.pen.create(`t${String(round)}`));
      await nell.settle();
    }
    expect(Object.keys(nell.objects())).toHaveLength(10);
    expect(await bench.connect(server, "ann", { previous: ann })).toBeDefined();
    expect(sam.acks).toEqual([]);
    if (fault === "refuses") {
      while (server.shardsReady.get("south") === true) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(server.shardsReady.get("north")).toBe(true);
      proxy.refuses = false;
    } else {
      proxy.swallows = false;
      proxy.reset();
    }
    await sam.acked(late);
    while (server.shardsReady.get("south") !== true) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it("a shard that is not there when the server starts: the others are served, its users are told to come back and are served once it is there", async () => {
    settleIn("north", "ann");
    settleIn("south", "sam");
    const { proxy, ...stores } = await makeStores();
    proxy.refuses = true;
    const server = await serve(stores);
    const ann = await bench.connect(server, "ann");
    await ann.up(...ann.pen.create("t1"));
    expect([...server.shardsReady]).toEqual([["north", true], ["south", false]]);
    expect(await helloAs(server, "sam", {})).toBe("STORE_UNAVAILABLE retry");
    proxy.refuses = false;
    while (server.shardsReady.get("south") !== true) await new Promise((resolve) => setTimeout(resolve, 20));
    const sam = await bench.connect(server, "sam");
    await sam.up(...sam.pen.create("t1"));
  });

  it("does not start while no shard's database answers, with one shard or with several", async () => {
    const dead = { host: "127.0.0.1", port: await freePort(), user: "nobody", database: "none" };
    const several = makeServer({ north: new PostgresStore({ connection: dead }), south: new PostgresStore({ connection: dead }) });
    const one = new SyncServer({ store: new PostgresStore({ connection: dead }), authenticator: bench.authenticator, rules: OPEN_RULES });
    for (const server of [several, one]) {
      await expect(server.start()).rejects.toMatchObject({ code: "ECONNREFUSED" });
      await server.stop();
    }
  });

  it("stops while a shard's database does not answer: the others' clients have their answers and are told", async () => {
    settleIn("north", "ann");
    settleIn("south", "sam");
    const { proxy, ...stores } = await makeStores();
    const server = await serve(stores);
    const [ann, sam] = [await bench.connect(server, "ann"), await bench.connect(server, "sam")];
    await Promise.all([ann.settle(), sam.settle()]);
    proxy.refuses = true;
    proxy.reset();
    sam.sendUp(...sam.pen.create("late"));
    const [cseqs] = [[1, 2, 3].map((round) => ann.sendUp(...ann.pen.create(`t${String(round)}`)))];
    await ann.acked(cseqs[0]!);
    const stopped = server.stop();
    expect(await ann.error()).toMatchObject({ code: "SERVER_STOPPING", action: "retry" });
    expect(sam.errors).toEqual([]);
    await stopped;
    expect(sam.acks).toEqual([]);
  });
});
