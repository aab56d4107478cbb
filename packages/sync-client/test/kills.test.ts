/**
 * Clients that are killed while they upload and while they download, and what their files hold for others to see.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncServer } from "@holdfast/sync-server";
import { webSocketTransport } from "../src/index.ts";
import { settle, shown, TEST_KEY, testUser } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import type { World } from "./support/modes.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const MARKER = "Zyzzyva-marker";
let server: SyncServer | undefined;

afterEach(async () => {
  Realm.shutdown();
  await server?.stop();
});

/** Runs a client until it has said so many lines, and then kills it. */
function killed(world: World, { name, action, lines, afterMs = 0 }: { name: string; action: string; lines: number; afterMs?: number }): Promise<void> {
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", fileURLToPath(new URL("support/child.ts", import.meta.url)), world.path(name), world.isEncrypted ? Buffer.from(TEST_KEY).toString("hex") : "", (server as SyncServer).url, action], { stdio: ["ignore", "pipe", "inherit"] });
  let count = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    count += chunk.toString().split("\n").length - 1;
    if (count >= lines) setTimeout(() => child.kill("SIGKILL"), afterMs);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code === null ? resolve() : reject(new Error(`the client ended by itself with ${code}`))));
  });
}

const open = (world: World, name: string) => world.config(name, webSocketTransport, { user: { ...testUser(), url: (server as SyncServer).url } });
const sumOf = (realm: Realm): number => (realm.objectForPrimaryKey<Task>("Task", "sum") as unknown as Task).votes.value;

forEachMode((world) => {
  it("killed while it uploads: whatever was committed arrives, once and whole", async () => {
    mkdirSync(join(world.folder(), "server"));
    server = await sqliteServer(join(world.folder(), "server"));
    for (const lines of [3, 25]) await killed(world, { name: "a", action: "write", lines });
    if (world.isEncrypted) expect(leaks(world)).toEqual([]);
    const a = new Realm(open(world, "a"));
    const [count, sum] = [a.objects("Task").length - 1, sumOf(a)];
    expect(count).toBe(sum);
    expect(sum).toBeGreaterThanOrEqual(28 - 2);
    await settle(a);
    const b = await Realm.open(open(world, "b"));
    expect([b.objects("Task").length - 1, sumOf(b)]).toEqual([count, sum]);
  });

  it("killed while it downloads: all of it comes in the end, and never a part", async () => {
    mkdirSync(join(world.folder(), "server"));
    server = await sqliteServer(join(world.folder(), "server"));
    const a = await Realm.open(open(world, "a"));
    a.write(() => Array.from({ length: 600 }, (_, index) => a.create("Task", { _id: `t${index}`, title: `${MARKER} ${"x".repeat(200)}`, done: false, votes: 1 } as never)));
    await settle(a);
    for (const afterMs of [20, 100]) {
      await killed(world, { name: "b", action: "read", lines: 1, afterMs });
      if (world.isEncrypted) expect(leaks(world)).toEqual([]);
      const b = new Realm({ path: world.path("b"), readOnly: true, ...(world.isEncrypted ? { encryptionKey: TEST_KEY } : {}) });
      expect([0, 600]).toContain(b.objects("Task").length);
      b.close();
    }
    const b = new Realm(open(world, "b"));
    await settle(b);
    expect(shown(b)).toEqual(shown(a));
  });
});

/** Files of the clients that hold what was written, in clear. */
function leaks(world: World): string[] {
  return readdirSync(world.folder(), { withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(MARKER))
    .map((entry) => entry.name);
}
