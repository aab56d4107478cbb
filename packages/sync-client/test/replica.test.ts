import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { ClientMessage, MarkMessage, SubMessage, UpMessage } from "@holdfast/sync-protocol";
import type { Transport } from "../src/index.ts";
import { settle, shown } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import type { Task } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { ReferenceServer } from "./support/reference-server.ts";

forEachMode((world) => {
  it("writes of one client reach the other, through the server", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    const b = await Realm.open(world.config("b", link));
    a.write(() => {
      const person = a.create("Person", { _id: 1, name: "Ann" });
      a.create("Task", { _id: "t", title: "x", done: false, votes: 2, score: 1.5, person, people: [person], tags: ["q", "p"], notes: ["1", "2"], extra: { deep: [1, 2.5] }, place: { street: "Long", lines: ["l"] }, byName: { k: 1 } } as never);
    });
    await settle(a, b);
    expect(shown(b)).toEqual(shown(a));
    expect(b.objectForPrimaryKey<Task>("Task", "t")?.place?.street).toBe("Long");
    expect(server.plain("Task", "t")).toMatchObject({ title: "x", votes: 2, person: { $link: ["Person", 1] } });
    expect(world.errors).toEqual([]);
  });

  it("writes before there is a network are in the file, and go up when there is one", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    link.down();
    const a = new Realm(world.config("a", link));
    a.write(() => a.create("Task", { _id: "t", done: true, votes: 0 } as never));
    expect(a.objects("Task").length).toBe(1);
    a.close();
    link.up();
    const again = new Realm(world.config("a", link));
    await settle(again);
    expect(server.plain("Task", "t")).toMatchObject({ done: true });
  });

  it("offline edits on two clients converge, every increment counts once", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    const b = await Realm.open(world.config("b", link));
    a.write(() => a.create("Task", { _id: "t", done: false, votes: 1, notes: ["m"] } as never));
    await settle(a, b);
    link.down();
    const [ta, tb] = [a, b].map((realm) => realm.objectForPrimaryKey<Task>("Task", "t") as unknown as Task) as [Task, Task];
    a.write(() => {
      ta.votes.increment(5);
      ta.title = "from a";
      ta.notes.push("a1", "a2");
      ta.tags.add("a");
    });
    b.write(() => {
      tb.votes.increment(4);
      tb.done = true;
      tb.notes.push("b1", "b2");
      tb.tags.add("b");
    });
    link.up();
    await settle(a, b);
    await settle(a);
    expect(shown(a)).toEqual(shown(b));
    expect([ta.votes.value, ta.title, ta.done, [...ta.tags].sort()]).toEqual([10, "from a", true, ["a", "b"]]);
    const notes = [...ta.notes].join(" ");
    expect(["m a1 a2 b1 b2", "m b1 b2 a1 a2"]).toContain(notes);
    expect(world.errors).toEqual([]);
  });

  it("an own delete is remembered: what another wrote before he heard of it may come later", async () => {
    // By hand: both own transactions are acknowledged at once, and only then comes what another put between them.
    const transport: Transport = {
      connect(_url, handlers) {
        const say = (message: object): void => void setImmediate(() => handlers.onMessage(JSON.stringify(message)));
        setImmediate(() => handlers.onOpen());
        const answers: Record<string, (message: ClientMessage) => void> = {
          hello: () => say({ msg: "welcome", protocol: 1, serverTime: Date.now(), client: "c".repeat(16), lastCseq: 0, epoch: "e1" }),
          sub: (message) => say({ msg: "boot", version: (message as SubMessage).version, page: 0, rows: [], last: true, resume: "r1", cseq: 0 }),
          mark: (message) => say({ msg: "mark", id: (message as MarkMessage).id }),
          up: (message) => {
            const last = (message as UpMessage).txs.at(-1);
            const deleted = last?.ops.find((operation) => operation.do.act === "delete")?.h;
            if (deleted === undefined) return;
            const h = `${(Number.parseInt(deleted.slice(0, 12), 16) + 1).toString(16).padStart(12, "0")}0000${"b".repeat(16)}`;
            say({ msg: "ack", cseq: last?.cseq });
            say({ msg: "down", resume: "r2", txs: [{ ops: [{ type: "Task", pk: "t", h, path: [], do: { act: "create" } }] }] });
          },
        };
        return { send: (text) => void setImmediate(() => { const message = JSON.parse(text) as ClientMessage; answers[message.msg]?.(message); }), close: () => undefined };
      },
    };
    const a = await Realm.open(world.config("a", transport));
    a.write(() => a.create("Task", { _id: "t", done: false, votes: 0 } as never));
    a.write(() => a.delete(a.objects("Task")));
    await settle(a);
    expect(a.objects("Task").length).toBe(0);
    expect(world.errors).toEqual([]);
  });

  it("listeners hear of what others changed, with the right change set", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    const b = await Realm.open(world.config("b", link));
    a.write(() => ["p", "q"].forEach((_id) => a.create("Task", { _id, done: false, votes: 0 } as never)));
    await settle(a, b);
    const heard: unknown[] = [];
    b.objects("Task").addListener((_, changes) => void heard.push(changes));
    await new Promise((resolve) => setTimeout(resolve, 5));
    heard.length = 0;
    a.write(() => {
      (a.objectForPrimaryKey<Task>("Task", "q") as unknown as Task).title = "new";
      a.create("Task", { _id: "r", done: false, votes: 0 } as never);
    });
    await settle(a, b);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heard).toEqual([{ insertions: [2], deletions: [], newModifications: [1], oldModifications: [1] }]);
  });

  it("a refused write is undone, and the application hears which", async () => {
    const server = new ReferenceServer({ reject: (operation) => (operation.pk === "bad" ? "NOT_ALLOWED" : undefined) });
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    a.write(() => {
      a.create("Task", { _id: "good", done: false, votes: 0 } as never);
      a.create("Task", { _id: "bad", done: false, votes: 0 } as never);
    });
    expect(a.objects("Task").length).toBe(2);
    await settle(a);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(a.objects<Task>("Task").map((task) => task._id)).toEqual(["good"]);
    expect(world.errors).toMatchObject([{ code: "WRITE_REJECTED", writes: [{ objectName: "Task", primaryKey: "bad", reason: "planted", code: "NOT_ALLOWED" }] }]);
    a.close();
    const again = await Realm.open(world.config("a", link));
    await settle(again);
    expect(world.errors).toHaveLength(1);
  });

  it("a link to an object that is not there yet is hidden, kept, and shows when it comes", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    const b = await Realm.open(world.config("b", link, { initialSubscriptions: { update: (subscriptions, realm) => void subscriptions.add(realm.objects("Task")) } }));
    a.write(() => a.create("Task", { _id: "t", done: false, votes: 0, person: { _id: 1, name: "Ann" }, people: [{ _id: 2, name: "Bob" }] } as never));
    await settle(a, b);
    const task = b.objectForPrimaryKey<Task>("Task", "t") as unknown as Task;
    expect([task.person, task.people.length]).toEqual([null, 0]);
    b.write(() => {
      task.title = "touched";
    });
    await settle(b, a);
    expect((a.objectForPrimaryKey<Task>("Task", "t") as unknown as Task).person).not.toBe(null);
    await b.subscriptions.update((subscriptions) => void subscriptions.add(b.objects("Person")));
    expect([(task.person as unknown as { name: string }).name, task.people.length]).toEqual(["Ann", 1]);
    b.write(() => b.delete(task.person));
    expect(task.person).toBe(null);
    await settle(b, a);
    expect(shown(a)).toEqual(shown(b));
  });

  it("objects that leave view go from the device and not from the server", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const mine = { update: (subscriptions: { add(results: object): unknown }, realm: Realm) => void subscriptions.add(realm.objects("Task").filtered("owner == $0", "me")) };
    const a = await Realm.open(world.config("a", link));
    const b = await Realm.open(world.config("b", link, { initialSubscriptions: mine }));
    a.write(() => ["me", "you"].forEach((owner) => a.create("Task", { _id: owner, owner, done: false, votes: 0 } as never)));
    await settle(a, b);
    expect(b.objects<Task>("Task").map((task) => task._id)).toEqual(["me"]);
    a.write(() => {
      (a.objectForPrimaryKey<Task>("Task", "me") as unknown as Task).owner = "other";
      (a.objectForPrimaryKey<Task>("Task", "you") as unknown as Task).owner = "me";
    });
    await settle(a, b);
    expect(b.objects<Task>("Task").map((task) => task._id)).toEqual(["you"]);
    await b.subscriptions.update((subscriptions) => void subscriptions.removeAll());
    expect(b.objects("Task").length).toBe(0);
    await settle(b, a);
    expect([a.objects("Task").length, Object.keys(server.all("Task")).length]).toEqual([2, 2]);
    expect(() => b.write(() => b.create("Task", { _id: "z", done: false, votes: 0 } as never))).toThrow("Cannot write to class Task when no flexible sync subscription has been created.");
  });

  it("[S-13.6] objects of asymmetric classes go to the server and are not kept", async () => {
    const server = new ReferenceServer();
    const a = await Realm.open(world.config("a", new Link(server)));
    a.write(() => a.create("Event", { _id: "e", what: "happened" }));
    await settle(a);
    expect(server.plain("Event", "e")).toEqual({ what: "happened" });
    expect(a.isEmpty).toBe(true);
  });

  it("a delete wins over what others did without having seen it; made again it lives", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    const b = await Realm.open(world.config("b", link));
    a.write(() => a.create("Task", { _id: "t", title: "first", done: false, votes: 3 } as never));
    await settle(a, b);
    link.down();
    a.write(() => a.delete(a.objectForPrimaryKey("Task", "t")));
    b.write(() => (b.objectForPrimaryKey<Task>("Task", "t") as unknown as Task).votes.increment());
    link.up();
    await settle(a, b);
    await settle(a);
    expect([a.objects("Task").length, b.objects("Task").length]).toEqual([0, 0]);
    b.write(() => b.create("Task", { _id: "t", title: "again", done: false, votes: 0 } as never));
    await settle(b, a);
    expect(a.objects<Task>("Task").map((task) => [task.title, task.votes.value])).toEqual([["again", 0]]);
  });
});
