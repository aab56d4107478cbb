/**
 * Client resets of a device whose last upload the server had committed, but not acknowledged: what it recovers, it must not do twice.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import { PostgresStore } from "@holdfast/sync-server";
import type { Store, SyncServer } from "@holdfast/sync-server";
import { postgresMissing, sharedCluster } from "@holdfast/sync-server/testing";
import { webSocketTransport } from "../src/index.ts";
import type { Transport } from "../src/index.ts";
import { settle, shown, testUser } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const servers: SyncServer[] = [];

afterEach(async () => {
  Realm.shutdown();
  for (const server of servers.splice(0)) await server.stop();
});

/** A line on which acknowledgements can be lost. */
function deaf(state: { isDeaf: boolean }): Transport {
  return {
    connect: (url, handlers) => webSocketTransport.connect(url, { ...handlers, onMessage: (text) => (state.isDeaf && text.includes('"msg":"ack"') ? undefined : handlers.onMessage(text)) }),
  };
}

const task = (realm: Realm): Task => realm.objectForPrimaryKey<Task>("Task", "t") as unknown as Task;

const STORES: readonly { readonly name: string; readonly missing?: string | undefined; readonly make?: () => Promise<Store> }[] = [
  { name: "sqlite" },
  { name: "postgres", missing: postgresMissing(), make: async () => new PostgresStore({ connection: await (await sharedCluster()).createDatabase(), connections: 4 }) },
];

forEachMode((world) => {
  for (const { name, missing, make } of world.isEncrypted ? STORES.slice(0, 1) : STORES) {
    describe.skipIf(missing !== undefined)(name, () => {
      it("away for too long, the last answer lost: what the server has is not done again, the rest is recovered", async () => {
        const folder = join(world.folder(), "server");
        mkdirSync(folder, { recursive: true });
        const given = await make?.();
        let store: Store | undefined;
        const server = await sqliteServer(folder, 0, (sqlite) => (store = given ?? sqlite));
        servers.push(server);
        const line = { isDeaf: false };
        const userOf = (id: string) => ({ ...testUser(id), url: server.url });
        let resets = 0;
        const config = world.config("a", deaf(line), { user: userOf("ann"), clientReset: { mode: "recoverUnsyncedChanges", onAfter: () => void resets++ } });
        const a = await Realm.open(config);
        const b = await Realm.open(world.config("b", webSocketTransport, { user: userOf("bob") }));
        const push = (note: string): void => {
          a.write(() => {
            task(a).votes.increment(1);
            task(a).notes.push(note);
          });
        };
        a.write(() => a.create("Task", { _id: "t", done: false, votes: 1, notes: ["first"] } as never));
        await settle(a, b);
        line.isDeaf = true;
        push("answered, and not heard");
        a.write(() => a.create("Task", { _id: "gone", done: false, votes: 0 } as never));
        await expect.poll(() => b.objects("Task").length, { timeout: 60_000 }).toBe(2);
        a.syncSession?.pause();
        line.isDeaf = false;
        push("never sent");
        // What the server still has to note of it is noted; from here on only the other one is seen.
        await server.compact();
        const since = Date.now() + 1;
        await expect.poll(() => Date.now() > since).toBe(true);
        b.write(() => {
          b.delete(b.objectForPrimaryKey("Task", "gone"));
          task(b).votes.increment(10);
        });
        await settle(b);
        await store?.compact(new Date(since));
        a.syncSession?.resume();
        await expect.poll(() => resets, { timeout: 60_000 }).toBe(1);
        await settle(a, b);
        expect([task(a).votes.value, [...task(a).notes], a.objects("Task").length]).toEqual([13, ["first", "answered, and not heard", "never sent"], 1]);
        expect(shown(b)).toEqual(shown(a));
        expect(world.errors).toEqual([]);
      });
    });
  }
});
