/**
 * What the processes write: every object follows from its lane, its slot and the number of the lane's last commit.
 *
 * A lane is one process's row of commits, numbered from 1. Commit `n` touches the slots that are `n` modulo the stride, so
 * the whole content of a lane follows from one number, and anything else in the file is a lost or a half commit.
 *
 * @module
 */
import type Realm from "@holdfast/realm";

/** How many processes have a lane of their own in one file. */
export const LANE_COUNT = 4;

/** How much one commit touches, and where. */
export interface Shape {
  readonly slotsPerCommit: number;
  /** A commit's slots are this far apart; so many commits touch every slot once. */
  readonly stride: number;
  /** Length of the text of a slot. */
  readonly textLength: (slot: number) => number;
  /** Every other lap deletes what the one before created. */
  readonly deletes: boolean;
}

/** The names of the shapes. */
export type ShapeName = "small" | "scattered" | "bulk" | "spill";

/** What a commit of each kind looks like. */
export const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  /** One object. */
  small: { slotsPerCommit: 1, stride: 300, textLength: (slot) => 20 + (slot % 90), deletes: false },
  /** Objects all over the tree: a page each, so that checkpoints come often. */
  scattered: { slotsPerCommit: 50, stride: 40, textLength: (slot) => 300 + (slot % 200), deletes: false },
  /** Too much for one record of the log: a new object each, and all of them deleted again. */
  bulk: { slotsPerCommit: 1200, stride: 1, textLength: (slot) => 120 + (slot % 300), deletes: true },
  /** Too much for the memory that a transaction may take: it writes pages before it commits. */
  spill: { slotsPerCommit: 8500, stride: 1, textLength: (slot) => (slot % 200 === 0 ? 9000 : 1900), deletes: true },
};

/** The schema of every file. */
export const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Item", primaryKey: "_id", properties: { _id: "int", generation: { type: "int", indexed: true }, text: "string" } },
  { name: "Lane", primaryKey: "_id", properties: { _id: "int", value: "int" } },
];

/** The primary key of a slot's object. */
export function idOf(lane: number, slot: number): number {
  return lane * 1_000_000 + slot;
}

/** The values of a slot's object after the commit of that number. */
export function itemOf(shape: Shape, place: { lane: number; slot: number }, generation: number): Record<string, unknown> {
  const { lane, slot } = place;
  const start = `lane ${lane} slot ${slot} commit ${generation} `;
  const length = shape.textLength(slot);
  // Not one letter over and over: a page that was cut and filled up must not look right.
  const text = start.repeat(Math.ceil(length / start.length)).slice(0, length);
  return { _id: idOf(lane, slot), generation, text };
}

/** The slots that a commit touches. */
export function slotsOf(shape: Shape, commit: number): number[] {
  return Array.from({ length: shape.slotsPerCommit }, (_, index) => index * shape.stride + (commit % shape.stride));
}

/** The commit that wrote a slot's object last, if the slot has one after `commits` commits of its lane. */
export function generationAt(shape: Shape, slot: number, commits: number): number | undefined {
  const phase = slot % shape.stride;
  const last = commits - ((((commits - phase) % shape.stride) + shape.stride) % shape.stride);
  if (last < 1) return undefined;
  return isDeleting(shape, last) ? undefined : last;
}

function isDeleting(shape: Shape, commit: number): boolean {
  return shape.deletes && Math.floor(commit / shape.stride) % 2 === 0;
}

/** How often a lane has committed, as the realm has it. */
export function commitsOf(realm: Realm, lane: number): number {
  return (realm.objectForPrimaryKey("Lane", lane)?.["value"] as number | undefined) ?? 0;
}

/** Makes the next commit of a lane and returns its number. */
export function commitNext(realm: Realm, shape: Shape, lane: number): number {
  const commit = commitsOf(realm, lane) + 1;
  realm.write(() => {
    const [half, slots] = [shape.slotsPerCommit / 2, slotsOf(shape, commit)];
    for (const [index, slot] of slots.entries()) {
      // In the middle, so that a commit that is cut in two shows on either side.
      if (index === Math.floor(half)) realm.create("Lane", { _id: lane, value: commit }, "all" as never);
      if (isDeleting(shape, commit)) {
        const found = realm.objectForPrimaryKey("Item", idOf(lane, slot));
        if (found !== null) realm.delete(found);
      } else {
        realm.create("Item", itemOf(shape, { lane, slot }, commit), "all" as never);
      }
    }
  });
  return commit;
}

/** What differs between one slot of the realm and what it must be; undefined if nothing does. */
export function slotDifference(realm: Realm, shape: Shape, place: { lane: number; slot: number; commits: number }): string | undefined {
  const { lane, slot, commits } = place;
  const found = realm.objectForPrimaryKey<{ generation: number; text: string }>("Item", idOf(lane, slot));
  const generation = generationAt(shape, slot, commits);
  const where = `lane ${lane} after ${commits} commits, slot ${slot}`;
  if (generation === undefined) return found === null ? undefined : `${where}: there is an object of commit ${found.generation}, and none must be`;
  if (found === null) return `${where}: the object of commit ${generation} is missing`;
  if (found.generation !== generation) return `${where}: it is of commit ${found.generation}, not ${generation}`;
  return found.text === itemOf(shape, place, generation)["text"] ? undefined : `${where}: its text is another`;
}

/** What differs between the whole realm and lanes that have committed so often; undefined if nothing does. */
export function contentDifference(realm: Realm, shape: Shape, lanes: readonly number[]): string | undefined {
  let expectedCount = 0;
  for (const [lane, commits] of lanes.entries()) {
    const found = commitsOf(realm, lane);
    if (found !== commits) return `lane ${lane} says ${found} commits, not ${commits}`;
    for (let slot = 0; slot < shape.slotsPerCommit * shape.stride; slot += 1) {
      if (generationAt(shape, slot, commits) !== undefined) expectedCount += 1;
      else if (commits === 0) continue;
      const difference = slotDifference(realm, shape, { lane, slot, commits });
      if (difference !== undefined) return difference;
    }
  }
  const items = realm.objects<{ _id: number; generation: number }>("Item");
  if (items.length !== expectedCount) return `${items.length} objects, not ${expectedCount}`;
  return undefined;
}
