/**
 * Several processes with one synced file: one of them holds the connection, and whoever ends, the others go on.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it, onTestFinished } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncServer } from "@holdfast/sync-server";
import { sessionOf } from "@holdfast/realm/replica";
import { webSocketTransport } from "../src/index.ts";
import { syncedRealmOf } from "../src/opening/synced-realm.ts";
import type { SyncedRealm } from "../src/opening/synced-realm.ts";
import { settle, shown, TEST_KEY, testUser } from "./support/clients.ts";
import { forEachMode, withEncryption } from "./support/modes.ts";
import type { World } from "./support/modes.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const LIMIT_MS = 60_000;
let server: SyncServer | undefined;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  Realm.shutdown();
  await server?.stop();
});

/** Another process that has a file open, once it says that it is connected. */
async function holder(world: World, name: string, action: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", fileURLToPath(new URL("support/child.ts", import.meta.url)), world.path(name), world.isEncrypted ? Buffer.from(TEST_KEY).toString("hex") : "", (server as SyncServer).url, action], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.on("exit", (code) => reject(new Error(`the other process ended with ${String(code)}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("connected")) resolve();
    });
  });
  return child;
}

const killed = (child: ChildProcess): Promise<void> => {
  const gone = new Promise<void>((resolve) => void child.removeAllListeners("exit").on("exit", () => resolve()));
  child.kill("SIGKILL");
  return gone;
};

forEachMode((world) => {
  it("the one that holds the connection sends what the others write, and fetches for them; when it is killed, another one takes over", async () => {
    mkdirSync(join(world.folder(), "server"));
    server = await sqliteServer(join(world.folder(), "server"));
    const user = { ...testUser(), url: server.url };
    const child = await holder(world, "a", "hold");
    const elsewhere = await Realm.open(world.config("b", webSocketTransport, { user }));
    // Waits for a download that another process does.
    const here = await Realm.open(world.config("a", webSocketTransport, { user, existingRealmFileBehavior: { type: "downloadBeforeOpen" } }));
    expect(here.syncSession?.connectionState).toBe("disconnected");
    here.write(() => here.create("Person", { _id: 1, name: "Ann" }));
    await here.syncSession?.uploadAllLocalChanges(LIMIT_MS);
    await elsewhere.syncSession?.downloadAllServerChanges(LIMIT_MS);
    expect(elsewhere.objectForPrimaryKey("Person", 1)?.toJSON()).toMatchObject({ name: "Ann" });
    elsewhere.write(() => elsewhere.create("Person", { _id: 2, name: "Bob" }));
    await elsewhere.syncSession?.uploadAllLocalChanges(LIMIT_MS);
    await here.syncSession?.downloadAllServerChanges(LIMIT_MS);
    expect(here.objectForPrimaryKey("Person", 2)?.toJSON()).toMatchObject({ name: "Bob" });
    // A set of subscriptions of this process, answered through the other one.
    await here.subscriptions.update((set) => void set.add(here.objects("Task").filtered("done == true"), { name: "done" }));
    expect(here.subscriptions.state).toBe("complete");
    // And writes of that process, seen here and on the server.
    await expect.poll(() => here.objects("Task").length, { timeout: LIMIT_MS }).toBeGreaterThan(0);
    await killed(child);
    here.write(() => here.create("Person", { _id: 3, name: "Cy" }));
    await settle(here, elsewhere);
    expect(here.syncSession?.isConnected()).toBe(true);
    expect(shown(here)).toEqual(shown(elsewhere));
    expect(here.objects("Person").map((person) => (person as unknown as { name: string }).name)).toEqual(["Ann", "Bob", "Cy"]);
  });

  it("a wait that began while another process held the connection is kept by its successor", async () => {
    mkdirSync(join(world.folder(), "server"));
    server = await sqliteServer(join(world.folder(), "server"));
    const user = { ...testUser(), url: server.url };
    // It is connected, and the server hears nothing of it.
    const child = await holder(world, "a", "mute");
    const here = new Realm(world.config("a", webSocketTransport, { user }));
    here.write(() => here.create("Person", { _id: 1, name: "Ann" }));
    const waits = [here.syncSession?.uploadAllLocalChanges(LIMIT_MS), here.syncSession?.downloadAllServerChanges(LIMIT_MS)];
    const first = await Promise.race([...waits.map((wait) => wait?.then(() => "done")), new Promise((resolve) => setTimeout(resolve, 200, "waiting"))]);
    expect([first, here.syncSession?.connectionState]).toEqual(["waiting", "disconnected"]);
    await killed(child);
    await Promise.all(waits);
    expect(here.syncSession?.isConnected()).toBe(true);
  });
});

// How the file is kept plays no part in it.
withEncryption((world) => {
  it("a wait of this process goes over a client reset that the process with the connection does", async () => {
    const folder = join(world.folder(), "server");
    mkdirSync(folder);
    server = await sqliteServer(folder);
    const port = Number(new URL(server.url).port);
    const user = { ...testUser(), url: server.url };
    const here = await Realm.open(world.config("a", webSocketTransport, { user }));
    await server.stop();
    cpSync(folder, join(world.folder(), "backup"), { recursive: true });
    server = await sqliteServer(folder, port);
    for (const _id of [1, 2, 3]) here.write(() => here.create("Person", { _id, name: "Ann" }));
    await here.syncSession?.uploadAllLocalChanges(LIMIT_MS);
    here.syncSession?.pause();
    // The server hears no writes of it, so that nothing is acknowledged after the reset.
    const child = await holder(world, "a", "mute");
    here.syncSession?.resume();
    await server.stop();
    rmSync(folder, { recursive: true });
    cpSync(join(world.folder(), "backup"), folder, { recursive: true });
    // One that the restored server has no object for, and that is empty after the reset; and one that is to be uploaded.
    here.write(() => here.delete(here.objectForPrimaryKey("Person", 1)));
    here.write(() => here.create("Person", { _id: 4, name: "Bob" }));
    let isDone = false;
    const uploaded = here.syncSession?.uploadAllLocalChanges(LIMIT_MS).then(() => (isDone = true));
    const { file } = syncedRealmOf(sessionOf(here)) as SyncedRealm;
    server = await sqliteServer(folder, port);
    // The other process has written the outbox anew.
    await expect.poll(() => [file.read("reset")?.mode, file.isStartingAnew], { timeout: LIMIT_MS }).toEqual(["recover", false]);
    here.write(() => here.create("Person", { _id: 5, name: "Cy" }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDone).toBe(false);
    await killed(child);
    await uploaded;
    const elsewhere = await Realm.open(world.config("b", webSocketTransport, { user }));
    expect(elsewhere.objectForPrimaryKey("Person", 4)?.toJSON()).toMatchObject({ name: "Bob" });
  });
});

it("a client of these tests whose test has died ends by itself, and quietly", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-orphan-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", fileURLToPath(new URL("support/child.ts", import.meta.url)), join(folder, "a.realm"), "", "ws://localhost:1/", "write"], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = await once(child, "close");
  expect([code, said]).toEqual([0, ""]);
});
