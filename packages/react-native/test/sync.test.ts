/**
 * Sync on a phone: what an application does, over simulated native halves and with React Native's shapes of the network's globals.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseKeys, MemoryEntries, MemoryKeyStore } from "@holdfast/key-store";
import Realm from "@holdfast/realm";
import { App, Credentials, enableSync } from "@holdfast/sync-client";
import { setSyncProvider } from "@holdfast/realm/replica";
import type { User } from "@holdfast/sync-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setPlatform } from "../src/index.ts";
import { newPhone, SANDBOX, startedPlatform, SYSTEMS } from "./phones.ts";
import { withPhoneGlobals } from "./phone-globals.ts";

const SCHEMA = [{ name: "Task", primaryKey: "_id", properties: { _id: "string", title: "string", photo: "data?" } }];

let folder = "";
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-phone-sync-"));
  enableSync();
});
afterEach(() => {
  Realm.shutdown();
  setSyncProvider(undefined);
  setPlatform(undefined);
  child?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function startServer(): Promise<string> {
  const program = fileURLToPath(new URL("programs/sync-server.ts", import.meta.url));
  const started = (child = fork(program, [folder], { execArgv: ["--conditions=@holdfast/source"], stdio: ["ignore", "pipe", "inherit", "ipc"] }));
  return new Promise((resolve, reject) => {
    started.stdout?.once("data", (text: Buffer) => resolve(String(text).trim()));
    started.once("exit", () => reject(new Error("the server did not start")));
  });
}

/** An application that has just started: its files and its key store are those of the phone. */
async function startApp(baseUrl: string, entries: MemoryEntries, name: string): Promise<{ app: App; user: User }> {
  const app = new App({ id: "clinic", baseUrl, baseFilePath: name, keys: new DatabaseKeys({ store: new MemoryKeyStore(entries) }) });
  await app.ready();
  return { app, user: (app.currentUser ?? (await app.logIn(Credentials.function({ name: "ann" })))) as User };
}

async function openRealm(user: User, name: string, errors: string[]): Promise<Realm> {
  const initialSubscriptions = { update: (subscriptions: { add(query: object): unknown }, realm: Realm) => void subscriptions.add(realm.objects("Task")) };
  const sync = { user, flexible: true, initialSubscriptions, onError: (_: unknown, error: Error & { code: string }) => void errors.push(error.code) };
  return Realm.open({ path: `${name}.realm`, schema: SCHEMA, encryptionKey: await user.databaseKey(), sync } as never);
}

async function settle(...realms: Realm[]): Promise<void> {
  for (const realm of realms) await realm.syncSession?.uploadAllLocalChanges(10_000);
  for (const realm of realms) await realm.syncSession?.downloadAllServerChanges(10_000);
}

describe.each(SYSTEMS)("sync on %s, simulated", (system) => {
  it("logs in, writes, downloads what another client wrote, and starts again without a network", async () => {
    const baseUrl = await startServer();
    const phone = newPhone(system);
    setPlatform(startedPlatform(system));
    const errors: string[] = [];
    const entries = new MemoryEntries();
    await withPhoneGlobals(async (network) => {
      const { app, user } = await startApp(baseUrl, entries, "one");
      const realm = await openRealm(user, "one/tasks", errors);
      expect(realm.path).toBe(`${SANDBOX[system]}/one/tasks.realm`);
      const other = await startApp(baseUrl, new MemoryEntries(), "two");
      const there = await openRealm(other.user, "two/tasks", errors);
      realm.write(() => realm.create("Task", { _id: "p", title: "Zyzzyva on the phone", photo: Uint8Array.of(0, 255, 7).buffer }));
      there.write(() => there.create("Task", { _id: "o", title: "elsewhere" }));
      await settle(realm, there);
      for (const each of [realm, there]) expect(each.objects("Task").sorted("_id").map((task) => task["title"])).toEqual(["elsewhere", "Zyzzyva on the phone"]);
      expect([...new Uint8Array(there.objectForPrimaryKey("Task", "p")?.["photo"] as ArrayBuffer)]).toEqual([0, 255, 7]);
      expect(network.sockets).toBeGreaterThan(1);
      const key = await user.databaseKey();
      for (const each of [realm, there]) each.close();
      for (const each of [app, other.app]) each.close();

      network.isAway = true;
      setPlatform(startedPlatform(system));
      const again = await startApp(baseUrl, entries, "one");
      expect(again.user.id).toBe(user.id);
      expect(await again.user.databaseKey()).toEqual(key);
      const offline = await openRealm(again.user, "one/tasks", errors);
      expect(offline.objects("Task").length).toBe(2);
      offline.write(() => offline.create("Task", { _id: "q", title: "without a network" }));
      network.isAway = false;
      offline.syncSession?.reconnect();
      await settle(offline);
      const third = await startApp(baseUrl, new MemoryEntries(), "three");
      expect((await openRealm(third.user, "three/tasks", errors)).objectForPrimaryKey("Task", "q")?.["title"]).toBe("without a network");
    });
    expect(errors.filter((code) => code !== "CONNECTION_LOST" && code !== "NETWORK_UNAVAILABLE")).toEqual([]);
    expect(phone.callCount).toBeGreaterThan(0);
  });
});
