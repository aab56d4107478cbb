/**
 * What stands in containers that do not show is left out of what others are sent: they show the same as those who have it, whatever comes later.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { applyOperations, bringsBack, completed, HybridClock, laterOf, materialise, NEVER, newestStamp, objectText, operationsBetween, withoutReplaced, type BoxKind, type Intent, type ObjectState, type Operation, type PlainObject, type PlainValue } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { stateText, type Replica } from "./support/replica.ts";
import { atTime, put, scene } from "./support/scene.ts";
import { changedProperty, NEW_THING, THINGS } from "./support/things.ts";

const HISTORIES = Number(process.env["HOLDFAST_MERGE_HISTORIES"] ?? 80);
const FIRST_SEED = Number(process.env["HOLDFAST_MERGE_SEED"] ?? 1);
const NAME = { type: "Thing", pk: 1 } as const;
/** The properties in which a container can be replaced. */
const CONTAINERS = ["any", "notes", "notes", "notes", "shelf", "shelf", "part", "parts"] as const;

const shown = (state: ObjectState | undefined): string | undefined => {
  const plain = materialise(state);
  return plain === undefined ? undefined : objectText(completed(plain, THINGS, "Thing"));
};

interface Entry {
  readonly by: Device | undefined;
  readonly ops: readonly Operation[];
  readonly isAnew: boolean;
}

type Entries = { readonly $dict: PlainObject };

/** One entry set, to a container as often as not, or taken out. */
function changedEntry(random: Random, name: "notes" | "shelf", key: string, { $dict: entries }: Entries): Entries {
  const { [key]: _old, ...others } = entries;
  if (random.once(4)) return { $dict: others };
  const part = { $object: { count: 0, label: String(random.below(1000)), sizes: [random.below(9)], inner: null } };
  return { $dict: { ...others, [key]: name === "shelf" ? part : random.pick<PlainValue>([[random.below(1000)], [random.below(1000), [1]], { $dict: { x: random.below(1000) } }, random.below(9)]) } };
}

/** A server, as far as this is concerned: one order of all transactions. */
class Server {
  state: ObjectState = {};
  readonly log: Entry[] = [];

  take(by: Device, ops: readonly Operation[]): void {
    const before = this.state;
    this.state = applyOperations(before, ops);
    this.log.push({ by, ops, isAnew: bringsBack(before, this.state, ops) });
  }
}

/** A device: what is confirmed, and what it has written and not sent yet. */
class Device {
  readonly clock: HybridClock;
  timeMs = 1000;
  confirmed: ObjectState | undefined;
  readonly outbox: (readonly Operation[])[] = [];
  #read = 0;

  constructor(number: number) {
    this.clock = new HybridClock({ replica: number.toString(16).padStart(16, "0"), now: () => this.timeMs });
  }

  get state(): ObjectState | undefined {
    return applyOperations(this.confirmed, this.outbox.flat());
  }

  write(random: Random, places: readonly string[]): void {
    const plain = materialise(this.state);
    const before = plain === undefined ? NEW_THING : completed(plain, THINGS, "Thing");
    const name = random.pick(CONTAINERS);
    const wanted = name === "notes" || name === "shelf" ? { [name]: changedEntry(random, name, random.pick(places), before[name] as Entries) } : { [name]: changedProperty(random, name, before[name] ?? null) };
    const intents: Record<string, Intent> | undefined = random.once(6) ? { [name]: random.pick<Intent>(["set", "replace", "default"]) } : undefined;
    const ops = operationsBetween(this.state, random.once(30) ? undefined : { ...before, [name]: wanted[name] as PlainValue }, { schema: THINGS, clock: this.clock, ...NAME, ...(intents === undefined ? {} : { intents }) });
    if (ops.length > 0) this.outbox.push(ops);
  }

  /** Sets some properties and uploads all that it has written. */
  put(wanted: PlainObject, server: Server): void {
    this.outbox.push(operationsBetween(this.state, wanted, { schema: THINGS, clock: this.clock, ...NAME }));
    while (this.outbox.length > 0) this.upload(server);
  }

  upload(server: Server): void {
    const ops = this.outbox.shift();
    if (ops === undefined) return;
    server.take(this, ops);
    this.confirmed = applyOperations(this.confirmed, ops);
  }

  /** What the server has, without what does not show. */
  enter(server: Server): void {
    this.#read = server.log.length;
    this.confirmed = withoutReplaced(server.state);
    this.clock.observe(newestStamp(this.confirmed));
  }

  download(server: Server): void {
    const entries = server.log.slice(this.#read);
    this.#read = server.log.length;
    if (entries.some(({ isAnew }) => isAnew)) return this.enter(server);
    const others = entries.filter(({ by }) => by !== this).flatMap(({ ops }) => ops);
    this.clock.observe(others.reduce((newest, { h }) => laterOf(newest, h), NEVER));
    this.confirmed = applyOperations(this.confirmed, others);
  }
}

describe("states without what stands in containers that do not show", () => {
  it(`show the same as whole ones, whatever comes later (seeds ${FIRST_SEED} to ${FIRST_SEED + HISTORIES - 1})`, () => {
    const met = { anew: 0, left: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed += 1) {
      const random = new Random(seed);
      const server = new Server();
      const devices = Array.from({ length: 5 }, (_each, index) => new Device(index + 1));
      const [first] = devices as [Device];
      first.outbox.push(operationsBetween(undefined, NEW_THING, { schema: THINGS, clock: first.clock, ...NAME }));
      first.upload(server);
      for (const device of devices) device.enter(server);
      for (let step = 0; step < 60; step += 1) {
        const device = random.pick(devices);
        // Two places at a time that nobody has used before, and some time later two others.
        const places = [`${Math.floor(step / 15)}`, `${Math.floor(step / 15)}b`];
        device.timeMs = 1000 + step + random.below(60);
        if (random.once(20)) {
          // Made, replaced by one who knew of it, and made once more by one who did not: all the same in the middle of everything else.
          const [one, two, three, four] = random.shuffled(devices) as [Device, Device, Device, Device];
          one.put({ notes: { $dict: { race: [random.below(1000)] } } }, server);
          two.download(server);
          two.timeMs = one.timeMs + 1 + random.below(60);
          two.put({ notes: { $dict: { race: random.below(9) } } }, server);
          four.enter(server);
          three.timeMs = two.timeMs + 1 + random.below(60);
          three.put({ notes: { $dict: { race: [random.below(1000)] } } }, server);
        }
        const choice = random.below(8);
        if (choice < 3) device.write(random, places);
        else if (choice < 6) while (device.outbox.length > 0) device.upload(server);
        else if (choice < 7) device.download(server);
        else {
          device.enter(server);
          if (device.confirmed !== server.state) met.left += 1;
        }
      }
      met.anew += server.log.filter(({ isAnew }) => isAnew).length;
      for (const device of devices) while (device.outbox.length > 0) device.upload(server);
      const truth = shown(applyOperations(undefined, random.shuffled(server.log.flatMap(({ ops }) => ops))));
      expect(shown(server.state), `seed ${seed}`).toBe(truth);
      for (const [index, device] of devices.entries()) {
        device.download(server);
        expect(shown(device.state), `seed ${seed}, device ${index}`).toBe(truth);
      }
    }
    // Histories in which nothing was left out, or nothing came back, would show nothing.
    expect(met.left).toBeGreaterThan(HISTORIES / 2);
    expect(met.anew).toBeGreaterThan(HISTORIES / 4);
  });

  const CASES: readonly (readonly [string, PlainObject, PlainObject])[] = [
    ["a list in a mixed value, replaced by a text", { any: ["marker"] }, { any: "x" }],
    ["a list in a mixed value, replaced by a dictionary", { any: ["marker"] }, { any: { $dict: { a: 1 } } }],
    ["a dictionary in a mixed value, replaced by null", { any: { $dict: { marker: "marker" } } }, { any: null }],
    ["a list in a list, replaced", { list: [["marker"]] }, { list: [1] }],
    ["an embedded object that was taken away", { part: { $object: { a: 77_777, b: 1, items: [77_777] } } }, { part: null }],
    ["containers in a container that was replaced", { any: [[{ $dict: { marker: ["marker"] } }]] }, { any: 3 }],
  ];

  it.each(CASES)("%s: nothing of it is left, but that there was one", (_name, first, second) => {
    const { one } = scene(first);
    atTime(one, 200, (replica) => void replica.become(second));
    const whole = one.state as ObjectState;
    const left = withoutReplaced(whole);
    expect(JSON.stringify(whole)).toMatch(/marker|77777/);
    expect(JSON.stringify(left)).not.toMatch(/marker|77777/);
    expect(shown(left)).toBe(shown(whole));
    expect(withoutReplaced(left)).toBe(left);
    // Who has this starts the next one anew, and so ends what others have there.
    const again = scene({}).one;
    again.state = left;
    again.clock.observe(newestStamp(left));
    const ops = again.become(first);
    expect(objectText(materialise(applyOperations(whole, ops)) ?? {})).toBe(objectText(materialise(again.state) ?? {}));
  });

  it("a state in which everything shows is the same one", () => {
    const { one } = scene({ any: [1, [2]], part: { $object: { a: 1, b: 2, items: [3] } }, list: [{ $dict: { a: 1 } }] });
    atTime(one, 200, put("any", [1, [2, 3], 4]));
    expect(withoutReplaced(one.state as ObjectState)).toBe(one.state);
  });

  it.each(["list", "dict"] as const)("a %s that two have made and a third one replaced shows again: the server knows", (kind: BoxKind) => {
    const { all } = scene({}, 3);
    const [one, two, three] = all as [Replica, Replica, Replica];
    atTime(one, 200, put("any", kind === "list" ? ["first"] : { $dict: { a: "first" } }));
    atTime(two, 300, put("any", 5));
    atTime(three, 400, put("any", kind === "list" ? ["second"] : { $dict: { b: "second" } }));
    const before = applyOperations(one.state, two.written);
    const after = applyOperations(before, three.written);
    expect(bringsBack(before, after, three.written)).toBe(true);
    expect(stateText(withoutReplaced(after))).toContain("first");
    expect(JSON.stringify(materialise(applyOperations(withoutReplaced(before), three.written)))).not.toContain("first");
    // Not where it is started anew, nor the second time.
    const anew = three.become({ any: 1 });
    const back = three.become({ any: kind === "list" ? [1] : { $dict: { a: 1 } } });
    const replaced = applyOperations(after, anew);
    expect(bringsBack(replaced, applyOperations(replaced, back), back)).toBe(false);
    expect(bringsBack(after, applyOperations(after, three.written), three.written)).toBe(false);
  });
});
