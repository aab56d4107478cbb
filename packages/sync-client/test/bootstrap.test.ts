/**
 * Bootstraps of many pages: put aside one by one, gone on with behind the last one, and taken over at once.
 */
import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { ServerMessage } from "@holdfast/sync-protocol";
import { Incoming } from "../src/session/incoming.ts";
import { settle, shown } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";

const TASKS = 30;

it("a heap of messages lets others have their turn in between", async () => {
  let handled = 0;
  let seenByTimer: number | undefined;
  const slow = (): Promise<void> => {
    for (const untilMs = performance.now() + 6; performance.now() < untilMs; );
    handled++;
    return Promise.resolve();
  };
  const incoming = new Incoming<number>(slow, () => undefined);
  setTimeout(() => void (seenByTimer = handled), 0);
  for (let item = 0; item < 20; item++) incoming.push(item);
  await expect.poll(() => handled).toBe(20);
  expect(seenByTimer).toBeLessThan(10);
});

forEachMode((world) => {
  /** A server with tasks, three to a page, and a link that is cut behind some pages. */
  async function prepared() {
    const server = new ReferenceServer({ rowsPerPage: 3 });
    const writer = await Realm.open(world.config("writer", new Link(server)));
    writer.write(() => Array.from({ length: TASKS }, (_, index) => writer.create("Task", { _id: `t${String(index).padStart(2, "0")}`, done: index % 2 === 0, votes: 1 } as never)));
    await settle(writer);
    const link = new Link(server);
    const pages: number[] = [];
    let left = Infinity;
    const transport = {
      connect: (url: string, handlers: Parameters<Link["connect"]>[1]) =>
        link.connect(url, {
          ...handlers,
          onMessage: (text) => {
            const message = JSON.parse(text) as ServerMessage;
            if (message.msg === "boot") {
              if (left-- <= 0) return;
              pages.push(message.page);
            }
            if (left >= 0) handlers.onMessage(text);
            // Pages that have come and wait for their turn are lost with the connection: give them some time.
            if (left === 0) setTimeout(() => link.down(), 100);
          },
        }),
    };
    return { server, writer, transport, link, pages, cutAfter: (count: number) => void (left = count) };
  }

  it("goes on behind the last page after a cut and after a restart, shows nothing before the last one, and everything then", async () => {
    const { writer, transport, link, pages, cutAfter } = await prepared();
    const counts = new Set<number>();
    for (const count of [3, 4]) {
      cutAfter(count);
      const part = new Realm(world.config("a", transport));
      await expect.poll(() => link.isUp).toBe(false);
      counts.add(part.objects("Task").length);
      // What was written meanwhile, by others and here, is in it in the end.
      link.up();
      writer.write(() => (writer.create("Task", { _id: "t01", done: true, votes: 1, title: `changed ${count}` } as never, "modified" as never)));
      await settle(writer);
      part.write(() => part.create("Task", { _id: `own ${count}`, done: true, votes: 1 } as never));
      part.close();
    }
    cutAfter(Infinity);
    const a = await Realm.open(world.config("a", transport));
    expect([...counts].sort()).toEqual([0, 1]);
    // Begun once; what was sent again is at most what had come and was not put aside yet.
    expect(pages.filter((page) => page === 0)).toEqual([0]);
    expect([...new Set(pages)].slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(pages.length).toBeLessThan(2 * new Set(pages).size);
    await settle(a, writer);
    expect(shown(a)).toEqual(shown(writer));
    expect(a.objects("Task").length).toBe(TASKS + 2);
  });

  it("readers of the same file see the former view until the whole of the new one is there", async () => {
    const { server, transport, writer } = await prepared();
    const a = await Realm.open(world.config("a", transport));
    const seen = new Set<number>();
    a.objects("Task").addListener((tasks) => void seen.add(tasks.length));
    await a.subscriptions.update((set) => {
      set.removeAll();
      set.add(a.objects("Task").filtered("done == true"));
    });
    await expect.poll(() => seen.has(TASKS / 2)).toBe(true);
    await a.subscriptions.update((set) => {
      set.removeAll();
      set.add(a.objects("Task"));
    });
    await expect.poll(() => a.objects("Task").length).toBe(TASKS);
    expect([...seen].filter((count) => count !== TASKS && count !== TASKS / 2)).toEqual([]);
    expect(Object.keys(server.all("Task")).length).toBe(TASKS);
    writer.write(() => writer.delete(writer.objectForPrimaryKey("Task", "t00")));
    await settle(writer, a);
    expect(a.objects("Task").length).toBe(TASKS - 1);
  });
});
