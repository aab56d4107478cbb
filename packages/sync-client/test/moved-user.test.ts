/**
 * A user who is moved to another shard while a device is connected, or away: it is reset by itself, shows what the new shard has, and what it had not uploaded goes there.
 */
import { afterEach, expect, it } from "vitest";
import { join } from "node:path";
import { mkdirSync } from "node:fs";
import Realm from "@holdfast/realm";
import { OPEN_RULES, SqliteStore, SyncServer } from "@holdfast/sync-server";
import { webSocketTransport } from "../src/index.ts";
import { settle, testUser } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";

const servers: SyncServer[] = [];

afterEach(async () => {
  Realm.shutdown();
  for (const server of servers.splice(0)) await server.stop();
});

function titles(realm: Realm): readonly (readonly [string, string])[] {
  return [...realm.objects<Task>("Task")].map(({ _id, title }) => [_id, title] as const).sort(([left], [right]) => (left < right ? -1 : 1));
}

forEachMode((world) => {
  it.each(["connected", "away"] as const)("a user is moved while the device is %s, with a write that is not uploaded, and back again", async (state) => {
    const regions = new Map([["ann", "north"], ["nell", "north"], ["sam", "south"]]);
    const verify = (token: string) => {
      const userId = token.slice(5);
      return Promise.resolve({ userId, customData: { region: regions.get(userId) }, expiresAt: Date.now() + 3_600_000 });
    };
    const folder = join(world.folder(), "server");
    mkdirSync(folder);
    const server = new SyncServer({ shards: { north: new SqliteStore(join(folder, "north")), south: new SqliteStore(join(folder, "south")) }, shardOf: "%%user.custom_data.region", authenticator: { verify }, rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 20 });
    await server.start();
    servers.push(server);
    let resets = 0;
    const open = (name: string, user: string): Promise<Realm> => Realm.open(world.config(name, webSocketTransport, { user: { ...testUser(user), url: server.url }, clientReset: { mode: "recoverUnsyncedChanges", onAfter: () => void resets++ } }));
    const [ann, nell, sam] = [await open("ann", "ann"), await open("nell", "nell"), await open("sam", "sam")];
    const write = (realm: Realm, _id: string, title: string): void => realm.write(() => void realm.create("Task", { _id, title, done: false, votes: 0 } as never, Realm.UpdateMode.Modified));
    write(ann, "a", "by ann in the north");
    write(nell, "n", "by nell");
    write(sam, "s", "by sam");
    write(sam, "a", "the same key in the south");
    await settle(ann, nell, sam);
    await settle(ann);
    expect(titles(ann)).toEqual([["a", "by ann in the north"], ["n", "by nell"]]);
    for (const [region, neighbour, expected] of [
      ["south", sam, [["a", "the same key in the south"], ["s", "by sam"], ["w south", "not uploaded"]]],
      ["north", nell, [["a", "by ann in the north"], ["n", "by nell"], ["w north", "not uploaded"]]],
    ] as const) {
      const before = resets;
      ann.syncSession?.pause();
      write(ann, `w ${region}`, "not uploaded");
      if (state === "connected") {
        // The connection is there when the user is moved; the write may go to either shard, but not to both.
        ann.syncSession?.resume();
        await settle(ann);
        write(ann, `w ${region}`, "not uploaded");
      }
      regions.set("ann", region);
      server.userChanged({ userId: "ann", customData: { region }, expiresAt: Date.now() + 3_600_000 });
      if (state === "away") ann.syncSession?.resume();
      else write(ann, `w ${region}`, "not uploaded");
      for (let round = 0; round < 500 && resets === before; round++) await new Promise((resolve) => setTimeout(resolve, 20));
      await settle(ann, neighbour);
      await settle(ann);
      expect(resets).toBe(before + 1);
      const shown = titles(ann);
      expect(shown.filter(([key]) => !key.startsWith("w"))).toEqual(expected.filter(([key]) => !key.startsWith("w")));
      if (state === "away") expect(shown).toEqual(expected);
      expect(shown).toEqual(titles(neighbour));
    }
    expect(world.errors.filter((error) => (error as { code?: string }).code !== "SHARD_CHANGED")).toEqual([]);
  });
});
