/**
 * Bootstraps into classes that were empty: their objects are shown aside, page by page and part by part, and take their place at once.
 */
import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import { sessionOf } from "@holdfast/realm/replica";
import type { SyncSchema } from "@holdfast/sync-protocol";
import { groupsOf } from "../src/replica/next-classes.ts";
import { QUICK, SCHEMA, settle, shown, TEST_KEY } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";

const PEOPLE = 10;
const TASKS = 70;

it("classes that link to each other, or hold the same embedded objects, stay together", () => {
  const of = (name: string, ...properties: object[]) => ({ name, primaryKey: "_id", properties: properties.map((property, index) => ({ name: `p${index}`, ...property })) });
  const classes = [of("A", { type: "object", objectType: "B" }), of("B", { type: "int" }), of("C", { type: "object", objectType: "E" }), of("D", { type: "object", objectType: "E", collection: "list" }), of("E"), of("F", { type: "string" })];
  expect(groupsOf({ classes } as unknown as SyncSchema)).toEqual([["A", "B"], ["D", "C", "E"], ["F"]]);
  expect(groupsOf({ classes: [...classes, of("G", { type: "mixed" })] } as unknown as SyncSchema).length).toBe(1);
});

forEachMode((world) => {
  /** A server with people and tasks that link to them and to each other, in no order; and somebody who can write more. */
  async function prepared(rowsPerPage: number) {
    const server = new ReferenceServer({ rowsPerPage });
    const writer = await Realm.open(world.config("writer", new Link(server)));
    writer.write(() => {
      for (let index = 0; index < TASKS; index++) writer.create("Task", { _id: `t${(index * 37) % TASKS}`, done: index % 2 === 0, votes: index, notes: ["n"], place: { street: `S${index}`, lines: ["l"] }, byName: { k: index } } as never);
      for (let index = 0; index < PEOPLE; index++) writer.create("Person", { _id: (index * 7) % PEOPLE, name: `P${index}` });
    });
    writer.write(() => {
      for (const task of writer.objects<Task>("Task")) {
        const number = Number(task._id.slice(1));
        task.person = writer.objectForPrimaryKey("Person", number % PEOPLE);
        task.people.push(...[1, 2].map((step) => writer.objectForPrimaryKey("Person", (number + step) % PEOPLE)));
        task.extra = writer.objectForPrimaryKey("Task", `t${(number + 35) % TASKS}`);
      }
    });
    await settle(writer);
    return { server, writer };
  }

  /** Looks in every turn of the event loop, so that it sees every part of a page come. */
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  }

  const waiting = (realm: Realm): number => sessionOf(realm).tree("sync/confirmed2")?.count ?? 0;

  it("the same objects, links, embedded objects and mixed values as at whoever wrote them; listeners hear of them once", async () => {
    const { server, writer } = await prepared(7);
    const a = new Realm(world.config("a", new Link(server)));
    const heard: Realm.CollectionChangeSet[] = [];
    a.objects("Task").addListener((_, changes) => void heard.push(changes));
    await settle(a);
    await new Promise((resolve) => setImmediate(resolve));
    expect(shown(a)).toEqual(shown(writer));
    expect(heard.map(({ insertions, deletions, newModifications }) => [insertions.length, deletions.length, newModifications.length]).filter((counts) => counts.some((count) => count > 0))).toEqual([[TASKS, 0, 0]]);
    expect(sessionOf(a).treeNames().filter((name) => name.startsWith("sync/next/"))).toEqual([]);
    const { path } = a;
    a.close();
    expect(await Realm.verify({ path, ...(world.isEncrypted ? { encryptionKey: TEST_KEY } : {}) } as never)).toMatchObject({ isClean: true });
  });

  it.each(["cut", "closed"] as const)("a page that is %s in the middle comes again, and nothing of it was seen", async (how) => {
    const { server, writer } = await prepared(38);
    const link = new Link(server);
    const config = world.config("a", link, { timing: { ...QUICK, turnMs: 0 } });
    let a = new Realm(config);
    // Parts of 16 rows: in the middle of the second page.
    await until(() => waiting(a) > 38 && waiting(a) < 76);
    expect([a.objects("Task").length, a.objects("Person").length]).toEqual([0, 0]);
    if (how === "closed") {
      a.close();
      a = new Realm(config);
      expect(a.objects("Task").length).toBe(0);
    } else {
      link.down();
      link.up();
    }
    await settle(a);
    expect(shown(a)).toEqual(shown(writer));
    expect(link.seen.filter((text) => text.includes('"msg":"boot"') && text.includes('"page":0,')).length).toBe(1);
  });

  it("what is written here meanwhile is on top: objects that are new, that the server has too, and that were deleted, and links between them", async () => {
    const { server, writer } = await prepared(40);
    const link = new Link(server);
    link.down();
    const a = new Realm(world.config("a", link, { timing: { ...QUICK, turnMs: 0 } }));
    a.write(() => {
      a.create("Task", { _id: "early", done: true, votes: 1, person: { _id: 3, name: "own three" }, extra: [1] } as never);
      // The server has it: both are one object in the end, and the delete is of what is seen here.
      a.create("Task", { _id: "t1", done: true, votes: 5, title: "own title" } as never);
      a.create("Task", { _id: "t2", done: true, votes: 5 } as never);
    });
    a.write(() => a.delete(a.objectForPrimaryKey("Task", "t2")));
    link.up();
    const counts = new Set<number>();
    await until(() => waiting(a) > 0);
    for (let late = 1; late <= 5; late++) a.write(() => a.create("Task", { _id: `late${late}`, done: true, votes: late, person: a.objectForPrimaryKey("Person", 3) } as never));
    await until(() => {
      counts.add(a.objects("Task").length);
      return a.objects("Task").length > 2 + 5;
    });
    await settle(a, writer);
    await settle(a);
    expect(shown(a)).toEqual(shown(writer));
    expect([...counts].filter((count) => count > 2 + 5 && count < TASKS)).toEqual([]);
    expect(a.objectForPrimaryKey<Task>("Task", "t1")?.title).toBe("own title");
    expect((a.objectForPrimaryKey<Task>("Task", "late5")?.person as { name?: string } | null | undefined)?.name).toBe("own three");
  });

  it("an embedded object of a new object that somebody has in hand stays what it is", async () => {
    const { server, writer } = await prepared(40);
    const link = new Link(server);
    link.down();
    const a = new Realm(world.config("a", link));
    const place = a.write(() => a.create<Task>("Task", { _id: "own", done: true, votes: 1, place: { street: "Long", lines: ["1"] } } as never).place);
    const heard: Realm.ObjectChangeSet<Task>[] = [];
    a.objectForPrimaryKey<Task>("Task", "own")?.addListener((_, changes) => void heard.push(changes));
    link.up();
    await settle(a, writer);
    expect(shown(a)).toEqual(shown(writer));
    expect([place?.street, heard.filter(({ changedProperties }) => changedProperties.length > 0)]).toEqual(["Long", []]);
    const { path } = a;
    a.close();
    expect(await Realm.verify({ path, ...(world.isEncrypted ? { encryptionKey: TEST_KEY } : {}) } as never)).toMatchObject({ isClean: true });
  });

  it("links to objects that do not come are hidden, kept, and show when those come", async () => {
    const { server, writer } = await prepared(25);
    const a = await Realm.open(world.config("a", new Link(server), { initialSubscriptions: { update: (set, realm) => void set.add(realm.objects("Task")) } }));
    await settle(a);
    const task = a.objectForPrimaryKey<Task>("Task", "t5");
    expect([a.objects("Task").length, task?.person, task?.people.length]).toEqual([TASKS, null, 0]);
    a.write(() => void ((task as unknown as Task).title = "seen without them"));
    await a.subscriptions.update((set) => void set.add(a.objects("Person")));
    await settle(a, writer);
    expect(shown(a)).toEqual(shown(writer));
    expect([(task?.person as { _id?: number } | null | undefined)?._id, task?.people.length]).toEqual([5, 2]);
  });

  it("another schema in the middle: what was put aside of the old one is shown in the end as if it had not been", async () => {
    const { server, writer } = await prepared(38);
    const config = world.config("a", new Link(server), { timing: { ...QUICK, turnMs: 0 } });
    let a = new Realm(config);
    await until(() => waiting(a) > 38);
    expect(sessionOf(a).treeNames()).toContain("sync/next/class:Task");
    a.close();
    const [task, ...others] = SCHEMA as [Realm.ObjectSchema, ...Realm.ObjectSchema[]];
    a = new Realm({ ...config, schema: [{ ...task, properties: { ...task.properties, title: { type: "string", default: "untitled", indexed: true } } } as never, ...others] });
    await settle(a);
    expect(shown(a)).toEqual(shown(writer));
    expect(a.objects("Task").filtered("title == 'untitled'").length).toBe(TASKS);
  });
});
