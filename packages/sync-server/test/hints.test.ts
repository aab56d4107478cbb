/**
 * Hints between servers: lost, doubled, early or none at all, what arrives is the same.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HintBus } from "../src/hints/hint-bus.ts";
import { natsHints } from "../src/hints/nats-hints.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { makeCertificate } from "./support/certificate.ts";
import { NatsServer, natsMissing } from "./support/nats.ts";
import { postgresMissing, sharedCluster } from "./support/postgres.ts";
import type { DatabaseAddress } from "./support/postgres.ts";
import { seededRandom } from "./support/random.ts";
import { Bench } from "./support/server.ts";
import type { Place } from "./support/stores.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 7);
/** Servers that would not look by themselves within the time of a test. */
const NEVER_MS = 3_600_000;
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

function placeWith(address: DatabaseAddress, hints: "notify" | "poll" | HintBus): Place {
  return { address, openStore: async () => new PostgresStore({ connection: address, connections: 6, hints }), remove: async () => undefined };
}

/** What a user of one server writes until one of another server has it. */
async function passOn(buses: readonly ("notify" | "poll" | HintBus)[], pollMs: number, count: number): Promise<void> {
  const address = await (await sharedCluster()).createDatabase();
  const servers = [];
  for (const hints of buses) servers.push(await bench.serve(placeWith(address, hints), { pollMs }));
  const [ann, bob] = [await bench.connect(servers[0]!, "ann"), await bench.connect(servers.at(-1)!, "bob")];
  await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
  for (let round = 0; round < count; round++) await ann.up(...ann.pen.create("counter"), ann.pen.inc("counter", "count", 1));
  // Nobody asks: a mark would make the server look.
  while (bob.objects()["counter"]?.["count"] !== count) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(bob.errors).toEqual([]);
}

/** Loses, doubles and makes up hints. */
function lossyBus(random: () => number, kept: number): HintBus & { readonly counts: { lost: number; doubled: number; early: number } } {
  const listeners = new Map<string, Set<() => void>>();
  const counts = { lost: 0, doubled: 0, early: 0 };
  return {
    counts,
    async open(channel, listener) {
      const mine = listeners.get(channel) ?? new Set();
      listeners.set(channel, mine.add(listener));
      const tell = (): void => {
        for (const each of mine) each();
      };
      const timer = setInterval(() => {
        counts.early++;
        tell();
      }, 7);
      return {
        send() {
          if (random() >= kept) {
            counts.lost++;
            return;
          }
          tell();
          if (random() < 0.5) {
            counts.doubled++;
            tell();
          }
        },
        async close() {
          clearInterval(timer);
          mine.delete(listener);
        },
      };
    },
  };
}

describe.skipIf(postgresMissing() !== undefined)(`hints, seed ${String(SEED)}`, () => {
  it("NOTIFY passes on what another server wrote, without looking", () => passOn(["notify", "notify"], NEVER_MS, 5));

  it("looking alone passes it on as well; so do servers that look beside one that hears", async () => {
    await passOn(["poll", "poll"], 20, 5);
    await passOn(["notify", "poll"], 20, 5);
  });

  it("hints that get lost, come twice and too early change nothing but the time", async () => {
    const random = seededRandom(SEED);
    const bus = lossyBus(random, 0.3);
    await passOn([bus, bus], 50, 40);
    expect([bus.counts.lost, bus.counts.doubled, bus.counts.early].every((count) => count > 0)).toBe(true);
  });

  describe.skipIf(natsMissing() !== undefined)(`over NATS (${natsMissing() ?? "found"})`, () => {
    it("two servers over one database, without looking", async () => {
      const nats = await NatsServer.start();
      bench.defer(() => nats.end());
      const servers = [`127.0.0.1:${String(nats.port)}`];
      await passOn([natsHints({ servers }), natsHints({ servers })], NEVER_MS, 5);
    });

    it("a bus that goes away, and one that was never there: servers start, look by themselves, stop, and hear again", async () => {
      const nats = await NatsServer.start();
      bench.defer(() => nats.end());
      const servers = [`127.0.0.1:${String(nats.port)}`];
      const address = await (await sharedCluster()).createDatabase();
      const [one, two] = [await bench.serve(placeWith(address, natsHints({ servers })), { pollMs: 50 }), await bench.serve(placeWith(address, natsHints({ servers })), { pollMs: 50 })];
      const [ann, bob] = [await bench.connect(one, "ann"), await bench.connect(two, "bob")];
      await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
      const arrives = async (name: string): Promise<void> => {
        await ann.up(...ann.pen.create(name));
        while (bob.objects()[name] === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      await arrives("before");
      await nats.end();
      await arrives("without");
      const third = await bench.serve(placeWith(address, natsHints({ servers })), { pollMs: 50 });
      await third.stop();
      await nats.begin();
      await arrives("after");
    });

    it("TLS and a password: without them there are no hints, and everything arrives all the same", async () => {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-nats-"));
      bench.defer(async () => rmSync(folder, { recursive: true }));
      const { cert, certPath, keyPath } = makeCertificate(folder);
      const nats = await NatsServer.start("--tls", "--tlscert", certPath, "--tlskey", keyPath, "--user", "sync", "--pass", "of-a-test");
      bench.defer(() => nats.end());
      const servers = [`localhost:${String(nats.port)}`];
      const known = (): HintBus => natsHints({ servers, tls: { ca: cert }, user: "sync", password: "of-a-test" });
      await passOn([known(), known()], NEVER_MS, 3);
      await passOn([known(), natsHints({ servers, tls: { ca: cert }, user: "sync", password: "another" })], 20, 3);
      await passOn([natsHints({ servers, tls: {} }), known()], 20, 3);
      // A server without TLS gets nothing from who wants TLS.
      const plain = await NatsServer.start();
      bench.defer(() => plain.end());
      const downgraded = (): HintBus => natsHints({ servers: [`localhost:${String(plain.port)}`], tls: { ca: cert } });
      await passOn([downgraded(), downgraded()], 20, 3);
    });
  });

  it("another machine is reached over TLS only", () => {
    for (const server of ["nats.example.org:4222", "nats://10.0.0.1:4222", "127.0.0.1.example.org", "localhost@10.0.0.1:4222"]) {
      expect(() => natsHints({ servers: ["127.0.0.1:4222", server] })).toThrow(expect.objectContaining({ code: "TLS_REQUIRED" }));
      expect(natsHints({ servers: [server], tls: {} })).toBeDefined();
    }
  });
});
