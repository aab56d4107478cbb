/**
 * A random history of three clients over a network that cuts connections, loses acknowledgements and leaves zombies behind; healed at the
 * end. Then every replica shows the same, nothing waits to be sent, and every increment has counted once.
 *
 * @module
 */
import { expect } from "vitest";
import Realm from "@holdfast/realm";
import type { Transport } from "../../src/index.ts";
import { settle, shown, TEST_KEY } from "./clients.ts";
import type { Task } from "./clients.ts";
import type { World } from "./modes.ts";
import type { Random } from "./seeded.ts";

const STEPS = 60;

/** What a history runs over. */
export interface HistoryParts {
  readonly world: World;
  readonly transport: Transport;
  readonly faults: { cut: number };
  readonly random: Random;
  /** Part of the files' names. */
  readonly name: string;
  /** Fields of `sync` over the usual ones. */
  readonly sync?: object;
}

/** Runs a history and checks its end. @returns What all clients show. */
export async function runHistory({ world, transport, faults, random, name, sync = {} }: HistoryParts): Promise<unknown> {
  const names = [0, 1, 2].map((index) => `${name}-${index}`);
  const realms = await Promise.all(names.map((file) => Realm.open(world.config(file, transport, sync))));
  const [one] = realms as [Realm];
  one.write(() => one.create("Task", { _id: "sum", done: false, votes: 0 } as never));
  await settle(...realms);
  faults.cut = 0.04;
  let sum = 0;
  for (let step = 0; step < STEPS; step++) {
    const index = random.below(3);
    const realm = realms[index] as Realm;
    const chance = random.below(20);
    if (chance === 0) realm.syncSession?.pause();
    else if (chance === 1) realm.syncSession?.resume();
    else if (chance === 2) {
      realm.close();
      realms[index] = new Realm(world.config(names[index] as string, transport, sync));
    } else realm.write(() => Array.from({ length: 1 + random.below(3) }).forEach(() => void (sum += change(realm, random))));
    if (random.below(3) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(4)));
  }
  faults.cut = 0;
  for (const realm of realms) realm.syncSession?.resume();
  await settle(...realms);
  await settle(...realms);
  const [first, ...others] = realms.map(shown);
  for (const other of others) expect(other).toEqual(first);
  expect(((realms[0] as Realm).objectForPrimaryKey<Task>("Task", "sum") as unknown as Task).votes.value).toBe(sum);
  const paths = realms.map((realm) => realm.path);
  for (const realm of realms) realm.close();
  for (const path of paths) expect(await Realm.verify({ path, ...(world.isEncrypted ? { encryptionKey: TEST_KEY } : {}) })).toMatchObject({ isClean: true });
  return first;
}

function change(realm: Realm, random: Random): number {
  const tasks = realm.objects<Task>("Task").filtered("_id != 'sum'");
  const people = realm.objects("Person");
  const task = tasks.length === 0 ? undefined : (tasks[random.below(tasks.length)] as unknown as Task);
  const person = people.length === 0 ? null : (people[random.below(people.length)] as Realm.Object);
  const fresh = { _id: random.pick(["a", "b", "c", "d", "e"]), done: random.below(2) === 0, votes: random.below(3) };
  switch (random.below(task === undefined ? 3 : 15)) {
    case 0:
      realm.create("Task", { ...fresh, notes: ["n0", "n1"], place: { street: "s", lines: ["l"] } } as never, "modified" as never);
      return 0;
    case 1:
      realm.create("Person", { _id: random.below(4), name: `p${random.below(100)}` }, "modified" as never);
      return 0;
    case 2: {
      const by = 1 + random.below(3);
      (realm.objectForPrimaryKey<Task>("Task", "sum") as unknown as Task).votes.increment(by);
      return by;
    }
    default:
      changeTask(realm, task as Task, person, random);
      return 0;
  }
}

function changeTask(realm: Realm, task: Task, person: Realm.Object | null, random: Random): void {
  const text = `t${random.below(1000)}`;
  switch (random.below(12)) {
    case 0:
      realm.delete(task);
      return;
    case 1:
      if (person !== null) realm.delete(person);
      return;
    case 2:
      task.title = text;
      return;
    case 3:
      task.person = person;
      return;
    case 4:
      if (person !== null) task.people.push(person);
      return;
    case 5:
      task.notes.splice(random.below(task.notes.length + 1), 0, text, `${text}+`);
      return;
    case 6:
      if (task.notes.length > 1) task.notes.move(0, task.notes.length - 1);
      else task.notes = [text, "z"] as never;
      return;
    case 7:
      if (task.notes.length > 0) task.notes.remove(random.below(task.notes.length));
      return;
    case 8:
      task.tags.add(text.slice(0, 2));
      task.byName[text.slice(0, 2)] = random.below(9);
      return;
    case 9:
      if (task.place === null) task.place = { street: text, lines: [] };
      else task.place.lines.push(text);
      return;
    case 10:
      task.extra = random.pick([1, 2.5, "s", null, ["x", { y: 1 }], { k: [1] }]);
      return;
    default:
      task.votes.increment(random.below(5));
  }
}
