/**
 * What is uploaded while a bootstrap is read: the pages may lack it, and the server does not send it again.
 */
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { Store, SyncServer } from "@holdfast/sync-server";
import { webSocketTransport } from "../src/index.ts";
import type { Transport } from "../src/index.ts";
import { settle, shown, testUser } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import type { Task } from "./support/clients.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

let server: SyncServer | undefined;

afterEach(async () => {
  Realm.shutdown();
  await server?.stop();
});

/** A store whose snapshots, once they are taken, are not read before a gate opens. */
function gated(gate: () => Promise<void>): (store: Store) => Store {
  return (store) =>
    new Proxy(store, {
      get(target, name) {
        if (name === "snapshot") {
          return async () => {
            const snapshot = await target.snapshot();
            await gate();
            return snapshot;
          };
        }
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? (value as (...all: unknown[]) => unknown).bind(target) : value;
      },
    });
}

forEachMode((world) => {
  it("made and acknowledged while the first page was read: it stays", async () => {
    let open: () => void = () => undefined;
    const isAcked = new Promise<void>((resolve) => (open = resolve));
    server = await sqliteServer(world.folder(), 0, gated(() => isAcked));
    const user = { ...testUser(), url: server.url };
    const a = new Realm(world.config("a", webSocketTransport, { user }));
    a.write(() => a.create("Task", { _id: "t", title: "early", done: false, votes: 1 } as never));
    await a.syncSession?.uploadAllLocalChanges(10_000);
    open();
    await settle(a);
    expect(a.objectForPrimaryKey<Task>("Task", "t")?.title).toBe("early");
    a.write(() => void (a.objectForPrimaryKey<Task>("Task", "t") as unknown as Task).votes.increment(2));
    const b = await Realm.open(world.config("b", webSocketTransport, { user }));
    await settle(a, b);
    expect(shown(b)).toEqual(shown(a));
    expect((b.objectForPrimaryKey<Task>("Task", "t") as unknown as Task).votes.value).toBe(3);
  });

  it("changed and acknowledged while the first page was read, the connection cut before the last one: it stays changed", async () => {
    let gate = Promise.resolve();
    server = await sqliteServer(world.folder(), 0, gated(() => gate));
    const user = { ...testUser(), url: server.url };
    const a = await Realm.open(world.config("a", webSocketTransport, { user }));
    // More than one page of it.
    a.write(() => Array.from({ length: 5 }, (_, index) => a.create("Task", { _id: `t${index}`, title: "x".repeat(400_000), done: false, votes: 1 } as never)));
    await settle(a);
    let open: () => void = () => undefined;
    gate = new Promise<void>((resolve) => (open = resolve));
    let pages = 0;
    let cut: (() => void) | undefined;
    const transport: Transport = {
      connect(url, handlers) {
        const connection = webSocketTransport.connect(url, {
          ...handlers,
          onOpen: () => handlers.onOpen(),
          onClose: (reason) => handlers.onClose(reason),
          onMessage: (text) => {
            handlers.onMessage(text);
            if (text.includes('"msg":"boot"') && ++pages === 1) cut?.();
          },
        });
        cut = () => setTimeout(() => {
          connection.close();
          handlers.onClose("cut");
        }, 50);
        return connection;
      },
    };
    const b = new Realm(world.config("b", transport, { user }));
    b.write(() => b.create("Task", { _id: "own", done: true, votes: 7 } as never));
    await b.syncSession?.uploadAllLocalChanges(10_000);
    open();
    await settle(b, a);
    expect(pages).toBeGreaterThan(1);
    expect((b.objectForPrimaryKey<Task>("Task", "own") as unknown as Task | null)?.votes.value).toBe(7);
    expect(shown(b)).toEqual(shown(a));
  });
});
