/**
 * lmdb-js in W9: records by key, lists as arrays of ids, an index as a database with sorted duplicates.
 *
 * @module
 */
import { type Database, open, type RootDatabase } from "lmdb";
import type { GraphSession, OpenOptions } from "../contender.ts";
import { FILTER_LIMIT, FILTER_POINTS, makeMember, type Member, TEAM_SIZE, WALK_STEPS } from "../graph.ts";

const MAP_BYTES = 4 * 1024 ** 3;

/** Opens the graph of an lmdb environment. */
export function openLmdbGraph(options: OpenOptions, encryptionKey: string | undefined): GraphSession {
  const root: RootDatabase<Member, number> = open<Member, number>({
    path: `${options.path}.mdb`,
    overlappingSync: false,
    sharedStructuresKey: Symbol.for("structures"),
    mapSize: MAP_BYTES,
    maxDbs: 4,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
  const teams: Database<number[], number> = root.openDB<number[], number>({ name: "team" });
  const cities = options.isIndexed ? root.openDB<number, string>({ name: "city", dupSort: true, encoding: "ordered-binary" }) : undefined;
  const find = (id: number): Member => root.get(id) as Member;
  function* ofCity(city: string): Generator<Member> {
    if (cities !== undefined) for (const id of cities.getValues(city)) yield find(id);
    else for (const { value } of root.getRange({ start: 0, end: Number.MAX_SAFE_INTEGER })) if (value.city === city) yield value;
  }
  return {
    build(count) {
      root.transactionSync(() => {
        for (let id = 0; id < count; id++) {
          const member = makeMember(id);
          void root.put(id, member);
          void cities?.put(member.city, id);
          if ((id + 1) % TEAM_SIZE === 0) void teams.put((id + 1) / TEAM_SIZE - 1, Array.from({ length: TEAM_SIZE }, (_unused, index) => id + 1 - TEAM_SIZE + index));
        }
      });
    },
    hold: (ids) => () => {
      let sum = 0;
      for (const id of ids) sum += find(id).points;
      return sum;
    },
    sumTeams(ids) {
      let sum = 0;
      for (const id of ids) for (const memberId of teams.get(id) ?? []) sum += find(memberId).points;
      return sum;
    },
    walk(ids) {
      let sum = 0;
      for (const id of ids) {
        let member: Member | undefined = find(id);
        for (let step = 0; step < WALK_STEPS && member !== undefined; step++) member = member.bossId === undefined ? undefined : find(member.bossId);
        sum += member?.name.length ?? 0;
      }
      return sum;
    },
    best(city) {
      const points: number[] = [];
      for (const member of ofCity(city)) if (member.points > FILTER_POINTS) points.push(member.points);
      return points
        .sort((left, right) => right - left)
        .slice(0, FILTER_LIMIT)
        .reduce((sum, each) => sum + each, 0);
    },
    async close() {
      await root.close();
    },
  };
}
