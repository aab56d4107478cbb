/**
 * The volume under PostgreSQL: what somebody finds who has the disk. Real parts: an ext4 image, a PostgreSQL, the server, a device.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, it } from "vitest";
import { OPEN_RULES, PostgresStore, SyncServer } from "../src/index.ts";
import { postgresMissing, startCluster } from "./support/postgres.ts";
import { TestAuthenticator } from "./support/server.ts";
import { countInImage, mountVolume, volumeMissing } from "./support/volume.ts";
import type { Volume } from "./support/volume.ts";

/** What the device of sync-client's tests writes. */
const MARKER = "Zyzzyva-marker";
const ROWS = 30;
const missing = volumeMissing() ?? postgresMissing();
const isCi = process.env["CI"] === "true" || process.env["CI"] === "1";
const title = "rows that a device has synced are not in the raw image of an encrypted volume, and are in that of a plain one";

// In CI nothing may be skipped; a machine that cannot mount says so instead, one that can has to pass.
it.skipIf(missing !== undefined && !isCi)(`${title}${missing === undefined ? "" : ` (not run: ${missing})`}`, async () => {
  const counts = missing === undefined ? await markersInImages() : undefined;
  process.stdout.write(counts === undefined ? `encrypted volume: not run: ${String(missing)}\n` : `the marker in the plain image: ${String(counts.plain)}, in the encrypted one: ${String(counts.encrypted)}\n`);
  expect(counts ?? { plain: ROWS + 1, encrypted: 0 }).toEqual({ plain: expect.any(Number) as number, encrypted: 0 });
  expect(counts?.plain ?? Infinity).toBeGreaterThan(ROWS);
});

async function markersInImages(): Promise<{ readonly plain: number; readonly encrypted: number }> {
  const parent = mkdtempSync(join(tmpdir(), "holdfast-volume-"));
  // PostgreSQL's own user has to get through.
  chmodSync(parent, 0o755);
  const mounted: Volume[] = [];
  try {
    const counts: number[] = [];
    for (const isEncrypted of [false, true]) {
      const volume = mountVolume(parent, { name: isEncrypted ? "encrypted" : "plain", isEncrypted });
      mounted.push(volume);
      await fill(volume.folder);
      volume.unmount();
      mounted.pop();
      counts.push(countInImage(volume.image, MARKER));
    }
    const [plain = 0, encrypted = -1] = counts;
    return { plain, encrypted };
  } finally {
    for (const volume of mounted) volume.unmount();
    rmSync(parent, { recursive: true });
  }
}

/** Runs PostgreSQL with its data in a folder, and lets a device sync marked rows into it. */
async function fill(dataFolder: string): Promise<void> {
  const cluster = await startCluster({ isDurable: true, dataFolder });
  try {
    const address = await cluster.createDatabase();
    const server = new SyncServer({ store: new PostgresStore({ connection: address }), authenticator: new TestAuthenticator(), rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 50 });
    await server.start();
    await runDevice(server.url);
    await server.stop();
    const client = new pg.Client(address);
    await client.connect();
    const { rows } = await client.query<{ count: string }>("SELECT count(*) FROM app.\"Task\" WHERE title = $1", [MARKER]);
    await client.end();
    expect(Number(rows[0]?.count)).toBeGreaterThanOrEqual(ROWS / 2);
  } finally {
    await cluster.end();
  }
}

/** A device in a process of its own, until it has written enough and uploaded most of it. */
async function runDevice(url: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-device-"));
  const device = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "../../sync-client/test/support/child.ts"), join(folder, "device.realm"), "", url, "write"], { stdio: ["ignore", "pipe", "inherit"] });
  let lines = 0;
  for await (const chunk of device.stdout) {
    lines += String(chunk).split("\n").length - 1;
    if (lines > ROWS * 20) break;
  }
  device.kill("SIGKILL");
  await once(device, "exit");
  rmSync(folder, { recursive: true });
}
