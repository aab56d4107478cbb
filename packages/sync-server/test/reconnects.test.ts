/**
 * Everybody comes back at once: a server dies under all its sessions and starts again on its port. Real processes, sockets and TLS; the
 * sessions are raw ones, which wait as sync-client's do (its test of the waits is `back-off.test.ts`).
 *
 * `HOLDFAST_RECONNECTS=1000` tries as many.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeCertificate } from "./support/certificate.ts";
import { freePort } from "./support/postgres.ts";
import { RawClient } from "./support/raw-client.ts";
import { tokenOf } from "./support/server.ts";

const SESSIONS = Number(process.env["HOLDFAST_RECONNECTS"] ?? 100);
/** The first wait, a tenth of what it is in the field; each is twice the one before, and up to a quarter shorter by chance. */
const FIRST_WAIT_MS = 100;
const SHORTER = 0.25;
const folder = mkdtempSync(join(tmpdir(), "holdfast-reconnects-"));
const running: ChildProcess[] = [];

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

it(`${String(SESSIONS)} sessions over TLS are all back after their server was killed, with what they had missed`, async () => {
  const { cert } = makeCertificate(folder);
  const port = await freePort();
  const url = `wss://localhost:${String(port)}`;
  const first = await startServer(port);
  const clients: RawClient[] = [];
  for (let index = 0; index < SESSIONS; index++) {
    const client = await RawClient.connect({ url, ca: cert, token: tokenOf(`user${String(index)}`) });
    await client.subscribe([{ type: "Task", query: "TRUEPREDICATE" }]);
    clients.push(client);
  }
  const before = residentBytes(first);
  const gone = once(first, "exit");
  first.kill("SIGKILL");
  await gone;
  // What is written while they are away is missed by all of them.
  const second = await startServer(port);
  const writer = await RawClient.connect({ url, ca: cert, token: tokenOf("writer") });
  await writer.up(...writer.pen.create("missed"));

  const attempts = { failed: 0 };
  const startedAt = performance.now();
  const back = await Promise.all(clients.map((client, index) => comeBack(client, { url, ca: cert, token: tokenOf(`user${String(index)}`), attempts })));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = residentBytes(second);
  process.stdout.write(`${String(SESSIONS)} sessions back after ${seconds.toFixed(1)} s, ${String(attempts.failed)} attempts failed, server ${mebibytes(before)} MiB before its end, ${mebibytes(after)} MiB after\n`);
  for (const client of back) expect(Object.keys(client.objects())).toEqual(["missed"]);
  expect(new Set(back.map(({ client }) => client))).toEqual(new Set(clients.map(({ client }) => client)));
  // Nothing of an attempt stays: as many sessions as before take about as much as before.
  expect(after).toBeLessThan(before * 1.5 + 32 * 1024 * 1024);
  for (const client of [...back, writer]) await client.close();
}, 300_000);

async function comeBack(previous: RawClient, { url, ca, token, attempts }: { readonly url: string; readonly ca: string; readonly token: string; readonly attempts: { failed: number } }): Promise<RawClient> {
  for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
    await new Promise((resolve) => setTimeout(resolve, wait * (1 - SHORTER * Math.random())));
    try {
      const client = await RawClient.connect({ url, ca, token, previous });
      await client.subscribe([{ type: "Task", query: "TRUEPREDICATE" }], { resume: previous.resume });
      return client;
    } catch {
      attempts.failed++;
    }
  }
}

async function startServer(port: number): Promise<ChildProcess> {
  const script = join(import.meta.dirname, "support/server-process.ts");
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", script, "sqlite", join(folder, "store"), String(port), folder], { stdio: ["pipe", "pipe", "inherit"] });
  running.push(child);
  await once(child.stdout, "data");
  return child;
}

/** As the kernel counts it. */
function residentBytes({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1]) * 1024;
}

function mebibytes(bytes: number): string {
  return String(Math.round(bytes / 1024 / 1024));
}
