/**
 * The data of W9 and W10: people with a boss, in teams. Every field follows from the id.
 *
 * @module
 */
import { createRandom, SEED } from "./people.ts";

/** One person of a team. */
export interface Member {
  readonly id: number;
  readonly name: string;
  readonly city: string;
  readonly points: number;
  /** Undefined for the first. */
  readonly bossId: number | undefined;
}

/** How many people a team has. */
export const TEAM_SIZE = 100;
const CITY_COUNT = 50;

/** The person of an id. */
export function makeMember(id: number): Member {
  const random = createRandom(SEED + id * 6271);
  return {
    id,
    name: `Member ${String(id).padStart(7, "0")}`,
    city: cityName(Math.floor(random() * CITY_COUNT)),
    points: Math.floor(random() * 1_000_000),
    bossId: id === 0 ? undefined : Math.floor(id / 10),
  };
}

/** A city by its number. */
export function cityName(index: number): string {
  return `City ${String(index % CITY_COUNT).padStart(2, "0")}`;
}

/** How many steps up the chain of bosses a walk takes. */
export const WALK_STEPS = 3;

/** Length of the name that a walk ends at; 0 if the chain ends before. */
export function walkFrom(id: number): number {
  let member = makeMember(id);
  for (let step = 0; step < WALK_STEPS; step++) {
    if (member.bossId === undefined) return 0;
    member = makeMember(member.bossId);
  }
  return member.name.length;
}

/** What a query of W9 asks: the best `FILTER_LIMIT` of a city with more than `FILTER_POINTS` points. */
export const FILTER_POINTS = 250_000;
export const FILTER_LIMIT = 10;

/** The answers by how many people there are and by city: one pass over all of them, for as many queries as are asked. */
const bestByCount = new Map<number, Map<string, number>>();

/** The answer: the sum of their points. */
export function bestOf(city: string, count: number): number {
  const known = bestByCount.get(count) ?? allBest(count);
  bestByCount.set(count, known);
  return known.get(city) ?? 0;
}

function allBest(count: number): Map<string, number> {
  const points = new Map<string, number[]>();
  for (let id = 0; id < count; id++) {
    const member = makeMember(id);
    if (member.points <= FILTER_POINTS) continue;
    const known = points.get(member.city) ?? [];
    points.set(member.city, known);
    known.push(member.points);
  }
  const best = (all: number[]): number => all.toSorted((left, right) => right - left).slice(0, FILTER_LIMIT).reduce((sum, each) => sum + each, 0);
  return new Map([...points].map(([city, all]) => [city, best(all)]));
}
