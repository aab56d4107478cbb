/**
 * The command: what it prints, what it ends with, what its operator's port shows.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../src/cli/config.ts";
import type { ServerConfig } from "../src/cli/config.ts";
import { changeKeys, convert, rewrap } from "../src/cli/keep.ts";
import { openUsers } from "../src/cli/run.ts";
import { anonymousProvider, encryptedSqlite, localKeyProvider, SILENT, SqliteStore } from "../src/index.ts";
import type { KeyProvider } from "../src/index.ts";
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
  const path = join(folder, `config${String(children.length)}.mjs`);
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

it("encrypts, re-keys, re-wraps and decrypts by command; what does not fit is refused with its code", async () => {
  const [first = "", second = ""] = ["store-key", "store-key-2"].map((name) => {
    const path = join(folder, name);
    writeFileSync(path, randomBytes(32).toString("base64"), { mode: 0o600 });
    return path;
  });
  const text = (files: object): string => config(`encryption: ${JSON.stringify(files)},`);
  const done = async (content: string, ...flags: readonly string[]): Promise<readonly [number, Record<string, unknown>]> => {
    const { code, out } = await ending(start(content, "--json", ...flags));
    return [code, JSON.parse(out) as Record<string, unknown>];
  };
  const db = join(folder, "sync.db");
  const plain = new SqliteStore(db);
  await plain.open();
  await plain.close();
  expect(await Promise.all([done(text({ keyFile: first })), done(config(), "encrypt")])).toMatchObject([[2, { error: "STORE_NOT_ENCRYPTED" }], [2, { error: "CONFIGURATION_INVALID" }]]);
  expect(await done(config(), "encrypt", "--store-key-file", first)).toEqual([0, { converted: [db] }]);
  expect(await Promise.all([done(config()), done(text({ keyFile: second }))])).toMatchObject([[2, { error: "STORE_KEY_MISSING" }], [3, { error: "STORE_KEY_WRONG" }]]);
  // Not at the same time: the key that was wrong is right behind it.
  expect(await done(text({ keyFile: second, formerKeyFiles: [first] }), "rewrap")).toMatchObject([0, { storeKeys: 1, userKeys: 0 }]);
  const server = start(text({ keyFile: second }), "--json");
  const ended = ending(server);
  const [line] = (await once(server.stdout!, "data")) as [Buffer];
  expect(JSON.parse(String(line))).toHaveProperty("url");
  expect(await done(text({ keyFile: second }), "rekey")).toMatchObject([3, { error: "STORE_IN_USE" }]);
  server.kill("SIGTERM");
  expect((await ended).code).toBe(0);
});

it("the commands take the users' file along, re-wrap their keys, and may be run again", async () => {
  const [before, after] = [localKeyProvider({ key: randomBytes(32) }), localKeyProvider({ key: randomBytes(32) })];
  const db = join(folder, "sync.db");
  const authFor = (...providers: KeyProvider[]): ServerConfig => ({ sqlite: db, rules: { classes: {} }, encryption: { providers }, auth: { appId: "clinic", secrets: [randomBytes(32)], providers: [anonymousProvider()], key: { mode: "issued", providers } } });
  const login = async (config: ServerConfig): Promise<void> => {
    const opened = await openUsers(config, SILENT);
    await opened?.users.start();
    for (let index = 0; index < 3; index++) await opened?.users.logIn({ provider: "anon-user", payload: {}, nonce: randomBytes(16).toString("base64url"), address: "192.0.2.1" });
    await opened?.close();
  };
  await login(authFor(before));
  const store = new SqliteStore(db, await encryptedSqlite(db, { providers: [before] }));
  await store.open();
  expect((await rewrap(authFor(after, before), () => undefined)).fields).toEqual({ storeKeys: 2, userKeys: 3 });
  await store.close();
  expect((await rewrap(authFor(after), () => undefined)).fields).toEqual({ storeKeys: 2, userKeys: 3 });
  expect((await changeKeys(authFor(after), { users: [], isAll: true }, () => undefined)).fields).toEqual({ changed: 3 });
  expect((await rewrap(authFor(after), () => undefined)).fields).toEqual({ storeKeys: 2, userKeys: 6 });
  await expect(changeKeys(authFor(after), { users: ["nobody"], isAll: false }, () => undefined)).rejects.toMatchObject({ code: "TOKEN_INVALID" });
  await expect(changeKeys(authFor(after), { users: [], isAll: false }, () => undefined)).rejects.toMatchObject({ code: "CONFIGURATION_INVALID" });
  for (const conversion of ["rekey", "decrypt", "encrypt"] as const) expect((await convert(conversion, authFor(after))).fields).toEqual({ converted: [db, `${db}-users`] });
  expect((await convert("encrypt", authFor(after))).fields).toEqual({ converted: [] });
  await expect(rewrap(authFor(before), () => undefined)).rejects.toMatchObject({ code: "STORE_KEY_WRONG" });
  await login(authFor(after));
});

it("serves several shards: each on a database of its own, and its operator's port tells of each", async () => {
  const folderOf = (name: string): string => JSON.stringify(join(folder, `${name}.db`));
  const shards = `sqlite: undefined, shards: { north: { sqlite: ${folderOf("north")} }, south: { sqlite: ${folderOf("south")} } }, shardOf: ({ userId }) => userId[0] === "s" ? "south" : "north",`;
  const child = start(config(shards), "--json");
  const ended = ending(child);
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  const { url, adminPort } = JSON.parse(String(line)) as { url: string; adminPort: number };
  const clients = await Promise.all(["ann", "sam", "sue"].map((user) => RawClient.connect({ url, token: `test:${user}` })));
  for (const client of clients) await client.up(...client.pen.create(client.client));
  const admin = `http://127.0.0.1:${String(adminPort)}`;
  const answers = await Promise.all(["metrics", "healthz", "healthz/south", "healthz/west", ""].map(async (path) => (await fetch(`${admin}/${path}`)).text()));
  expect(answers[0]).toMatch(/holdfast_version\{shard="north"\} 1\nholdfast_version\{shard="south"\} 2/);
  expect(answers.slice(1, 4)).toEqual(["north: ok\nsouth: ok\n", "ok\n", "not found\n"]);
  expect(answers[4]).toContain("<td>shard south<td>ready");
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
});

it.each([
  ["shards without shardOf", "sqlite: undefined, shards: { a: { sqlite: 'a.db' } }, shardOf: undefined,"],
  ["a database beside them that nobody uses", "shards: { a: { sqlite: 'a.db' } }, shardOf: '%%user.id',"],
  ["a shard with two databases", "sqlite: undefined, shards: { a: { sqlite: 'a.db', postgres: {} } }, shardOf: '%%user.id',"],
  ["a shard with a setting that there is not", "sqlite: undefined, shards: { a: { sqlite: 'a.db', port: 1 } }, shardOf: '%%user.id',"],
  ["a choice that is none", "sqlite: undefined, shards: { a: { sqlite: 'a.db' } }, shardOf: 'region',"],
])("refuses %s", async (_name, more) => {
  const path = join(folder, "config.mjs");
  writeFileSync(path, config(more));
  await expect(loadConfig(path)).rejects.toMatchObject({ code: "CONFIGURATION_INVALID" });
});
