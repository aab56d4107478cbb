/**
 * The command: what it prints, what it ends with, what its operator's port shows.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TASKS } from "./support/operations.ts";
import { RawClient } from "./support/raw-client.ts";

let folder = "";
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function start(config: string | undefined, ...flags: readonly string[]): ChildProcess {
  const path = join(folder, "config.mjs");
  if (config !== undefined) writeFileSync(path, config);
  const main = join(import.meta.dirname, "../src/cli/main.ts");
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", main, ...(config === undefined ? [] : ["--config", path]), ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return child;
}

async function ending(child: ChildProcess): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk) => (out += String(chunk)));
  child.stderr?.on("data", (chunk) => (err += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  return { code, out, err };
}

function config(more = ""): string {
  return `const authenticator = { verify: async (token) => token.startsWith("test:") ? { userId: token.slice(5), customData: {}, expiresAt: Date.now() + 60000 } : { refused: "invalid" } };
export default { sqlite: ${JSON.stringify(join(folder, "sync.db"))}, port: 0, adminPort: 0, rules: { classes: {}, others: [{ name: "all", read: true, insert: true, update: true, delete: true }] }, schema: ${JSON.stringify(TASKS)}, authenticator, ${more} };`;
}

it("serves, shows its numbers on loopback, and stops on SIGTERM with 0; nothing that users wrote is in its logs", async () => {
  const child = start(config(), "--json");
  const ended = ending(child);
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  const { url, adminPort } = JSON.parse(String(line)) as { url: string; adminPort: number };
  const client = await RawClient.connect({ url, token: "test:ann" });
  await client.up(...client.pen.create("t1", { title: "marker-of-a-user" }));
  const admin = `http://127.0.0.1:${String(adminPort)}`;
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  expect(metrics).toContain("holdfast_transactions_total 1");
  expect(await (await fetch(`${admin}/`)).text()).toContain("holdfast_sessions");
  expect((await fetch(`${url.replace("ws:", "http:")}healthz`)).status).toBe(200);
  child.kill("SIGTERM");
  const { code, err } = await ended;
  expect(code).toBe(0);
  expect(err.trim().split("\n").map((text) => (JSON.parse(text) as { message: string }).message)).toEqual(expect.arrayContaining(["started", "stopped"]));
  expect(metrics + err).not.toMatch(/marker|ann|t1/);
});

it("says what is wrong with flags and configuration, and ends with 2", async () => {
  const ends = await Promise.all([ending(start(undefined)), ending(start(undefined, "--nope"))]);
  expect(ends.map(({ code }) => code)).toEqual([2, 2]);
  const host = await ending(start(config('host: "0.0.0.0",'), "--json"));
  expect([host.code, (JSON.parse(host.out) as { error: string }).error]).toEqual([2, "TLS_REQUIRED"]);
  const rule = await ending(start(config('rules: { classes: { Task: [{ name: "x", read: "nope == 1" }] } },'), "--json"));
  expect([rule.code, (JSON.parse(rule.out) as { error: string }).error]).toEqual([2, "RULE_INVALID"]);
  const setting = await ending(start(config("ports: 1,"), "--json"));
  expect([setting.code, (JSON.parse(setting.out) as { message: string }).message]).toEqual([2, "there is no setting ports"]);
  expect((await ending(start(config(), "--check"))).code).toBe(0);
});
