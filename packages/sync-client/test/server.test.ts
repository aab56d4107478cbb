/**
 * The client against the server itself, over sockets, on its embedded store and, once, on PostgreSQL.
 */
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import { PostgresStore } from "@holdfast/sync-server";
import type { SyncServer } from "@holdfast/sync-server";
import { postgresMissing, sharedCluster } from "@holdfast/sync-server/testing";
import { webSocketTransport } from "../src/index.ts";
import { settle, shown, testUser } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import type { Task } from "./support/clients.ts";
import type { World } from "./support/modes.ts";
import { faulty } from "./support/faulty-transport.ts";
import { runHistory } from "./support/history.ts";
import { serverOver, sqliteServer } from "./support/sqlite-server.ts";
import { seeded } from "./support/seeded.ts";

/** One history, always the same plan; `HOLDFAST_SEED` takes another. */
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 9);
const servers: SyncServer[] = [];

afterEach(async () => {
  Realm.shutdown();
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(world: World, port = 0): Promise<SyncServer> {
  const server = await sqliteServer(world.folder(), port);
  servers.push(server);
  return server;
}

async function servePostgres(): Promise<SyncServer> {
  const server = await serverOver(new PostgresStore({ connection: await (await sharedCluster()).createDatabase() }));
  servers.push(server);
  return server;
}

const userOf = (server: SyncServer, id: string) => ({ ...testUser(id), url: server.url });

forEachMode((world) => {
  it("two users' devices agree, before and after the server was started anew", async () => {
    const server = await serve(world);
    const { port } = server;
    const open = (name: string) => Realm.open(world.config(name, webSocketTransport, { user: userOf(server, name) }));
    const [a, b] = await Promise.all([open("ann"), open("bob")]);
    a.write(() => {
      const person = a.create("Person", { _id: 1, name: "Ann" });
      a.create("Task", { _id: "t", title: "x", done: false, votes: 2, score: 1.5, person, people: [person], tags: ["q", "p"], notes: ["1", "2"], extra: { deep: [1, 2.5] }, place: { street: "Long", lines: ["l"] }, byName: { k: 1 } } as never);
    });
    await settle(a, b);
    expect(shown(b)).toEqual(shown(a));
    await server.stop();
    a.write(() => (a.objectForPrimaryKey<Task>("Task", "t") as unknown as Task).votes.increment(5));
    b.write(() => (b.objectForPrimaryKey<Task>("Task", "t") as unknown as Task).votes.increment(4));
    await serve(world, port);
    for (const realm of [a, b]) realm.syncSession?.reconnect();
    await settle(a, b);
    await settle(a);
    expect([a, b].map((realm) => (realm.objectForPrimaryKey<Task>("Task", "t") as unknown as Task).votes.value)).toEqual([11, 11]);
  });

  const stores = [
    { name: "the embedded store", isMissing: false, start: () => serve(world) },
    // What the server stands on knows nothing of the devices' keys: one mode tells.
    ...(world.isEncrypted ? [{ name: "PostgreSQL", isMissing: postgresMissing() !== undefined, start: servePostgres }] : []),
  ];
  for (const { name, isMissing, start } of stores) {
    it.skipIf(isMissing)(`three clients agree after a history of faults over sockets, on ${name} (seed ${SEED})`, async () => {
      const server = await start();
      const random = seeded(SEED);
      const faults = { random: () => random.next(), cut: 0 };
      await runHistory({ world, transport: faulty(webSocketTransport, faults), faults, random, name: "sockets", sync: { user: userOf(server, "ann") } });
      expect(world.errors.filter((error) => error.code !== "CONNECTION_LOST")).toEqual([]);
    });
  }

  it("a token that the server does not take ends the session, and what was written stays in the file", async () => {
    const server = await serve(world);
    const user = { ...userOf(server, "ann"), freshAccessToken: () => Promise.resolve("forged") };
    const a = new Realm(world.config("ann", webSocketTransport, { user }));
    a.write(() => a.create("Task", { _id: "t", done: false, votes: 0 } as never));
    await expect(a.syncSession?.uploadAllLocalChanges(5000)).rejects.toMatchObject({ code: "USER_LOGGED_OUT", cause: { code: "TOKEN_INVALID" } });
    expect([a.syncSession?.state, a.objects("Task").length, world.errors.map((error) => error.code)]).toEqual(["inactive", 1, ["USER_LOGGED_OUT"]]);
  });
});
