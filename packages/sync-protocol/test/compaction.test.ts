/**
 * Compaction: states that were compacted and states that were not show the same, whatever comes later.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { applyOperations, compactState, laterOf, materialise, NEVER, objectText, type ObjectState, type Operation, type PlainObject } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { Replica } from "./support/replica.ts";
import { atTime, put, scene, write } from "./support/scene.ts";
import { changedThing, NEW_THING } from "./support/things.ts";

const newest = (operations: readonly Operation[]): string => operations.map((operation) => operation.h).reduce(laterOf, NEVER);
const shown = (state: ObjectState | undefined): string | undefined => {
  const plain = materialise(state);
  return plain === undefined ? undefined : objectText(withoutEmpty(plain));
};

function listOf(replica: Replica): string[] {
  const shownNow = replica.shown() ?? {};
  return shownNow["list"] as string[];
}

/** A list or dictionary that is empty and one that nobody ever used read alike. */
function withoutEmpty(plain: PlainObject): PlainObject {
  return Object.fromEntries(Object.entries(plain).filter(([, value]) => !["[]", '{"$set":[]}', '{"$dict":{}}', "0", "null"].includes(JSON.stringify(value))));
}

describe("random histories with compaction", () => {
  it("show the same as without it (seeds 1 to 50)", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = new Random(seed);
      const replicas = Array.from({ length: 2 + random.below(3) }, (_each, index) => new Replica({ number: index + 1 }));
      const log: Operation[] = [];
      for (let round = 0; round < 4; round += 1) {
        // Everybody edits alone, half of them having compacted; they hear of each other at the end of the round.
        const written: Operation[] = [];
        for (const replica of replicas) {
          replica.timeMs = 1000 * round + random.below(100);
          for (let edits = random.below(8); edits > 0; edits -= 1) written.push(...replica.become(random.once(14) ? undefined : changedThing(random, replica.shown() ?? NEW_THING)));
        }
        log.push(...written);
        for (const replica of replicas) replica.receive(random.shuffled([...written, ...written.slice(0, 3)]), random.once(2));
        const expected = shown(applyOperations(undefined, log));
        for (const replica of replicas) expect(shown(replica.state), `seed ${seed}, round ${round}`).toBe(expected);
        const floor = newest(log);
        for (const replica of replicas) {
          if (replica.state === undefined || random.once(2)) continue;
          replica.state = compactState(replica.state, floor);
          replica.forgotten = floor;
        }
        for (const replica of replicas) expect(shown(replica.state), `seed ${seed}, compacted after round ${round}`).toBe(expected);
      }
    }
  });

  it("show the same when the floor lies in the middle of what is there", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = new Random(seed);
      const [one, two] = [new Replica({ number: 1 }), new Replica({ number: 2 })];
      const early: Operation[] = [];
      for (let edits = 0; edits < 12; edits += 1) early.push(...one.become(changedThing(random, one.shown() ?? NEW_THING)));
      two.receive(early);
      const floor = newest(early);
      one.timeMs = two.timeMs = 2000;
      const late: Operation[] = [];
      for (let edits = 0; edits < 8; edits += 1) for (const replica of [one, two]) late.push(...replica.become(changedThing(random, replica.shown() ?? NEW_THING)));
      const some = random.shuffled(late).slice(0, random.below(late.length));
      const compacted = compactState(applyOperations(undefined, [...early, ...some]), floor);
      expect(shown(applyOperations(compacted, random.shuffled(late))), `seed ${seed}`).toBe(shown(applyOperations(undefined, [...early, ...late])));
    }
  });
});

describe("lists with compaction", () => {
  it("read alike on replicas that compact and on those that do not (seeds 1 to 60)", () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = new Random(seed);
      const { all } = scene({ list: [1, 2, 3] }, 3);
      for (let round = 0; round < 6; round += 1) {
        for (const replica of all) {
          replica.timeMs = 1000 * (round + 1) + random.below(50);
          for (let edits = random.below(5); edits > 0; edits -= 1) {
            const list = [...listOf(replica)] as unknown[];
            if (random.once(2) && list.length > 0) list.splice(random.below(list.length), 1);
            else list.splice(random.below(list.length + 1), 0, `${round}.${edits}.${replica.clock.replica.at(-1) ?? ""}`);
            replica.become({ list: list as string[] });
          }
        }
        const log = all.flatMap((replica) => replica.written);
        for (const replica of all) replica.receive(log);
        const expected = listOf(all[0] as Replica);
        for (const replica of all) expect(listOf(replica), `seed ${seed}, round ${round}`).toEqual(expected);
        // What was written before this is not delivered again.
        for (const replica of all) replica.written.length = 0;
        const floor = newest(log);
        for (const [index, replica] of all.entries()) if (index > 0 && random.once(2)) replica.state = compactState(replica.state as ObjectState, floor);
      }
    }
  });

  it("what hung on a forgotten position stays where that was among its siblings", () => {
    const { all } = scene({ list: ["a", "t"] }, 3);
    const [one, two, three] = all as [Replica, Replica, Replica];
    atTime(one, 200, put("list", ["a"]));
    three.receive(one.written);
    atTime(two, 400, put("list", ["a", "t", "c"]));
    const floor = one.clock.last;
    atTime(three, 300, put("list", ["a", "n"]));
    const early = applyOperations(one.state, two.written);
    const late = three.written;
    const compacted = applyOperations(compactState(early, floor), late);
    expect(materialise(compacted)?.["list"]).toEqual(["a", "c", "n"]);
    expect(materialise(applyOperations(early, late))?.["list"]).toEqual(["a", "c", "n"]);
  });
});

describe("what compaction forgets", () => {
  it("increments, which become part of the value", () => {
    const { one } = scene({ count: 5 });
    for (let times = 0; times < 100; times += 1) atTime(one, 200, write(["count"], { act: "inc", by: 2 }));
    const compacted = compactState(one.state as ObjectState, one.clock.last);
    expect(compacted?.f?.["count"]).toEqual({ h: expect.any(String) as string, v: 205 });
  });

  it("elements that were removed or have moved, in a list that is appended to and shortened from the front for ever", () => {
    const { one } = scene({ list: ["a"] });
    for (let times = 0; times < 200; times += 1) {
      const list = [...listOf(one), String(times)];
      atTime(one, 200 + times, put("list", list));
      if (times > 3) atTime(one, 200 + times, put("list", list.slice(1)));
    }
    expect(one.state?.f?.["list"]?.b?.list?.p.length).toBe(201);
    const compacted = compactState(one.state as ObjectState, one.clock.last);
    expect(compacted?.f?.["list"]?.b?.list?.p.length).toBe(5);
    expect(shown(compacted)).toBe(shown(one.state));
  });

  it("values taken out of sets, entries taken out of dictionaries, what was in containers that were replaced", () => {
    const { one } = scene({ set: { $set: [1, 2] }, dict: { $dict: { a: "1", b: "2" } }, any: [1, 2, 3] });
    one.become({ set: { $set: [2] }, dict: { $dict: { b: "2" } }, any: 5 });
    const { f: fields } = compactState(one.state as ObjectState, one.clock.last) as ObjectState;
    expect(Object.keys(fields?.["set"]?.b?.set?.e ?? {})).toEqual(["2"]);
    expect(Object.keys(fields?.["dict"]?.b?.dict?.f ?? {})).toEqual(["b"]);
    expect(fields?.["any"]?.b).toEqual({ list: { p: [] } });
  });

  it("an object that was deleted", () => {
    const { one } = scene({ count: 5 });
    one.become(undefined);
    expect(compactState(one.state as ObjectState, NEVER)).toEqual(one.state);
    expect(compactState(one.state as ObjectState, one.clock.last)).toBe(undefined);
  });
});
