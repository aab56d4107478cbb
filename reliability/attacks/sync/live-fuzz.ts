/**
 * Live sessions under attack: three users send what the grammar makes of a seed while an administrator and an honest user write beside them.
 *
 * What must hold: no piece of a canary in a frame, a log line or a metric of who may not know it; the server answers to the end; honest sessions
 * are not ended and show what a new one shows; memory stays bounded; nothing is left when everybody has gone.
 *
 * @module
 */
import { HybridClock } from "@holdfast/sync-protocol";
import type { Operation } from "@holdfast/sync-protocol";
import { SyncServer } from "@holdfast/sync-server";
import type { Store } from "@holdfast/sync-server";
import { Random } from "../../fuzz/fuzzer/random.ts";
import { Canary } from "./canary.ts";
import { helloFields, nextAttack } from "./grammar.ts";
import type { Knowledge } from "./grammar.ts";
import { HonestClient, LiveClient } from "./live-client.ts";
import { planted } from "./planted.ts";
import type { Plant } from "./planted.ts";
import { ATTACKERS, authenticator, customData, OUT_OF_SIGHT, ROLES, rulesOf, SCHEMA, SEEN, tokenOf } from "./scene.ts";

/** What a run is of. */
export interface LiveFuzzOptions {
  readonly seed: number;
  readonly store: Store;
  /** Messages of each attacker. */
  readonly messages: number;
  /** A leak on purpose. */
  readonly plant?: Plant | undefined;
  /** Attacks end here, wherever they are. */
  readonly endMs?: number;
}

/** How it went. */
export interface LiveFuzzResult {
  readonly failures: readonly string[];
  /** How often, by kind: messages sent, answers, codes. */
  readonly counts: Readonly<Record<string, number>>;
  readonly peakHeapBytes: number;
  readonly canaryTexts: number;
}

const REMEMBERED = 300;
const STAMP = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/gu;
/** Frames that wait to be sent, before an attacker waits for the server. */
const AHEAD_BYTES = 256 * 1024;
const OUTGOING_MAX_BYTES = 64 * 1024 * 1024;
const HEAP_MAX_BYTES = 1024 * 1024 * 1024;

/** Runs the attacks of one seed. */
export async function runLiveFuzz(options: LiveFuzzOptions): Promise<LiveFuzzResult> {
  const run = new LiveFuzz(options);
  try {
    await run.run();
  } finally {
    await run.stop();
  }
  return run.result();
}

class LiveFuzz {
  readonly #options: LiveFuzzOptions;
  readonly #roles = new Map(Object.entries(ROLES));
  readonly #root: Canary;
  readonly #hal: Canary;
  readonly #counts: Record<string, number> = {};
  readonly #failures = new Set<string>();
  readonly #logged: string[] = [];
  readonly #server: SyncServer;
  readonly #foreign: string[] = [];
  readonly #onStray = (error: unknown): void => this.#fail(`not caught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  #isOver = false;
  #peakHeapBytes = 0;
  #canaryTexts = 0;

  constructor(options: LiveFuzzOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    this.#root = new Canary(random, ["root"]);
    this.#hal = new Canary(random, ["root", "hal"]);
    const write = (level: string) => (message: string, fields: object = {}): void => void this.#logged.push(JSON.stringify({ level, message, ...fields }));
    const { store, rules } = planted(options.plant, { store: options.store, rules: rulesOf(true), canary: this.#root.word });
    this.#server = new SyncServer({ store, rules, schema: SCHEMA, authenticator: authenticator(this.#roles, this.#root.word), pollMs: 50, admission: { sessionsPerUser: 20 }, log: { info: write("info"), warn: write("warn"), error: write("error") } });
    process.on("uncaughtException", this.#onStray);
    process.on("unhandledRejection", this.#onStray);
  }

  async run(): Promise<void> {
    await this.#server.start();
    const root = await this.#honest("root");
    const hal = await this.#honest("hal");
    await this.#beginScene(root, hal);
    const watch = setInterval(() => this.#watch(), 100);
    const honest = [this.#administrator(root), this.#neighbour(hal)];
    await Promise.all(ATTACKERS.map((user, index) => this.#attack(user, new Random(this.#options.seed * 31 + index + 1))));
    this.#isOver = true;
    await Promise.all(honest);
    clearInterval(watch);
    this.#watch();
    await this.#converged(root, "root");
    await this.#converged(hal, "hal");
    for (const line of this.#logged) this.#look("a log line", line, "");
    root.live.close();
    hal.live.close();
  }

  async stop(): Promise<void> {
    for (let round = 0; round < 200 && this.#gauge("holdfast_sessions") !== 0; round++) await new Promise((resolve) => setTimeout(resolve, 20));
    if (this.#gauge("holdfast_sessions") !== 0 || this.#gauge("holdfast_outgoing_bytes") !== 0) this.#fail("sessions are left, or bytes for them, when everybody has gone");
    await this.#server.stop();
    process.off("uncaughtException", this.#onStray);
    process.off("unhandledRejection", this.#onStray);
  }

  result(): LiveFuzzResult {
    return { failures: [...this.#failures], counts: this.#counts, peakHeapBytes: this.#peakHeapBytes, canaryTexts: this.#canaryTexts };
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  #fail(what: string): void {
    if (this.#failures.size < 20) this.#failures.add(`seed ${String(this.#options.seed)}: ${what}`);
  }

  #look(where: string, text: string, reader: string): void {
    for (const canary of [this.#root, this.#hal]) {
      if (!canary.isIn(text, reader)) continue;
      const at = Math.max(0, text.indexOf(canary.word.slice(0, 8)) - 150);
      this.#fail(`a canary in ${where} of ${reader === "" ? "the server" : reader}: ${text.slice(at, at + 300)}`);
    }
  }

  #gauge(name: string): number {
    return Number(new RegExp(`^${name} (\\d+)$`, "mu").exec(this.#server.metrics.text())?.[1]);
  }

  #watch(): void {
    this.#look("the metrics", this.#server.metrics.text(), "");
    const heap = process.memoryUsage().heapUsed;
    this.#peakHeapBytes = Math.max(this.#peakHeapBytes, heap);
    if (heap > HEAP_MAX_BYTES) this.#fail("more than 1 GiB of heap");
    if (this.#gauge("holdfast_outgoing_bytes") > OUTGOING_MAX_BYTES) this.#fail("more than 64 MiB wait to be sent");
  }

  #honest(user: string): Promise<HonestClient> {
    return HonestClient.connect({ url: this.#server.url, onText: (text) => this.#look("a frame", text, user) }, tokenOf(user));
  }

  /** What has to be there before anybody attacks. */
  async #beginScene(root: HonestClient, hal: HonestClient): Promise<void> {
    for (const pk of SEEN) await root.up(...root.create(pk, { owner: "ann", title: "one" }), ...this.#hidden(root, pk), root.in(pk, "tags", "list", { act: "insert", values: pk === "s0" ? ["x"] : ["everybody"] }));
    for (const pk of OUT_OF_SIGHT.slice(0, 3)) await root.up(...root.create(pk, { owner: "root", title: this.#text(this.#root) }), ...this.#hidden(root, pk));
    await hal.up(...hal.create("hal0", { owner: "hal", title: this.#text(this.#hal) }));
  }

  #text(canary: Canary): string {
    this.#canaryTexts++;
    return canary.text();
  }

  /** Writes on the fields that are hidden. */
  #hidden(root: HonestClient, pk: string): readonly Operation[] {
    const word = this.#text(this.#root);
    return [root.set(pk, "secret", word), root.set(pk, "salary", word.length), root.in(pk, "notes", "list", { act: "insert", values: [word, word] }), root.set(pk, "inner", word), { ...root.in(pk, "words", "dict", { act: "set", value: word }), path: [{ at: "words", box: "dict" }, word] } as Operation, root.in(pk, "codes", "set", { act: "add", value: word })];
  }

  /** Writes out of everybody's sight until the attacks are over. */
  async #administrator(root: HonestClient): Promise<void> {
    const random = new Random(this.#options.seed * 7 + 3);
    for (let round = 0; !this.#isOver && !root.live.isClosed; round++) {
      const word = this.#text(this.#root);
      const seen = random.pick(SEEN);
      const unseen = random.pick(["r0", "r1", "r2", "r3"]);
      switch (random.below(8)) {
        case 0:
        case 1:
          await root.up(...this.#hidden(root, seen));
          break;
        case 2:
          await root.up(...root.create(unseen, { owner: "root", title: word, extra: word }), ...this.#hidden(root, unseen), root.set(unseen, "friend", { $link: ["Task", seen] }));
          break;
        case 3:
          await root.up({ type: "Task", pk: unseen, h: root.clock.tick(), path: [], do: { act: "delete" } } as Operation);
          break;
        case 4:
          await root.up(...root.create(word, { text: word }, "Closed"), ...root.create(word, { owner: "root", text: word }, "Own"));
          break;
        case 5:
          await this.#outAndBack(root, word);
          break;
        case 6: {
          const user = random.pick(ATTACKERS);
          this.#roles.set(user, random.pick(["member", "guest", "none", ROLES[user] ?? "none", ROLES[user] ?? "none"]));
          this.#server.userChanged({ userId: user, customData: customData(user, this.#roles, this.#root.word), expiresAt: Date.now() + 3_600_000 });
          break;
        }
        default:
          // What attackers have done to it is undone.
          await root.up(...root.create(seen, { owner: "ann", title: "two", done: false }), root.in(seen, "tags", "list", { act: "insert", values: ["everybody"] }));
      }
      if (root.live.resume !== undefined) this.#foreign[0] = root.live.resume;
      await this.#breathe(round);
    }
  }

  /** One that is the attacker's alone leaves his sight, has a secret in it for a while, and is back. */
  async #outAndBack(root: HonestClient, word: string): Promise<void> {
    const element = root.in("s0", "lines", "list", { act: "insert", values: [word] });
    await root.up(...root.create("s0", { owner: "root", title: word }), root.in("s0", "tags", "list", { act: "clear" }));
    await root.up(element, root.set("s0", "extra", word));
    await root.up(root.in("s0", "lines", "list", { act: "remove", elements: [element.h] }), root.set("s0", "extra", null), root.set("s0", "title", "back"));
    await root.up(root.set("s0", "owner", "ann"));
  }

  /** An honest user beside the attackers. */
  async #neighbour(hal: HonestClient): Promise<void> {
    for (let round = 0; !this.#isOver && !hal.live.isClosed; round++) {
      const pk = `hal${String(round % 2)}`;
      await hal.up(...hal.create(pk, { owner: "hal", title: this.#text(this.#hal), done: round % 3 === 0 }), hal.in(pk, "lines", "list", { act: "insert", values: [String(round)] }), { type: "Task", pk, h: hal.clock.tick(), path: ["count"], do: { act: "inc", by: 1 } } as Operation);
      this.#foreign[1] = hal.live.resume ?? "";
      await this.#breathe(round);
    }
  }

  async #breathe(round: number): Promise<void> {
    await new Promise<void>((resolve) => (round % 20 === 0 ? setTimeout(resolve, 5) : setImmediate(resolve)));
  }

  async #attack(user: string, random: Random): Promise<void> {
    const attacker = new Attacker(user, random);
    let live: LiveClient | undefined;
    let isSeen = false;
    const onText = (text: string): void => {
      this.#look("a frame", text, user);
      this.#count(`${/"msg":"(\w+)"/u.exec(text)?.[1] ?? "?"} came`);
      for (const [, code] of text.matchAll(/"code":"(\w+)"/gu)) this.#count(`code ${code ?? ""}`);
      attacker.learn(text);
    };
    for (let message = 0; message < this.#options.messages && Date.now() < (this.#options.endMs ?? Number.POSITIVE_INFINITY); message++) {
      if (live === undefined || live.isClosed || random.oneIn(150)) {
        live?.close();
        live = await this.#come(attacker, onText);
        isSeen = false;
        if (live === undefined) continue;
      }
      if (!isSeen) live.send({ msg: "sub", version: 1, queries: [{ type: "Task", query: "TRUEPREDICATE" }, { type: "Own", query: "TRUEPREDICATE" }, { type: "Closed", query: "TRUEPREDICATE" }], ...(random.oneIn(2) && attacker.resumes.length > 0 ? { resume: attacker.resumes.at(-1) } : {}) });
      isSeen = true;
      const attack = nextAttack(random, attacker);
      this.#count(`${attack.kind} sent`);
      attacker.said(attack.transactions);
      live.send(attack.text);
      // Each frame that ends a session would take those behind it along.
      if (random.oneIn(3) || live.waitingBytes > AHEAD_BYTES) await live.settle();
      attacker.foreign = this.#foreign.filter((text) => text !== "");
    }
    await live?.settle();
    live?.close();
    await this.#answers(user);
  }

  async #come(attacker: Attacker, onText: (text: string) => void): Promise<LiveClient | undefined> {
    const live = await LiveClient.open({ url: this.#server.url, onText });
    this.#count("connections");
    if (!(await live.hello(attacker.token(), helloFields(attacker.random, attacker, attacker.epoch)))) return undefined;
    attacker.greeted(live);
    return live;
  }

  /** The server is there for the same user, who behaves now. */
  async #answers(user: string): Promise<void> {
    const client = await this.#honest(user);
    if (client.live.isClosed) this.#fail(`the server does not answer ${user} any more`);
    client.live.close();
  }

  /** A session that was there all the time shows what a new one shows. */
  async #converged(client: HonestClient, user: string): Promise<void> {
    if (client.live.isClosed || client.live.errors.length > 0 || client.refusals.length > 0) this.#fail(`the session of ${user} was disturbed: ${[...client.live.errors, ...client.refusals].join()}`);
    await client.live.settle();
    const fresh = await this.#honest(user);
    const [one, other] = [client.shown(), fresh.shown()];
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
    if (names.length > 0) this.#fail(`${user} does not converge: ${names.slice(0, 3).map((name) => `${name}: ${JSON.stringify(one[name])} and ${JSON.stringify(other[name])}`).join("; ")}`);
    if (Object.keys(other).length === 0) this.#fail(`${user} sees nothing`);
    fresh.live.close();
  }
}

/** One user who attacks, over all of his sessions. */
class Attacker implements Knowledge {
  readonly user: string;
  readonly random: Random;
  readonly stamps: string[] = [];
  readonly resumes: string[] = [];
  readonly sent: object[] = [];
  foreign: readonly string[] = [];
  client = "";
  epoch = "";
  next = 1;
  #clock: HybridClock | undefined;

  constructor(user: string, random: Random) {
    this.user = user;
    this.random = random;
  }

  token(): string {
    return this.random.oneIn(40) ? this.random.pick(["forged", "expired:ann", ""]) : tokenOf(this.user);
  }

  tick(): string {
    return this.#clock?.tick() ?? "0".repeat(32);
  }

  greeted(live: LiveClient): void {
    if (live.client !== this.client) {
      this.resumes.length = 0;
      this.#clock = new HybridClock({ replica: live.client, now: Date.now });
    }
    this.client = live.client;
    this.epoch = live.epoch;
    this.next = live.cseq + 1;
  }

  learn(text: string): void {
    for (const [stamp] of text.matchAll(STAMP)) remember(this.stamps, stamp);
    const resume = /"resume":"([^"]+)"/u.exec(text)?.[1];
    if (resume !== undefined) remember(this.resumes, resume);
  }

  said(transactions: readonly object[]): void {
    this.next += transactions.length;
    for (const transaction of transactions) remember(this.sent, transaction);
  }
}

function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > REMEMBERED) list.shift();
}
