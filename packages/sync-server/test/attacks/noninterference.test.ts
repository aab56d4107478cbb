/**
 * Noninterference: two worlds that differ only in what a user may not see must be the same to that user, frame by frame.
 *
 * Each seed makes a script of what the user does and of what others do in the user's sight; it is run twice, each time with other things
 * going on out of sight. What is put to one side before frames are compared, and why that tells nothing, or what it tells:
 *
 * - ids that are random and the server's own: the epoch's. It is replaced by its name. Those of clients are made from the seed, since they decide between stamps that are equal else.
 * - resume texts: sealed (a test of their own); their length is compared.
 * - stamps of what other programs write: the server's clock has seen everybody's. Told of in docs/threat-model.md. Those in place of a client's are compared.
 * - `progress` and `pong.floor`: that somebody has written something since. Told of there, too.
 *
 * `HOLDFAST_ATTACKS=long` tries 150 seeds instead of a few, `HOLDFAST_SEEDS=20-40` those: what was stopped goes on there.
 *
 * @module
 */
import { createHash } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClientMessage, Operation, ServerMessage, SyncSchema, WireValue } from "@holdfast/sync-protocol";
import type { Rules } from "../../src/permissions/rules.ts";
import { seededRandom } from "../support/random.ts";
import { RawClient } from "../support/raw-client.ts";
import { Bench, tokenOf } from "../support/server.ts";
import { STORE_KINDS } from "../support/stores.ts";
import type { StoreKind } from "../support/stores.ts";

const SCHEMA: SyncSchema = {
  classes: [
    {
      name: "Task",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "string" }, { name: "owner", type: "string" }, { name: "title", type: "string", optional: true }, { name: "done", type: "bool" }, { name: "count", type: "int", counter: true },
        { name: "secret", type: "string", optional: true }, { name: "salary", type: "int" }, { name: "notes", type: "string", collection: "list" }, { name: "tags", type: "string", collection: "list" },
        { name: "marks", type: "int", collection: "set" }, { name: "words", type: "string", collection: "dict" }, { name: "friend", type: "object", objectType: "Task", optional: true },
        { name: "any", type: "mixed", optional: true },
      ],
    },
    { name: "Own", primaryKey: "_id", properties: [{ name: "_id", type: "string" }, { name: "owner", type: "string" }, { name: "friend", type: "object", objectType: "Task", optional: true }] },
    { name: "Closed", primaryKey: "_id", properties: [{ name: "_id", type: "string" }, { name: "text", type: "string" }] },
  ],
};
const ADMIN = { name: "admin", applyWhen: "%%user.custom_data.isAdmin == true", read: true, insert: true, update: true, delete: true } as const;
const RULES: Rules = {
  classes: {
    Task: [ADMIN, { name: "owner", read: "owner == %%user.id OR 'everybody' IN tags", update: "owner == %%user.id", delete: "owner == %%user.id AND done == true", fields: { secret: { read: false }, salary: { read: false }, notes: { read: false } } }],
    Own: [ADMIN, { name: "owner", read: "owner == %%user.id", insert: "owner == %%user.id", update: "owner == %%user.id", delete: "owner == %%user.id" }],
    Closed: [ADMIN],
  },
};
/** Objects that come into the user's sight, and keys that the user only guesses: out of sight they are there, deleted, or never were. */
const SEEN = ["s0", "s1", "s2", "s3"];
const GUESSED = ["g0", "g1", "g2", "g3", "g4"];
const MARKERS = ["alphamarker", "betamarker and rather longer"] as const;
const QUERIES = [
  "TRUEPREDICATE", "owner == 'ann'", "title != null", "title == 'one'", "title BEGINSWITH 'o'", "title ENDSWITH[c] 'E'", "title CONTAINS 'n'", "title LIKE '*o?*'", "title IN {'one', 'two'}", "done == true OR count > 1", "count BETWEEN {0, 3}",
  "ANY tags == 'everybody'", "NONE tags CONTAINS 'e'", "ALL tags != 'x'", "tags.@count > 0", "friend == null", "friend != null", "NOT (title < 'p' AND count >= 0)", "ANY marks > 2",
  // Refused, each with the words for a field that is not there, or for a kind of query that there is not.
  "secret == 'alphamarker'", "secret CONTAINS 'a'", "salary > 100", "salary BETWEEN {0, 7}", "notes.@count > 0", "ANY notes == 'x'", "NOT secret == null", "friend.owner == 'bob'", "friend.secret == 'x'", "@links.@count > 0", "tags.@max == 'x'", "TRUEPREDICATE SORT(secret ASC)", "TRUEPREDICATE SORT(salary DESC) LIMIT(1)", "TRUEPREDICATE DISTINCT(secret)",
  "nothing == 1", "SUBQUERY(tags, $x, $x == 'a').@count > 0", "title == secret",
];
const [FIRST_SEED = 1, LAST_SEED = process.env["HOLDFAST_ATTACKS"] === "long" ? 150 : 2] = (process.env["HOLDFAST_SEEDS"] ?? "").split("-").filter((text) => text !== "").map(Number);
const SEEDS = Array.from({ length: LAST_SEED - FIRST_SEED + 1 }, (_unused, index) => FIRST_SEED + index);
const STEPS = 45;
const START_MS = Date.parse("2026-11-01T00:00:00Z");
/** What clocks are off by: taken as they are up to a minute ahead, replaced beyond; behind, and far behind. */
const OFF_MS = [59_000, 61_000, 119_000, 1e8, 1e11, -1000, -1e8, -1e12];
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

/** A world: its server, those in it, and what the user has been told. */
class World {
  readonly frames: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #seed: number;
  readonly #random: () => number;
  readonly #hidden: () => number;
  readonly #marker: string;
  #url = "";
  #sql: pg.Client | undefined;
  ann!: RawClient;
  root!: RawClient;
  bob!: RawClient;
  mal!: RawClient;
  #subVersion = 0;
  #guesses = 0;

  constructor(seed: number, index: 0 | 1) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#hidden = seededRandom(seed * 1000 + index + 1);
    this.#marker = MARKERS[index];
  }

  async run(kind: StoreKind): Promise<void> {
    const place = await kind.makePlace();
    bench.defer(() => place.remove());
    for (const name of ["root", "bob", "mal"]) bench.authenticator.customData.set(name, { isAdmin: true, about: this.#marker });
    const server = await bench.serve(place, { schema: SCHEMA, rules: RULES, now: () => START_MS });
    const { addClient } = server.store;
    let clients = 0;
    server.store.addClient = (_random, user) => addClient.call(server.store, createHash("sha256").update(`${String(this.#seed)} ${user} ${String(clients++)}`).digest("hex").slice(0, 16), user);
    this.#url = server.url;
    if (place.address !== undefined) {
      this.#sql = new pg.Client(place.address);
      await this.#sql.connect();
      bench.defer(async () => this.#sql?.end());
    }
    this.root = await this.#connect("root");
    this.bob = await this.#connect("bob");
    this.mal = await this.#connect("mal");
    this.ann = await this.#connect("ann");
    for (let step = 0; step < STEPS; step++) {
      await this.#outOfSight();
      await this.#step(server);
      await this.#settle();
    }
    this.#keep();
    await this.#sql?.end();
    await server.stop();
  }

  async #connect(user: string, previous?: RawClient): Promise<RawClient> {
    const client = await RawClient.connect({ url: this.#url, token: tokenOf(user), schema: SCHEMA, ...(previous === undefined ? {} : { previous }) });
    bench.defer(() => client.close());
    this.#names.set(client.client, `client of ${user}`.padEnd(16));
    // Stands for the client where the server gives its operations other stamps.
    this.#names.set((Number.parseInt(client.client.slice(0, 1), 16) ^ 8).toString(16) + client.client.slice(1), `twin of ${user}`.padEnd(16));
    this.#names.set(client.epoch, "the epoch");
    if (previous === undefined) {
      const { clock } = client.pen;
      // All clocks stand still: stamps count, and are the same in both worlds.
      // What happens in the user's sight is later than what does not, so that it is what counts.
      clock.nowMs = () => START_MS + (user === "bob" ? 0 : 30_000);
    }
    return client;
  }

  /** Things that differ from world to world: none, or many, of which the user must not notice one. */
  async #outOfSight(): Promise<void> {
    const pick = <T>(from: readonly T[]): T => from[Math.floor(this.#hidden() * from.length)] as T;
    for (let left = Math.floor(this.#hidden() * 4); left > 0; left--) {
      // Of one of them the clock says anything. He writes nothing that ever is in sight: there the later stamp would win.
      const bob = this.#hidden() < 0.3 ? this.mal : this.bob;
      if (bob === this.mal) bob.pen.clock.nowMs = () => START_MS + pick(OFF_MS);
      const pk = pick(GUESSED);
      const word = `${this.#marker} ${String(Math.floor(this.#hidden() * 1000))}`;
      const secret = (on: string): readonly Operation[] => [bob.pen.set(on, "secret", word), bob.pen.set(on, "salary", Math.floor(this.#hidden() * 1000)), this.#list(bob, on, "notes", { act: "insert", values: [word] })];
      const kind = this.#hidden();
      if (kind < 0.3) await bob.up(...bob.pen.create(pk, { owner: "bob", title: word, done: this.#hidden() < 0.5 }), ...secret(pk));
      else if (kind < 0.4) await bob.up(bob.pen.delete(pk));
      else if (kind < 0.6) await bob.up(...secret(pick(SEEN)));
      else if (kind < 0.7) await bob.up(bob.pen.set(pk, "title", word), bob.pen.set(pk, "friend", { $link: ["Task", pick(SEEN)] }));
      else if (kind < 0.8) await bob.up(...bob.pen.create(word, { text: word }, "Closed"));
      else if (kind < 0.9) await bob.up(...bob.pen.create(word, { owner: "bob" }, "Own"));
      else if (this.#sql !== undefined) await this.#sql.query(`INSERT INTO app."Task" (_id, owner, title, secret) VALUES ($1, 'bob', $1, $1) ON CONFLICT (_id) DO UPDATE SET secret = excluded.secret`, [`foreign ${word}`]);
    }
  }

  async #step(server: { userChanged(user: { userId: string; customData: object; expiresAt: number }): void }): Promise<void> {
    const { ann, root } = this;
    const pick = <T>(from: readonly T[]): T => from[Math.floor(this.#random() * from.length)] as T;
    const pk = pick([...SEEN, ...GUESSED]);
    const kind = Math.floor(this.#random() * 20);
    const value = pick(["one", "two", "three", null]);
    switch (kind) {
      case 0:
      case 1:
        return void (await root.up(...root.pen.create(pick(SEEN), { owner: pick(["ann", "bob"]), title: value })));
      case 2:
        // One of them is everybody's, and never goes out of sight.
        return void (await root.up(this.#list(root, "s3", "tags", { act: "insert", values: ["everybody"] }), this.#list(root, pick(SEEN), "tags", { act: "insert", values: ["x"] }), root.pen.inc(pick(SEEN), "count", 1)));
      case 3:
        return void (await root.up(root.pen.delete(pick(SEEN))));
      case 4:
        return this.#outAndBack(pick(SEEN.slice(0, 3)));
      case 5: {
        const queries = Array.from({ length: 1 + Math.floor(this.#random() * 2) }, () => ({ type: pick(["Task", "Task", "Task", "Own", "Closed"]), query: pick(QUERIES) }));
        return ann.send({ msg: "sub", version: ++this.#subVersion, queries, ...(this.#random() < 0.5 && ann.resume !== undefined ? { resume: ann.resume } : {}) });
      }
      case 6:
        return ann.send({ msg: "sub", version: ++this.#subVersion, queries: [{ type: "Task", query: "TRUEPREDICATE" }, { type: "Own", query: "TRUEPREDICATE" }] });
      case 7:
      case 8:
      case 9:
        return void (await ann.up(...this.#guess(pk, value, pick)));
      case 10:
        return void (await ann.up(...ann.pen.create(`mine ${String(this.#guesses++)}`, { owner: pick(["ann", "bob"]), friend: { $link: ["Task", pk] } }, "Own")));
      case 11:
        return void (await ann.up(ann.pen.set(pick(SEEN), "friend", { $link: ["Task", pk] }), ann.pen.inc(pick(SEEN), pick(["count", "salary"]), 5)));
      case 12:
        return this.#away();
      case 13:
        return this.#intrude(pick(["client", "resume", "stamp", "token"]));
      case 14: {
        // A clock years ahead: its stamps are replaced.
        const { clock } = ann.pen;
        clock.nowMs = () => START_MS + 1e11;
        const op = ann.pen.set(pk, "title", value);
        clock.nowMs = () => START_MS + 30_000;
        return void (await ann.up(op));
      }
      case 16: {
        // Stamps that no clock would make: before what came before, or the same once more.
        const op = ann.pen.set(pk, "title", value);
        return void (await ann.up({ ...op, h: stampAt(pick(OFF_MS), ann.client) }, { ...ann.pen.set(pick(SEEN), "title", value), h: pick([op.h, stampAt(pick(OFF_MS), ann.client)]) }));
      }
      case 17:
        // What a client says to have seen decides where its stamps are put.
        ann.newest = stampAt(pick(OFF_MS), pick([ann.client, "00000000000000ff"]));
        return void (await ann.up({ ...ann.pen.set(pk, "title", value), h: stampAt(1e8, ann.client) }, { ...ann.pen.inc(pick(SEEN), "count", 1), h: stampAt(1e8 + 1, ann.client) }));
      case 18: {
        // Whoever writes in the user's sight may have such a clock, too.
        const offMs = pick(OFF_MS);
        return void (await root.up({ ...root.pen.set(pick(SEEN), "title", value), h: stampAt(offMs, root.client) }, { ...root.pen.inc(pick(SEEN), "count", 1), h: stampAt(offMs + 1, root.client) }));
      }
      default:
        return server.userChanged({ userId: "ann", customData: { level: kind }, expiresAt: START_MS + 86_400_000 });
    }
  }

  /** Writes on what may be there or not. */
  #guess(pk: string, value: WireValue, pick: <T>(from: readonly T[]) => T): readonly Operation[] {
    const { ann } = this;
    const { pen } = ann;
    const other = pick(GUESSED);
    return pick<() => readonly Operation[]>([
      () => [pen.set(pk, "title", value)], () => [pen.inc(pk, pick(["count", "salary"]), 3)], () => [pen.delete(pk)], () => pen.create(other, { owner: "ann", title: value }), () => [...pen.create(other, { owner: "ann" }), pen.delete(other)],
      () => [pen.delete(other), ...pen.create(other)], () => [this.#list(ann, other, "tags", { act: "insert", values: ["t"] })], () => [this.#list(ann, pk, "notes", { act: "insert", values: ["n"] })],
      () => [this.#list(ann, other, "tags", { act: "remove", elements: [`${"0".repeat(31)}1`] })], () => [this.#list(ann, other, "tags", { act: "clear" })],
      () => [{ type: "Task", pk: other, h: pen.clock.tick(), path: [{ at: "marks", box: "set" }], do: { act: "add", value: 1 } }], () => [{ type: "Task", pk: other, h: pen.clock.tick(), path: [{ at: "words", box: "dict" }, "w"], do: { act: "set", value: "x" } }],
      () => [pen.set(pick(SEEN), "title", value), pen.set(other, "title", value)], () => [pen.set(other, "secret", "x")], () => [pen.set(pk, "salary", 7)], () => pen.create(other, { text: "x" }, "Closed"), () => [pen.set(other, "text", "x", "Closed")],
      () => [{ ...pen.set(other, "title", value), g: pen.clock.last }], () => [pen.set(other, "count", "no number")], () => [pen.set(other, "nothing", 1)],
    ])();
  }

  /** An object leaves the user's sight, is written on there, and comes back as it was. */
  async #outAndBack(pk: string): Promise<void> {
    const { root, bob } = this;
    await root.up(root.pen.set(pk, "owner", "bob"));
    const container: Operation = { type: "Task", pk, h: root.pen.clock.tick(), path: ["any"], do: { act: "set", value: { $new: "list" }, fresh: true } };
    await root.up(container);
    for (let left = Math.floor(this.#hidden() * 3); left > 0; left--) {
      const h = bob.pen.clock.tick();
      await bob.up(bob.pen.set(pk, "title", `${this.#marker} out`), { type: "Task", pk, h, path: [{ at: "any", box: "list", seen: container.h }], do: { act: "insert", values: [`${this.#marker} in a list`] } });
    }
    await root.up(root.pen.set(pk, "title", "back"), root.pen.set(pk, "any", "back"), root.pen.set(pk, "owner", "ann"));
  }

  /** The user is away while others write, and comes back with a resume text. */
  async #away(): Promise<void> {
    await this.ann.close();
    this.#keep();
    for (let round = 0; round < 3; round++) {
      await this.#outOfSight();
      await this.#outAndBack(SEEN[round] as string);
      await this.root.up(...this.root.pen.create(SEEN[3 - round] as string, { owner: "ann" }));
    }
    this.ann = await this.#connect("ann", this.ann);
    if (this.ann.resume !== undefined) this.ann.send({ msg: "sub", version: ++this.#subVersion, queries: [{ type: "Task", query: "TRUEPREDICATE" }], resume: this.ann.resume });
  }

  /** A session of the user's that claims what is another's. */
  async #intrude(how: string): Promise<void> {
    const session = await RawClient.open({ url: this.#url, token: "" });
    bench.defer(() => session.close());
    const hello = { msg: "hello", protocol: [1, 1], schema: SCHEMA, token: how === "token" ? "forged" : tokenOf("ann") } as const;
    session.send(how === "client" ? { ...hello, client: this.#hidden() < 0.5 ? this.bob.client : "00000000000000ff" } : hello);
    if (how === "resume") session.send({ msg: "sub", version: 1, queries: [{ type: "Task", query: "TRUEPREDICATE" }], resume: this.bob.resume ?? this.root.resume ?? "AAAA" });
    if (how === "stamp") session.send({ msg: "up", txs: [{ cseq: 1, ops: [this.bob.pen.set("g0", "title", "x")] }] } as ClientMessage);
    await session.error();
    await session.close();
    this.frames.push(...session.received.filter(({ msg }) => msg !== "welcome").map((message) => this.#text(message)));
  }

  #list(client: RawClient, pk: string, name: string, action: Operation["do"]): Operation {
    return { type: "Task", pk, h: client.pen.clock.tick(), path: [{ at: name, box: "list" }], do: action };
  }

  async #settle(): Promise<void> {
    await this.ann.settle();
  }

  #keep(): void {
    this.frames.push(...this.ann.received.filter(({ msg }) => msg !== "progress" && msg !== "mark").map((message) => this.#text(message)));
    this.ann.received.length = 0;
  }

  #text(message: ServerMessage): string {
    const { resume, floor: _floor, ...rest } = message as ServerMessage & { readonly resume?: string; readonly floor?: string };
    let text = JSON.stringify(resume === undefined ? rest : { ...rest, resume: `of ${String(resume.length)} characters` });
    for (const [id, name] of this.#names) text = text.replaceAll(id, name);
    // Any stamp that is left is the server's.
    return text.replaceAll(/"[0-9a-f]{32}(?=["$.])/g, '"a stamp of the server');
  }
}

function stampAt(offMs: number, replica: string): string {
  return `${(START_MS + offMs).toString(16).padStart(12, "0")}0000${replica}`;
}

for (const kind of STORE_KINDS.filter(({ name }) => name === "sqlite" || name === "postgres")) {
  describe.skipIf(kind.missing !== undefined)(`noninterference on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    const told: Record<string, number> = { boot: 0, down: 0, rejects: 0, stamps: 0 };

    it.each(SEEDS)("two worlds that differ out of sight are one to the user, seed %i", async (seed) => {
      const worlds = [new World(seed, 0), new World(seed, 1)] as const;
      for (const world of worlds) await world.run(kind);
      const [one, other] = worlds.map(({ frames }) => frames) as [string[], string[]];
      const different = one.findIndex((text, index) => text !== other[index]);
      expect([different, other[different]]).toEqual([-1, one[different]]);
      expect(other.length).toBe(one.length);
      for (const name of Object.keys(told)) told[name] = (told[name] ?? 0) + one.filter((text) => text.includes(`"${name}"`)).length;
      for (const marker of MARKERS) expect(one.join() + bench.logged.join()).not.toContain(marker);
    }, 60_000);

    it("the scripts are ones that tell something", () => {
      for (const count of Object.values(told)) expect(count).toBeGreaterThan(SEEDS.length);
    });
  });
}
