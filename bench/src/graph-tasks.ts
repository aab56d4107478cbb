/**
 * The tasks of W9 and W10, their answers checked.
 *
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Contender, GraphSession } from "./contender.ts";
import { databasePath, type DatabaseSpec } from "./database-spec.ts";
import { bestOf, cityName, makeMember, TEAM_SIZE, walkFrom } from "./graph.ts";
import { check, measure, type Sample, ZERO } from "./measure.ts";
import { randomIds } from "./people.ts";

/** What is asked of the graph. */
export interface GraphTask {
  readonly kind: "graph";
  readonly database: DatabaseSpec;
  readonly what: "build" | "hold" | "lists" | "links" | "best" | "listeners";
  /** Reads, teams, walks, queries or commits. */
  readonly amount: number;
  readonly seed: number;
}

/** How many objects are held, and how many listeners there are. */
export const HELD = 1000;

/** Does one task. @throws {Error} The database gave a wrong answer, or has no listeners */
export async function runGraphTask(contender: Contender, task: GraphTask): Promise<Sample> {
  const path = databasePath(task.database);
  mkdirSync(dirname(path), { recursive: true });
  if (task.what === "build" && existsSync(join(dirname(path), "built"))) return ZERO;
  const session = contender.openGraph({ path, isIndexed: task.database.isIndexed });
  try {
    const sample = await ASK[task.what](session, task);
    if (task.what === "build") writeFileSync(join(dirname(path), "built"), "");
    return sample;
  } finally {
    await session.close();
  }
}

type Ask = (session: GraphSession, task: GraphTask) => Promise<Sample>;

const ASK: Record<GraphTask["what"], Ask> = {
  build: (session, { database }) => measure(() => session.build(database.count)),

  async hold(session, { database, amount, seed }) {
    const ids = randomIds(HELD, database.count, seed);
    const read = session.hold(ids);
    const expected = ids.reduce((sum, id) => sum + makeMember(id).points, 0);
    check("held objects", read(), expected);
    const rounds = Math.ceil(amount / HELD);
    let answer = 0;
    const sample = await measure(() => {
      for (let round = 0; round < rounds; round++) answer += read();
    });
    check("held objects", answer, expected * rounds);
    return sample;
  },

  async lists(session, { database, amount, seed }) {
    const teamCount = Math.floor(database.count / TEAM_SIZE);
    const ids = randomIds(amount, teamCount, seed);
    // Every page is in memory afterwards: cold reads are W5's.
    session.sumTeams(Int32Array.from({ length: teamCount }, (_unused, index) => index));
    let answer = 0;
    const sample = await measure(() => (answer = session.sumTeams(ids)));
    let expected = 0;
    for (const id of ids) for (let index = 0; index < TEAM_SIZE; index++) expected += makeMember(id * TEAM_SIZE + index).points;
    check("lists", answer, expected);
    return sample;
  },

  async links(session, { database, amount, seed }) {
    const ids = randomIds(amount, database.count, seed);
    session.walk(ids.subarray(0, amount / 10));
    let answer = 0;
    const sample = await measure(() => (answer = session.walk(ids)));
    check("links", answer, ids.reduce((sum, id) => sum + walkFrom(id), 0));
    return sample;
  },

  async best(session, { database, amount, seed }) {
    const cities = Array.from({ length: amount }, (_unused, index) => cityName(seed + index));
    for (const city of cities.slice(0, Math.ceil(amount / 10))) session.best(city);
    const answers: number[] = [];
    const sample = await measure(() => {
      for (const city of cities) answers.push(session.best(city));
    });
    for (const [index, answer] of answers.entries()) check("the best of a city", answer, bestOf(cities[index] as string, database.count));
    return sample;
  },

  async listeners(session, { amount, seed }) {
    const listeners = session.listen?.(HELD);
    if (listeners === undefined) throw new Error("the library has no listeners");
    await listeners.ready;
    return measure(async () => {
      for (let each = 0; each < amount; each++) await listeners.change((each * 37) % HELD, seed + each);
    });
  },
};
