/**
 * Clocks that are wrong, and the stamps that a server gives instead.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { applyOperations, canonicalise, HybridClock, laterOf, materialise, NEVER, partsOf, restamped, stampOf, type Operation } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { Replica, stateText } from "./support/replica.ts";
import { changedThing, NEW_THING } from "./support/things.ts";

const YEARS_MS = 10 * 365 * 86_400_000;
const NOW_MS = 1_800_000_000_000;

function clockOf(number: number, now: () => number, last?: string): HybridClock {
  return new HybridClock({ replica: number.toString(16).padStart(16, "0"), now, ...(last === undefined ? {} : { last }) });
}

describe("a hybrid clock", () => {
  it("never repeats itself and never goes back, whatever the time of day does", () => {
    const random = new Random(7);
    let nowMs = NOW_MS;
    const clock = clockOf(1, () => nowMs);
    let last = NEVER;
    for (let step = 0; step < 5000; step += 1) {
      nowMs += random.pick([0, 0, 0, 1, -1, 1000, -YEARS_MS, YEARS_MS]);
      if (random.once(5)) clock.observe(stampOf({ ms: Math.max(0, nowMs + random.below(50) - 25), counter: random.below(65_536), replica: "f".repeat(16) }));
      const before = clock.last;
      const stamp = clock.tick();
      expect(stamp > last && stamp > before).toBe(true);
      last = stamp;
    }
  });

  it("goes over into the next millisecond when its counter is full", () => {
    const clock = clockOf(1, () => 5, stampOf({ ms: 5, counter: 65_535, replica: "a".repeat(16) }));
    expect(partsOf(clock.tick())).toMatchObject({ ms: 6, counter: 0 });
  });

  it("goes on after its last life even if the clock was set back", () => {
    const last = clockOf(1, () => NOW_MS).tick();
    expect(clockOf(1, () => NOW_MS - YEARS_MS, last).tick() > last).toBe(true);
  });

  it("follows the server's time by its offset", () => {
    const clock = clockOf(1, () => NOW_MS - YEARS_MS);
    clock.setOffset(YEARS_MS);
    expect(partsOf(clock.tick()).ms).toBe(NOW_MS);
  });
});

/** A server: takes what clients write, in its order, and keeps what each client does not know of. */
class Server {
  nowMs = NOW_MS;
  readonly log: Operation[] = [];
  readonly #known = new Map<Replica, Map<string, string>>();
  readonly #last = new Map<Replica, string>();

  /** `newest`: what the client says to have seen; if left out, everything. */
  upload(replica: Replica, operations: readonly Operation[], newest: string = this.log.reduce((last, { h }) => laterOf(last, h), NEVER)): ReadonlyMap<string, string> {
    const known = this.#known.get(replica) ?? new Map<string, string>();
    this.#known.set(replica, known);
    for (const operation of operations) {
      const taken = canonicalise(operation, { serverNowMs: this.nowMs, known, least: this.#last.get(replica) ?? NEVER, newest });
      this.#last.set(replica, taken.h);
      this.log.push(taken);
    }
    return known;
  }
}

describe("case 59: clocks that are years off", () => {
  it("a client ten years ahead does not win against what is written after its changes arrived", () => {
    const server = new Server();
    const ahead = new Replica({ number: 1 });
    const right = new Replica({ number: 2 });
    ahead.timeMs = NOW_MS + YEARS_MS;
    right.timeMs = NOW_MS;
    ahead.become({ title: "from the future" });
    server.upload(ahead, ahead.written);
    server.nowMs += 5000;
    right.timeMs = NOW_MS + 5000;
    right.receive(server.log);
    server.upload(right, right.become({ title: "now" }));
    expect(materialise(applyOperations(undefined, server.log))?.["title"]).toBe("now");
  });

  it("what a client writes behind its own writes and those that it has seen comes behind them, also if the server's clock is set back meanwhile", () => {
    const server = new Server();
    const [ahead, right] = [new Replica({ number: 1 }), new Replica({ number: 2 })];
    ahead.timeMs = NOW_MS + YEARS_MS;
    server.upload(ahead, ahead.become({ title: "first" }));
    server.nowMs -= 40_000;
    server.upload(ahead, ahead.become({ title: "second" }), NEVER);
    expect(materialise(applyOperations(undefined, server.log))?.["title"]).toBe("second");
    right.timeMs = server.nowMs + 50_000;
    right.receive(server.log);
    server.upload(right, right.become({ title: "somebody else's" }));
    ahead.receive(server.log);
    server.upload(ahead, ahead.become({ title: "third" }));
    expect(materialise(applyOperations(undefined, server.log))?.["title"]).toBe("third");
  });

  it("an hour in the future is far, half a minute is not", () => {
    const known = new Map<string, string>();
    const operationAt = (ms: number): Operation => ({ type: "Thing", pk: 1, h: stampOf({ ms, counter: 0, replica: "1".repeat(16) }), path: ["title"], do: { act: "set", value: "x" } });
    const near = operationAt(NOW_MS + 30_000);
    expect(canonicalise(near, { serverNowMs: NOW_MS, known })).toBe(near);
    const limit = operationAt(NOW_MS + 60_000);
    expect(canonicalise(limit, { serverNowMs: NOW_MS, known })).toBe(limit);
    const far = canonicalise(operationAt(NOW_MS + 60_001), { serverNowMs: NOW_MS, known, newest: near.h });
    expect(partsOf(far.h)).toEqual({ ms: NOW_MS + 30_000, counter: 1, replica: `9${"1".repeat(15)}` });
    expect(far.id).toBe(operationAt(NOW_MS + 60_001).h);
    for (const newest of [undefined, operationAt(NOW_MS + 120_001).h]) expect(partsOf(canonicalise(operationAt(NOW_MS + 60_002), { serverNowMs: NOW_MS, known, ...(newest === undefined ? {} : { newest }) }).h).ms).toBe(NOW_MS);
  });

  it("a client that is ahead, and adopts what the server gave it, converges with the others: random histories", () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = new Random(seed);
      const server = new Server();
      const clients = [1, 2, 3].map((number) => new Replica({ number }));
      const offsets = [YEARS_MS, 0, -YEARS_MS];
      const pending = clients.map((): Operation[] => []);
      for (let step = 0; step < 40; step += 1) {
        server.nowMs += random.below(2000);
        const which = random.below(clients.length);
        const client = clients[which] as Replica;
        client.timeMs = server.nowMs + (offsets[which] as number);
        if (random.once(2)) (pending[which] as Operation[]).push(...client.become(random.once(9) ? undefined : changedThing(random, client.shown() ?? NEW_THING)));
        else sync(which, false);
      }
      for (const which of [0, 1, 2, 0, 1, 2]) sync(which, true);
      const expected = stateText(applyOperations(undefined, server.log));
      for (const client of clients) expect(stateText(client.state), `seed ${seed}`).toBe(expected);
      // Nothing that the server keeps names the future: neither when something was, nor what its writer had seen.
      const named = server.log.flatMap(({ h, g, path }) => [h, g, ...path.map((each) => (typeof each === "string" ? undefined : each.seen))]);
      for (const stamp of named) if (stamp !== undefined) expect(partsOf(stamp).ms, `seed ${seed}`).toBeLessThanOrEqual(server.nowMs + 60_000);

      /** Uploads what is pending, perhaps only a part; takes what others did; adopts the server's stamps. */
      function sync(which: number, isWhole: boolean): void {
        const client = clients[which] as Replica;
        const mine = pending[which] as Operation[];
        const sent = isWhole || random.once(2) ? mine : mine.slice(0, random.below(mine.length + 1));
        const known = server.upload(client, sent);
        pending[which] = mine.slice(sent.length).map((operation) => restamped(operation, known));
        client.state = applyOperations(applyOperations(undefined, server.log), pending[which] as Operation[]);
        for (const operation of server.log) client.clock.observe(operation.h);
      }
    }
  });
});
