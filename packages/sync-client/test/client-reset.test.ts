import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { ClientResetConfiguration } from "../src/index.ts";
import { settle } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import type { Task } from "./support/clients.ts";
import type { World } from "./support/modes.ts";
import { Link } from "./support/link.ts";
import { ReferenceServer } from "./support/reference-server.ts";

const MARKER = "Zyzzyva-marker";

interface Seen {
  before?: string[];
  after?: string[];
  didRecover?: boolean | undefined;
  leaks?: string[];
}

const titles = (realm: Realm): string[] => realm.objects<Task>("Task").map((task) => task.title);

/** Names of files in a folder, at any depth, that hold a text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(text))
    .map((entry) => entry.name);
}

/** A client with one object that is uploaded and one that is not, and a server that was restored from a backup and changed since. */
async function diverged(world: World, mode: ClientResetConfiguration["mode"]) {
  const server = new ReferenceServer();
  const link = new Link(server);
  const seen: Seen = {};
  const other = await Realm.open(world.config("other", link));
  const clientReset = {
    mode,
    onBefore: (realm: Realm) => void (seen.before = titles(realm)),
    onAfter: (before: Realm, after: Realm, didRecover?: boolean) => {
      Object.assign(seen, { before: titles(before), after: titles(after), didRecover, leaks: filesWith(world.folder(), MARKER) });
    },
    onManual: () => void (seen.after = []),
    onFallback: () => void (seen.after = []),
  };
  const a = await Realm.open(world.config("a", link, { clientReset: clientReset as never }));
  a.write(() => a.create("Task", { _id: "up", title: `${MARKER} up`, done: false, votes: 1 } as never));
  await settle(a, other);
  link.down();
  a.write(() => {
    a.create("Task", { _id: "new", title: `${MARKER} new`, done: false, votes: 0 } as never);
    (a.objectForPrimaryKey<Task>("Task", "up") as unknown as Task).votes.increment(4);
  });
  other.close();
  server.epoch = "e2";
  server.clients.clear();
  link.up();
  return { server, a, seen };
}

const until = async (isDone: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 2000 && !isDone(); turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(isDone()).toBe(true);
};

forEachMode((world) => {
  it("recovers what was not uploaded when the server was restored from a backup; side files hold no plain text", async () => {
    const { server, a, seen } = await diverged(world, "recoverUnsyncedChanges");
    await until(() => seen.after !== undefined);
    await settle(a);
    expect(seen).toMatchObject({ before: [`${MARKER} new`, `${MARKER} up`], after: [`${MARKER} new`, `${MARKER} up`], didRecover: true });
    expect(server.plain("Task", "up")).toMatchObject({ votes: 5 });
    expect(server.plain("Task", "new")).toMatchObject({ title: `${MARKER} new` });
    if (world.isEncrypted) expect(seen.leaks).toEqual([]);
    else expect(seen.leaks).toContain("a.realm.before-reset");
    expect(readdirSync(world.folder()).filter((name) => name.includes("before-reset"))).toEqual([]);
  });

  it("discards what was not uploaded if it is told to", async () => {
    const { server, a, seen } = await diverged(world, "discardUnsyncedChanges");
    await until(() => seen.after !== undefined);
    await settle(a);
    expect(seen).toMatchObject({ before: [`${MARKER} new`, `${MARKER} up`], after: [`${MARKER} up`] });
    expect([server.plain("Task", "new"), (a.objectForPrimaryKey<Task>("Task", "up") as unknown as Task).votes.value]).toEqual([undefined, 1]);
  });

  it("leaves the file alone in manual mode, and says so", async () => {
    const { a, seen } = await diverged(world, "manual");
    await until(() => seen.after !== undefined);
    expect([titles(a).length, a.syncSession?.state]).toEqual([2, "inactive"]);
    expect(world.errors.map((error) => error.code)).toEqual(["CLIENT_RESET"]);
  });
});
