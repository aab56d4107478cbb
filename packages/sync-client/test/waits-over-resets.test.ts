/**
 * Waits for uploads that are overtaken by a client reset, which numbers the outbox anew, leaves out what has become empty, or drops it.
 */
import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { ClientResetConfiguration } from "../src/index.ts";
import { settle } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode } from "./support/modes.ts";
import type { World } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";

const LIMIT_MS = 30_000;

/** Wants so many resets of whoever comes. */
class RestoredServer extends ReferenceServer {
  resets = 0;

  constructor() {
    super({ token: () => (this.resets-- > 0 ? { msg: "error", code: "HISTORY_LOST", action: "reset", message: "planted" } : undefined) });
  }

  /** As it was before any client came. */
  restore(resets: number): void {
    this.resets = resets;
    this.epoch = `e${String(this.clients.size + 1)}`;
    this.clients.clear();
    this.states.clear();
    this.log.length = 0;
  }
}

/** A client whose outbox is numbered from 4 on: three transactions were acknowledged, and those that are given were not. */
async function behind(world: World, mode: ClientResetConfiguration["mode"], writes: readonly ((realm: Realm) => void)[]) {
  const server = new RestoredServer();
  const link = new Link(server);
  const realm = await Realm.open(world.config("a", link, { clientReset: { mode } as never }));
  for (const _id of [1, 2, 3]) realm.write(() => realm.create("Person", { _id, name: "Ann" }));
  await settle(realm);
  link.down();
  for (const write of writes) realm.write(() => write(realm));
  return { server, link, realm, session: realm.syncSession as NonNullable<typeof realm.syncSession> };
}

const make = (_id: number) => (realm: Realm) => void realm.create("Person", { _id, name: "Bob" });
const remove = (_id: number) => (realm: Realm) => realm.delete(realm.objectForPrimaryKey("Person", _id) as never);
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => "kept", (error: unknown) => (error as { code: string }).code);

forEachMode((world) => {
  it("a wait is kept when the server has everything that was written before it, also as the reset numbers it anew", async () => {
    const { server, link, session } = await behind(world, "recoverUnsyncedChanges", [make(10)]);
    server.restore(0);
    const estimates: { readonly estimate: number; readonly isThere: boolean }[] = [];
    const isThere = (): boolean => server.plain("Person", 10) !== undefined;
    session.addProgressNotification("upload" as never, "forCurrentlyOutstandingWork" as never, (estimate: number) => void estimates.push({ estimate, isThere: isThere() }));
    const done = session.uploadAllLocalChanges(LIMIT_MS).then(isThere);
    link.up();
    expect(await done).toBe(true);
    await expect.poll(() => estimates.some(({ estimate }) => estimate >= 1)).toBe(true);
    expect(estimates.filter(({ estimate, isThere: was }) => estimate >= 1 && !was)).toEqual([]);
  });

  it("nor does it end early because transactions before its own have become empty: the server does not have what they delete", async () => {
    const { server, link, session } = await behind(world, "recoverUnsyncedChanges", [remove(1), remove(2), remove(3), make(10), make(11)]);
    server.restore(0);
    const done = session.uploadAllLocalChanges(LIMIT_MS).then(() => [server.plain("Person", 10), server.plain("Person", 11)]);
    link.up();
    expect(await done).toEqual([{ name: "Bob" }, { name: "Bob" }]);
  });

  it("a wait does not go on for ever over what is written after it", async () => {
    const { server, link, realm, session } = await behind(world, "recoverUnsyncedChanges", [make(10)]);
    server.restore(0);
    const done = session.uploadAllLocalChanges(LIMIT_MS);
    // Always one more under way.
    let id = 100;
    const more = setInterval(() => realm.write(() => make(id++)(realm)), 1);
    link.up();
    await done.finally(() => clearInterval(more));
    expect(server.plain("Person", 10)).toEqual({ name: "Bob" });
  });

  it("what a reset drops counts as done where the mode is to discard", async () => {
    const { server, link, session } = await behind(world, "discardUnsyncedChanges", [make(10)]);
    server.restore(0);
    const done = codeOf(session.uploadAllLocalChanges(LIMIT_MS));
    link.up();
    expect([await done, server.plain("Person", 10)]).toEqual(["kept", undefined]);
  });

  it("where the mode is to recover, and that did not work, the wait says that it was dropped; the next one has nothing to wait for", async () => {
    const { server, link, realm, session } = await behind(world, "recoverOrDiscardUnsyncedChanges", [make(10)]);
    server.restore(2);
    const done = codeOf(session.uploadAllLocalChanges(LIMIT_MS));
    link.up();
    expect([await done, server.plain("Person", 10)]).toEqual(["CHANGES_DISCARDED", undefined]);
    await settle(realm);
    realm.write(() => make(11)(realm));
    expect([await codeOf(session.uploadAllLocalChanges(LIMIT_MS)), server.plain("Person", 11)]).toEqual(["kept", { name: "Bob" }]);
  });

  it("one that began before such a reset and had all of its own acknowledged is kept", async () => {
    const { server, link, realm, session } = await behind(world, "recoverOrDiscardUnsyncedChanges", [make(10)]);
    const done = codeOf(session.uploadAllLocalChanges(LIMIT_MS));
    link.up();
    expect(await done).toBe("kept");
    link.down();
    realm.write(() => make(11)(realm));
    const second = codeOf(session.uploadAllLocalChanges(LIMIT_MS));
    server.restore(2);
    link.up();
    expect(await second).toBe("CHANGES_DISCARDED");
  });
});
