/**
 * Holdfast in W9 and W10: live objects, links, lists, queries and listeners, as an application would write it.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import type { GraphSession, OpenOptions } from "../contender.ts";
import { FILTER_LIMIT, FILTER_POINTS, makeMember, TEAM_SIZE } from "../graph.ts";
import { BENCH_KEY } from "./bench-key.ts";

interface LiveMember extends Realm.Object {
  id: number;
  name: string;
  city: string;
  points: number;
  boss: LiveMember | null;
}
interface LiveTeam extends Realm.Object {
  id: number;
  members: Realm.List<LiveMember>;
}

const schema = (isIndexed: boolean): Realm.ObjectSchema[] => [
  {
    name: "Member",
    primaryKey: "id",
    properties: { id: "int", name: "string", city: isIndexed ? { type: "string", indexed: true } : "string", points: "int", boss: "Member?" },
  },
  { name: "Team", primaryKey: "id", properties: { id: "int", members: "Member[]" } },
];

/** Opens the graph of a realm. */
export function openHoldfastGraph(options: OpenOptions, isEncrypted: boolean): GraphSession {
  const realm = new Realm({ path: options.path, schema: schema(options.isIndexed), ...(isEncrypted ? { encryptionKey: BENCH_KEY } : {}) });
  const find = (id: number): LiveMember => realm.objectForPrimaryKey<LiveMember>("Member", id) as LiveMember;
  return {
    build(count) {
      realm.write(() => {
        let members: LiveMember[] = [];
        for (let id = 0; id < count; id++) {
          const { bossId, ...values } = makeMember(id);
          members.push(realm.create<LiveMember>("Member", { ...values, boss: bossId === undefined ? null : find(bossId) }) as LiveMember);
          if (members.length < TEAM_SIZE) continue;
          realm.create("Team", { id: (id + 1) / TEAM_SIZE - 1, members });
          members = [];
        }
      });
    },
    hold(ids) {
      const held = Array.from(ids, find);
      return () => {
        let sum = 0;
        for (const member of held) sum += member.points;
        return sum;
      };
    },
    sumTeams(ids) {
      let sum = 0;
      for (const id of ids) for (const member of (realm.objectForPrimaryKey<LiveTeam>("Team", id) as LiveTeam).members) sum += member.points;
      return sum;
    },
    walk(ids) {
      let sum = 0;
      for (const id of ids) sum += find(id).boss?.boss?.boss?.name.length ?? 0;
      return sum;
    },
    best(city) {
      let sum = 0;
      for (const member of realm.objects<LiveMember>("Member").filtered(`city == $0 AND points > $1 SORT(points DESC) LIMIT(${FILTER_LIMIT})`, city, FILTER_POINTS)) sum += member.points;
      return sum;
    },
    listen(count) {
      return new LiveListeners(realm, count);
    },
    close() {
      realm.close();
      return Promise.resolve();
    },
  };
}

/** Many listeners, each on one object's query; `change` resolves when the one that is concerned was called. */
class LiveListeners {
  readonly #realm: Realm;
  readonly #waiting = new Map<number, () => void>();
  #initialCalls = 0;
  readonly ready: Promise<void>;

  constructor(realm: Realm, count: number) {
    this.#realm = realm;
    this.ready = new Promise((resolve) => {
      for (let id = 0; id < count; id++) this.#add(id, () => (this.#initialCalls += 1) === count && resolve());
    });
  }

  #add(id: number, onInitial: () => void): void {
    let isInitial = true;
    this.#realm.objects("Member").filtered("id == $0", id).addListener(() => {
      if (isInitial) onInitial();
      else this.#waiting.get(id)?.();
      isInitial = false;
    });
  }

  change(id: number, points: number): Promise<void> {
    const told = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#realm.write(() => {
      (this.#realm.objectForPrimaryKey<LiveMember>("Member", id) as LiveMember).points = points;
    });
    return told;
  }
}
