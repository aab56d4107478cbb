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
  fallbacks?: number;
  /** How often `onAfter` was called. */
  told?: number;
}

const titles = (realm: Realm): string[] => realm.objects<Task>("Task").map((task) => task.title);

/** Names of files in a folder, at any depth, that hold a text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(text))
    .map((entry) => entry.name);
}

/** Wants a reset of whoever comes, a few times. */
class ForgetfulServer extends ReferenceServer {
  refused = 0;
  left = 0;
  /** After so many it only asks for patience, until this is changed. */
  holdsAfter = 0;

  constructor() {
    super({
      token: () => {
        if (this.left === 0) return undefined;
        if (this.refused > 0 && this.refused === this.holdsAfter) return { msg: "error", code: "STORE_UNAVAILABLE", action: "retry", message: "planted" };
        this.left--;
        this.refused++;
        return { msg: "error", code: "HISTORY_LOST", action: "reset", message: "planted" };
      },
    });
  }
}

/**
 * A client with one object that is uploaded and one that is not, and a server that was restored from a backup and changed since.
 *
 * @param faults - How often the server wants a reset, and after how many it is busy.
 */
async function diverged(world: World, mode: ClientResetConfiguration["mode"], { refusals = 0, holdsAfter = 0 } = {}) {
  const server = new ForgetfulServer();
  const link = new Link(server);
  const seen: Seen = {};
  const other = await Realm.open(world.config("other", link));
  const heard = {
    onBefore: (realm: Realm) => void (seen.before = titles(realm)),
    onAfter: (before: Realm, after: Realm, didRecover?: boolean) => {
      Object.assign(seen, { before: titles(before), after: titles(after), didRecover, leaks: filesWith(world.folder(), MARKER), told: (seen.told ?? 0) + 1 });
    },
  };
  const given = { onManual: () => void (seen.after = []) };
  const fallback = { onFallback: () => void (seen.fallbacks = (seen.fallbacks ?? 0) + 1) };
  const clientReset = { mode, ...(mode === "manual" ? given : mode === "discardUnsyncedChanges" ? heard : { ...heard, ...fallback }) };
  const config = world.config("a", link, { clientReset: clientReset as never });
  const a = await Realm.open(config);
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
  server.left = refusals;
  server.holdsAfter = holdsAfter;
  link.up();
  return { server, a, seen, config };
}

const until = async (isDone: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 2000 && !isDone(); turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(isDone()).toBe(true);
};

forEachMode((world) => {
  it("[S-7.4][S-7.5][S-7.6] recovers what was not uploaded when the server was restored from a backup; side files hold no plain text", async () => {
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

  it("[S-7.3] discards what was not uploaded if it is told to", async () => {
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
    // As with realm-js: the callback hears of it instead of `onError`.
    expect(world.errors).toEqual([]);
  });

  it("a recovery that leads to another reset is not tried again: onFallback hears of it, nothing that was written is lost", async () => {
    const { server, a, seen } = await diverged(world, "recoverUnsyncedChanges", { refusals: 2 });
    await until(() => seen.fallbacks === 1);
    expect([titles(a), a.syncSession?.state, seen.after, server.plain("Task", "new"), world.errors]).toEqual([[`${MARKER} new`, `${MARKER} up`], "inactive", undefined, undefined, []]);
    expect(readdirSync(world.folder()).filter((name) => name.includes("before-reset"))).toEqual([]);
    // The server has recovered, the application tries again.
    a.syncSession?.resume();
    await settle(a);
    expect(server.plain("Task", "new")).toMatchObject({ title: `${MARKER} new` });
  });

  it("a recovery that leads to another reset is a discard the second time; the application hears of one reset, with how it was", async () => {
    const { server, a, seen } = await diverged(world, "recoverOrDiscardUnsyncedChanges", { refusals: 2 });
    await until(() => seen.after !== undefined);
    expect(seen).toMatchObject({ before: [`${MARKER} new`, `${MARKER} up`], after: [`${MARKER} up`], didRecover: false, told: 1 });
    await settle(a);
    expect([server.plain("Task", "new"), a.subscriptions.state]).toEqual([undefined, "complete"]);
    expect(readdirSync(world.folder()).filter((name) => name.includes("before-reset"))).toEqual([]);
  });

  it("the flag of a reset under way outlives the process: what failed before is not begun again for ever", async () => {
    const { server, a, seen, config } = await diverged(world, "recoverUnsyncedChanges", { refusals: 2, holdsAfter: 1 });
    await until(() => server.refused === 1 && a.subscriptions.version === 2);
    a.close();
    server.holdsAfter = 0;
    const again = new Realm(config);
    await until(() => seen.fallbacks === 1);
    expect([titles(again), again.syncSession?.state]).toEqual([[`${MARKER} new`, `${MARKER} up`], "inactive"]);
    again.close();
    // And one that the next process can end is told there.
    const last = new Realm(config);
    await until(() => seen.after !== undefined);
    expect(seen).toMatchObject({ after: [`${MARKER} new`, `${MARKER} up`], didRecover: true, told: 1 });
    await settle(last);
    expect(server.plain("Task", "new")).toMatchObject({ title: `${MARKER} new` });
  });
});
