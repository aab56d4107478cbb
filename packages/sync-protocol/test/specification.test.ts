/**
 * The merge core against the specification, told rule by rule: random histories, whole and in part.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { applyOperations, decodeOperation, materialise, objectText, type Intent, type Operation, type PlainObject } from "../src/index.ts";
import { byTheBook } from "./support/by-the-book.ts";
import { Random } from "./support/random.ts";
import { Replica } from "./support/replica.ts";
import { changedThing, NEW_THING } from "./support/things.ts";

const text = (plain: PlainObject | undefined): string | undefined => (plain === undefined ? undefined : objectText(plain));

function history(random: Random): Operation[] {
  const replicas = [1, 2, 3].map((number) => new Replica({ number }));
  const log: Operation[] = [];
  for (let step = 0; step < 35; step += 1) {
    const replica = random.pick(replicas);
    replica.timeMs = 1000 + random.below(60);
    if (random.once(3)) replica.receive(log.filter(() => !random.once(6)));
    const intents: Record<string, Intent> = random.once(3) ? { [random.pick(Object.keys(NEW_THING))]: random.pick<Intent>(["set", "replace", "default"]) } : {};
    log.push(...replica.become(random.once(14) ? undefined : changedThing(random, replica.shown() ?? NEW_THING), intents));
  }
  return log;
}

describe("the merge core does what the specification says", () => {
  it("for random histories, and for any part of them that arrives (seeds 1 to 30)", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const random = new Random(seed);
      const log = history(random);
      expect(text(materialise(applyOperations(undefined, random.shuffled(log)))), `seed ${seed}`).toBe(text(byTheBook(log)));
      for (let part = 0; part < 4; part += 1) {
        const some = random.shuffled(log).slice(0, random.below(log.length + 1));
        expect(text(materialise(applyOperations(undefined, some))), `seed ${seed}, part ${part}`).toBe(text(byTheBook(some)));
      }
    }
  });

  it("and the specification what the vectors say", () => {
    const folder = resolve(import.meta.dirname, "../../../conformance/vectors/sync");
    const names = readdirSync(folder).filter((name) => name.startsWith("merge-"));
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      const { operations, shows } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { operations: unknown[]; shows: PlainObject | null };
      expect(text(byTheBook(operations.map((operation) => decodeOperation(operation)))), `vector ${name}`).toBe(shows === null ? undefined : objectText(shows));
    }
  });
});
