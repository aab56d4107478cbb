/**
 * Faults on real parts: what was acknowledged is there once, what was not comes again and is done once.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import pg from "pg";
import type { Operation } from "@holdfast/sync-protocol";
import { FaultProxy } from "../src/testing/fault-proxy.ts";
import { makeCertificate } from "./support/certificate.ts";
import { freePort, postgresMissing, startCluster } from "./support/postgres.ts";
import type { Cluster } from "./support/postgres.ts";
import { seededRandom } from "./support/random.ts";
import { RawClient } from "./support/raw-client.ts";
import { Bench, tokenOf } from "./support/server.ts";
import type { Store } from "../src/store/store.ts";
import { STORE_KINDS } from "./support/stores.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 7);
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

/** Uploads increments whatever happens to its connections: keeps what is not acknowledged and sends it again. */
class StubbornClient {
  readonly #connect: (previous: RawClient | undefined) => Promise<RawClient>;
  #client: RawClient | undefined;
  /** Numbers and operations that no ack has covered. */
  readonly #queue: { cseq: number; ops: readonly Operation[] }[] = [];
  #cseq = 0;
  sent = 0;

  constructor(connect: (previous: RawClient | undefined) => Promise<RawClient>) {
    this.#connect = connect;
  }

  async increment(count: number): Promise<void> {
    for (let round = 0; round < count; round++) {
      const client = this.#client ?? (await this.#reconnect());
      this.#queue.push({ cseq: ++this.#cseq, ops: [...client.pen.create("counter"), client.pen.inc("counter", "count", 1)] });
      this.sent++;
      try {
        client.send({ msg: "up", txs: this.#queue.slice(-1) });
        if (round % 3 === 0) await this.#drain();
      } catch {
        this.#client = undefined;
      }
    }
  }

  /** Until the queue is empty. */
  async finish(): Promise<RawClient> {
    for (;;) {
      try {
        const client = this.#client ?? (await this.#reconnect());
        await this.#drain();
        return client;
      } catch {
        this.#client = undefined;
      }
    }
  }

  async #drain(): Promise<void> {
    const last = this.#queue.at(-1)?.cseq;
    if (last === undefined) return;
    const client = this.#client;
    if (client === undefined) throw new Error("not connected");
    let timer: NodeJS.Timeout | undefined;
    try {
      const patience = new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(new Error("no answer")), 3000)));
      await Promise.race([client.acked(last), patience]);
    } finally {
      clearTimeout(timer);
    }
    this.#queue.length = 0;
  }

  async #reconnect(): Promise<RawClient> {
    for (;;) {
      try {
        const before = this.#last;
        before?.socket.terminate();
        const client = await this.#connect(before);
        this.#last = client;
        this.#client = client;
        client.socket.on("close", () => {
          if (this.#client === client) this.#client = undefined;
        });
        if (this.#queue.length > 0) client.send({ msg: "up", txs: this.#queue });
        return client;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  }

  #last: RawClient | undefined;
}

async function expectCount(url: string, count: number): Promise<void> {
  const reader = await bench.connect({ url }, "reader");
  await reader.subscribe(ALL);
  expect(reader.objects()).toMatchObject({ counter: { count } });
}

/** Gives up on a server that does not answer hello. */
async function connectWithin(url: string, user: string, previous: RawClient | undefined): Promise<RawClient> {
  const client = await RawClient.open({ url, token: tokenOf(user), ...(previous === undefined ? {} : { previous }) });
  const timer = setTimeout(() => client.socket.terminate(), 3000);
  try {
    await client.hello();
  } finally {
    clearTimeout(timer);
  }
  return client;
}

describe(`faults, seed ${String(SEED)}`, () => {
  const random = seededRandom(SEED);

  it("connections that are reset, cut in mid frame, delayed and refused: every increment once", async () => {
    const place = await STORE_KINDS[0]!.makePlace();
    bench.defer(() => place.remove());
    const server = await bench.serve(place);
    const proxy = await FaultProxy.listen({ port: server.port });
    bench.defer(() => proxy.close());
    const url = `ws://127.0.0.1:${String(proxy.port)}/`;
    const clients = [1, 2, 3].map((number) => new StubbornClient((previous) => connectWithin(url, `user${String(number)}`, previous)));
    let isDone = false;
    const faults = (async (): Promise<void> => {
      for (let round = 0; !isDone; round++) {
        await new Promise((resolve) => setTimeout(resolve, 15 + random() * 25));
        if (round % 4 === 0) proxy.reset();
        else if (round % 4 === 1) proxy.cutAfterBytes = Math.floor(random() * 2000);
        else if (round % 4 === 2) proxy.delayMs = proxy.delayMs === 0 ? 3 : 0;
        else proxy.refuses = !proxy.refuses;
      }
      proxy.delayMs = 0;
      proxy.refuses = false;
      proxy.cutAfterBytes = undefined;
    })();
    await Promise.all(clients.map((client) => client.increment(40)));
    isDone = true;
    await faults;
    for (const client of clients) (await client.finish()).socket.terminate();
    await expectCount(server.url, 120);
  });

  it("a half-open connection is found out by its silence, and its client goes on", async () => {
    const place = await STORE_KINDS[0]!.makePlace();
    bench.defer(() => place.remove());
    const server = await bench.serve(place, { silenceMs: 150 });
    const proxy = await FaultProxy.listen({ port: server.port });
    bench.defer(() => proxy.close());
    const ann = await bench.connect({ url: `ws://127.0.0.1:${String(proxy.port)}/` }, "ann");
    await ann.subscribe(ALL);
    await ann.up(...ann.pen.create("t1"));
    proxy.swallows = true;
    while (server.metrics.count("holdfast_silent_clients_total") === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await bench.connect(server, "ann", { previous: ann });
    await again.subscribe(ALL, { resume: again.resume });
    expect(Object.keys(again.objects())).toEqual(["t1"]);
  });

  it("made after a feed stood still, seen by a bootstrap, deleted before the feed goes on: gone for whoever saw it", async () => {
    const place = await STORE_KINDS[0]!.makePlace();
    bench.defer(() => place.remove());
    let hint: () => void = () => undefined;
    let gate: Promise<void> | undefined;
    const openStore = async (): Promise<Store> => {
      const store = await place.openStore();
      const snapshot = store.snapshot.bind(store);
      store.snapshot = async () => {
        const wait = gate;
        gate = undefined;
        await wait;
        return snapshot();
      };
      store.onHint = (listener) => (hint = listener);
      return store;
    };
    const server = await bench.serve({ ...place, openStore });
    const [ann, bob] = [await bench.connect(server, "ann"), await bench.connect(server, "bob")];
    await ann.subscribe(ALL);
    await ann.up(...ann.pen.create("t0"));
    await ann.settle();
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    hint();
    await ann.up(...ann.pen.create("t1"), ann.pen.set("t0", "owner", "one"));
    bob.send({ msg: "sub", version: 1, queries: ALL });
    await bob.wait((message): message is Extract<typeof message, { msg: "boot" }> => message.msg === "boot" && message.last);
    expect(Object.keys(bob.objects())).toEqual(["t0", "t1"]);
    await ann.up(ann.pen.delete("t1"), ann.pen.set("t0", "owner", "two"));
    open();
    await Promise.all([ann.settle(), bob.settle()]);
    expect(bob.objects()).toEqual(ann.objects());
    expect(Object.keys(bob.objects())).toEqual(["t0"]);
    await ann.up(ann.pen.set("t0", "owner", "three"));
    await bob.settle();
    expect(bob.objects()).toMatchObject({ t0: { owner: "three" } });
  });

  it("TLS: its certificate is checked, and nobody gets in without", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
    bench.defer(async () => rmSync(folder, { recursive: true }));
    const place = await STORE_KINDS[0]!.makePlace();
    bench.defer(() => place.remove());
    const { cert, key } = makeCertificate(folder);
    const server = await bench.serve(place, { tls: { cert, key }, host: "0.0.0.0" });
    const url = `wss://localhost:${String(server.port)}/`;
    const ann = await bench.connect({ url }, "ann", { ca: cert });
    await ann.up(...ann.pen.create("t1"));
    await expect(RawClient.open({ url, token: tokenOf("ann") })).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    await expect(RawClient.open({ url, token: tokenOf("ann"), ca: makeCertificate(folder, "other.example").cert })).rejects.toThrow(/certificate/);
    await expect(RawClient.open({ url: `ws://127.0.0.1:${String(server.port)}/`, token: tokenOf("ann") })).rejects.toThrow(/hang up|ECONNRESET|EPIPE/);
  });

  it("a server that is killed in the middle of flushes: every increment once, on SQLite", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-kill-"));
    bench.defer(async () => rmSync(folder, { recursive: true }));
    await killRepeatedly(["sqlite", join(folder, "sync.db")], 1, random);
  });
});

describe.skipIf(postgresMissing() !== undefined)(`faults with PostgreSQL, seed ${String(SEED)}`, () => {
  const random = seededRandom(SEED);

  it("a server that is killed in the middle of flushes: every increment once", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    await killRepeatedly(["postgres", JSON.stringify(place.address)], 2, random);
  });

  it("a database that crashes and comes back: every increment once, and the session goes on", async () => {
    const cluster: Cluster = await startCluster({});
    bench.defer(async () => cluster.stop());
    const address = await cluster.createDatabase();
    const { PostgresStore } = await import("../src/store/postgres/postgres-store.ts");
    const server = await bench.serve({ openStore: async () => new PostgresStore({ connection: address, connections: 6 }), remove: async () => undefined });
    const [ann, bob] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "bob")]);
    await bob.subscribe(ALL);
    await ann.up(...ann.pen.create("counter"));
    const crash = cluster.crashAndRestart();
    for (let round = 0; round < 200; round++) {
      ann.sendUp(ann.pen.inc("counter", "count", 1));
      if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await crash;
    await ann.acked(ann.cseq);
    await bob.settle();
    expect(bob.objects()).toMatchObject({ counter: { count: 200 } });
    expect(server.metrics.count("holdfast_flush_failures_total")).toBeGreaterThan(0);
  });

  it("a line to the database that swallows what was sent in the middle of a flush: found out, and nobody else waits for its lock", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const proxy = await FaultProxy.listen({ port: place.address?.port ?? 0 });
    bench.defer(() => proxy.close());
    const { PostgresStore } = await import("../src/store/postgres/postgres-store.ts");
    const openStore = async (): Promise<InstanceType<typeof PostgresStore>> => new PostgresStore({ connection: { ...place.address, port: proxy.port }, connections: 6, statementTimeoutMs: 1000 });
    const [cut, whole] = [await bench.serve({ ...place, openStore }), await bench.serve(place)];
    const [ann, bob] = [await bench.connect(cut, "ann"), await bench.connect(whole, "bob")];
    await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
    await ann.up(...ann.pen.create("counter"));
    await bob.settle();
    for (const swallows of ["down", "up", true] as const) {
      proxy.swallows = swallows;
      // As it comes back from the database, or on its way there: its flush has begun, or not.
      ann.sendUp(ann.pen.inc("counter", "count", 1));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await bob.up(bob.pen.inc("counter", "count", 1));
      proxy.swallows = false;
      await ann.acked(ann.cseq);
      await Promise.all([ann.settle(), bob.settle()]);
    }
    for (const client of [ann, bob]) expect(client.objects()).toMatchObject({ counter: { count: 6 } });
  });

  it.each(["a compaction", "a client that is retired"])("a line to the database that swallows the answers to %s: nobody else waits for its lock", async (what) => {
    const place = await STORE_KINDS[1]!.makePlace();
    const proxy = await FaultProxy.listen({ port: place.address?.port ?? 0 });
    bench.defer(() => proxy.close());
    const { PostgresStore } = await import("../src/store/postgres/postgres-store.ts");
    const cut = new PostgresStore({ connection: { ...place.address, port: proxy.port }, connections: 6, statementTimeoutMs: 1000 });
    const server = await bench.serve(place);
    const bob = await bench.connect(server, "bob");
    await bob.up(...bob.pen.create("counter"));
    await cut.open();
    bench.defer(() => cut.close());
    const { query } = pg.Client.prototype;
    let taken = 0;
    vi.spyOn(pg.Client.prototype, "query").mockImplementation(function mocked(this: pg.Client, ...all: unknown[]) {
      const isOurs = (this as unknown as { readonly port: number }).port === proxy.port;
      // The database has the row locked, and whoever asked for that never hears of it.
      if (isOurs && typeof all[0] === "string" && all[0].endsWith("FOR UPDATE")) {
        taken++;
        proxy.swallows = "down";
        // Nor does the database hear that the other end gives up.
        setTimeout(() => (proxy.swallows = true), 200);
      }
      return Reflect.apply(query, this, all) as unknown;
    } as never);
    const lost = what === "a compaction" ? cut.compact(new Date(0)) : cut.retireClient("0000000000000001", "nobody");
    await expect(lost).rejects.toThrow(Error);
    expect(taken).toBe(1);
    await bob.up(bob.pen.inc("counter", "count", 1));
    vi.restoreAllMocks();
    proxy.swallows = false;
  });

  it("a database that wants transactions repeated (40001): every increment once", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const pool = new pg.Pool(place.address);
    await pool.query(`ALTER DATABASE ${String(place.address?.database)} SET default_transaction_isolation = 'serializable'`);
    await pool.end();
    const servers = [await bench.serve(place), await bench.serve(place)];
    const clients = await Promise.all(servers.map((server, index) => bench.connect(server, `user${String(index)}`)));
    await Promise.all(
      clients.map(async (client) => {
        for (let round = 0; round < 20; round++) {
          client.sendUp(...client.pen.create("counter"), client.pen.inc("counter", "count", 1));
          if (round % 4 === 0) await client.acked(client.cseq);
        }
        await client.acked(client.cseq);
      }),
    );
    await expectCount(servers[0]!.url, 40);
    expect(servers.reduce((sum, server) => sum + server.metrics.count("holdfast_flush_failures_total"), 0)).toBeGreaterThan(0);
  });

  it("away for longer than the log reaches back: reset, and the others go on", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const server = await bench.serve(place);
    const [ann, bob] = [await bench.connect(server, "ann"), await bench.connect(server, "bob")];
    await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
    await ann.up(...ann.pen.create("t1"));
    const gone = { previous: bob, resume: bob.resume };
    await bob.close();
    await ann.up(ann.pen.delete("t1"));
    const pool = new pg.Pool(place.address);
    await pool.query("UPDATE sync.client SET seen_at = now() - interval '31 days' WHERE client = $1", [bob.client]);
    await pool.end();
    const fresh = await bench.connect(server, "cid");
    await fresh.subscribe(ALL);
    for (const client of [ann, fresh]) {
      client.send({ msg: "ping" });
      await client.settle();
      client.send({ msg: "ping", ...(client.resume === undefined ? {} : { basis: client.resume }) });
      await client.settle();
    }
    while ((await server.store.position()).floor === 0) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await server.compact();
    }
    await expect(bench.connect(server, "bob", gone)).rejects.toThrow("HISTORY_LOST");
    await ann.up(...ann.pen.create("t2"));
    await fresh.settle();
    expect(Object.keys(fresh.objects())).toEqual(["t2"]);
  });

  it("several servers on one database: each passes on what the others write, and a zombie session does nothing twice", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const [one, two] = [await bench.serve(place), await bench.serve(place)];
    const [ann, bob] = [await bench.connect(one, "ann"), await bench.connect(two, "bob")];
    await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
    await ann.up(...ann.pen.create("counter", { title: "one" }));
    await bob.settle();
    await bob.up(bob.pen.set("counter", "title", "two"));
    await ann.settle();
    expect(ann.objects()).toMatchObject({ counter: { title: "two" } });
    // The same client on both servers, the same transaction from both, at once.
    const zombie = await bench.connect(two, "ann", { previous: ann });
    const ops = [ann.pen.inc("counter", "count", 1)];
    for (const client of [ann, zombie]) client.send({ msg: "up", txs: [{ cseq: 2, ops }] });
    await Promise.all([ann.acked(2), zombie.acked(2)]);
    await bob.settle();
    expect(bob.objects()).toMatchObject({ counter: { count: 1 } });
  });

  it("a restored backup is found out: reset, not silent divergence", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const server = await bench.serve(place);
    const ann = await bench.connect(server, "ann");
    await ann.subscribe(ALL);
    await ann.up(...ann.pen.create("t1"));
    await ann.up(...ann.pen.create("t2"));
    await ann.settle();
    ann.send({ msg: "ping" });
    await ann.wait((message): message is Extract<typeof message, { msg: "progress" }> => message.msg === "progress");
    const { resume } = ann;
    await ann.close();
    const pool = new pg.Pool(place.address);
    // What a backup from before the second transaction would hold, and another history that grew on it.
    await pool.query("DELETE FROM sync.change WHERE v = 2; DELETE FROM sync.version WHERE v = 2; DELETE FROM sync.receipt WHERE cseq = 2; UPDATE sync.shard SET v = 1; UPDATE sync.client SET last_cseq = 1; DELETE FROM app.\"Task\" WHERE _id = 't2'");
    await pool.end();
    const early = await bench.connect(server, "ann", { previous: ann });
    early.send({ msg: "sub", version: 1, queries: ALL, ...(resume === undefined ? {} : { resume }) });
    expect(await early.error()).toMatchObject({ code: "HISTORY_LOST", action: "reset" });
    const bob = await bench.connect(server, "bob");
    await bob.up(...bob.pen.create("t3"));
    const late = await bench.connect(server, "ann", { previous: ann });
    late.send({ msg: "sub", version: 1, queries: ALL, ...(resume === undefined ? {} : { resume }) });
    expect(await late.error()).toMatchObject({ code: "HISTORY_LOST", action: "reset" });
  });
});

async function killRepeatedly(place: readonly string[], kills: number, random: () => number): Promise<void> {
  const port = await freePort();
  const url = `ws://127.0.0.1:${String(port)}/`;
  let child = await startProcess([...place, String(port)]);
  bench.defer(async () => void child.kill("SIGKILL"));
  const clients = [1, 2, 3].map((number) => new StubbornClient((previous) => connectWithin(url, `user${String(number)}`, previous)));
  const work = Promise.all(clients.map((client) => client.increment(60)));
  for (let round = 0; round < kills; round++) {
    await new Promise((resolve) => setTimeout(resolve, 60 + random() * 120));
    const isGone = once(child, "exit");
    child.kill("SIGKILL");
    await isGone;
    child = await startProcess([...place, String(port)]);
  }
  await work;
  for (const client of clients) (await client.finish()).socket.terminate();
  await expectCount(url, 180);
}

async function startProcess(options: readonly string[]): Promise<ChildProcess> {
  const script = join(import.meta.dirname, "support/server-process.ts");
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", script, ...options], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}
