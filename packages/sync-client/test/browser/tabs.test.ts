/**
 * Tabs that share one synced realm, in a real browser, with a real server: the owner's worker has the connection, and its successor goes on.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Realm from "@holdfast/realm";
import { AuthService, functionProvider, openSqliteUserDatabase, SqliteStore, usersOf } from "@holdfast/sync-server";
import type { AuthLogEntry, SyncServer } from "@holdfast/sync-server";
import { missingChromium, openChromium, type TestBrowser, type TestPage } from "@holdfast/test-browser";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { enableSync } from "../../src/index.ts";
import { testUser } from "../support/clients.ts";
import { serverOver, sqliteServer } from "../support/sqlite-server.ts";

type Page = TestPage<typeof import("./tabs-in-page.ts")>;

const KEY = Array.from({ length: 64 }, (_, index) => index);
const ENTRY = join(import.meta.dirname, "tabs-in-page.ts");
const LIMIT = { timeout: 60_000 };
const SCHEMA = [{ name: "Person", primaryKey: "_id", properties: { _id: "int", name: "string" } }];

let browser: TestBrowser;
let server: SyncServer;
let folder: string;
let port = 0;
let hostCount = 0;
const open: Page[] = [];

async function tabs(count: number): Promise<Page[]> {
  const host = `synced-${(hostCount += 1)}.localhost`;
  const pages: Page[] = [];
  for (let index = 0; index < count; index += 1) pages.push(await browser.open({ entry: ENTRY, host }));
  open.push(...pages);
  return pages;
}

async function closeTab(page: Page): Promise<void> {
  open.splice(open.indexOf(page), 1);
  await page.close();
}

async function startServer(): Promise<void> {
  server = await sqliteServer(folder, port);
  port = Number(new URL(server.url).port);
}

/** Another device of the same user. */
async function elsewhere(): Promise<Realm> {
  const initialSubscriptions = { update: (subscriptions: { add(objects: unknown): void }, realm: Realm) => subscriptions.add(realm.objects("Person")) };
  return Realm.open({ path: join(folder, "elsewhere.realm"), schema: SCHEMA, sync: { user: { ...testUser(), url: server.url }, flexible: true, initialSubscriptions } } as never);
}

const namesOf = (realm: Realm): string[] => realm.objects("Person").sorted("_id").map((person) => (person as unknown as { name: string }).name);

// In CI a browser that is missing is a failure.
describe.each(["Chromium"].filter(() => missingChromium() === undefined || process.env["CI"] !== undefined))("tabs of %s with sync", () => {
  beforeAll(async () => {
    enableSync();
    browser = await openChromium({ connectsTo: ["ws://127.0.0.1:*", "http://127.0.0.1:*"] });
  }, 180_000);
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-tabs-"));
    port = 0;
    await startServer();
  });
  afterEach(async () => {
    for (const page of open.splice(0)) await page.close();
    Realm.shutdown();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("one has the connection, the other's writes go through it; when it is closed the other one goes on", async () => {
    const other = await elsewhere();
    const [one, two] = (await tabs(2)) as [Page, Page];
    expect([await one.call("open", server.url, KEY), await two.call("open", server.url, KEY)]).toEqual(["this tab", "another tab"]);
    await two.call("add", 1, "Ann");
    await expect.poll(() => namesOf(other), LIMIT).toEqual(["Ann"]);
    other.write(() => other.create("Person", { _id: 2, name: "Bob" }));
    await expect.poll(() => two.call("names"), LIMIT).toEqual(["Ann", "Bob"]);
    // What neither the server nor the next owner's connection has yet.
    await server.stop();
    await two.call("add", 3, "Cy");
    await one.call("add", 4, "Di");
    await closeTab(one);
    expect(await two.call("names")).toEqual(["Ann", "Bob", "Cy", "Di"]);
    await two.call("add", 5, "Eve");
    expect(await two.call("owner")).toBe("this tab");
    await startServer();
    await expect.poll(() => namesOf(other), LIMIT).toEqual(["Ann", "Bob", "Cy", "Di", "Eve"]);
    expect(await two.call("connection")).toBe("connected");
  });

  it("when the worker with the connection crashes, its tab and the other one go on, and what was written is uploaded once", async () => {
    const other = await elsewhere();
    const [one, two] = (await tabs(2)) as [Page, Page];
    await one.call("open", server.url, KEY);
    await two.call("open", server.url, KEY);
    await two.call("add", 1, "Ann");
    await expect.poll(() => namesOf(other), LIMIT).toEqual(["Ann"]);
    await server.stop();
    await two.call("add", 2, "Bob");
    await one.call("terminate");
    expect(await two.call("names")).toEqual(["Ann", "Bob"]);
    await one.call("add", 3, "Cy");
    await startServer();
    await expect.poll(() => namesOf(other), LIMIT).toEqual(["Ann", "Bob", "Cy"]);
    expect([await one.call("owner"), await two.call("owner")].toSorted()).toEqual(["another tab", "this tab"]);
  });

  it("an owner that closes its realm while there is no server hands over what it has not uploaded", async () => {
    const other = await elsewhere();
    const [one, two] = (await tabs(2)) as [Page, Page];
    await one.call("open", server.url, KEY);
    await two.call("open", server.url, KEY);
    await server.stop();
    await one.call("add", 1, "Ann");
    await one.call("close");
    await two.call("add", 2, "Bob");
    expect(await two.call("names")).toEqual(["Ann", "Bob"]);
    await startServer();
    await expect.poll(() => namesOf(other), LIMIT).toEqual(["Ann", "Bob"]);
  });

  it("an app in the worker: its user logs in once, and whoever owns the file next goes on as that user", async () => {
    const pages: TestPage<typeof import("./app-in-page.ts")>[] = [];
    for (let count = 0; count < 3; count += 1) pages.push(await browser.open({ entry: join(import.meta.dirname, "app-in-page.ts"), host: "app.localhost" }));
    const [one, two, three] = pages as [(typeof pages)[0], (typeof pages)[0], (typeof pages)[0]];
    const database = openSqliteUserDatabase(":memory:");
    const log: AuthLogEntry[] = [];
    const service = new AuthService({ appId: "clinic", database, secrets: [randomBytes(32)], providers: [functionProvider(({ name }) => ({ subject: String(name) }))], key: { mode: "device" }, log: (entry) => log.push(entry) });
    await service.start();
    const users = usersOf([service], { allowedOrigins: [await one.call("origin")] });
    await server.stop();
    server = await serverOver(new SqliteStore(join(folder, "users.sqlite")), { authenticator: service.authenticator(), users });
    try {
      const baseUrl = `http://127.0.0.1:${String(server.port)}`;
      for (const [index, page] of pages.entries()) expect(await page.call("open", baseUrl)).toBe(index === 0 ? "this tab" : "another tab");
      await two.call("add", 1, "Ann");
      await two.call("refresh");
      await one.call("terminate");
      expect(await two.call("names")).toEqual(["Ann"]);
      await one.call("close");
      await three.call("refresh");
      await two.call("close");
      await three.call("add", 2, "Bob");
      await three.call("refresh");
      expect(await three.call("names")).toEqual(["Ann", "Bob"]);
      const events = log.map(({ event }) => event);
      expect([events.filter((event) => event === "login").length, events.includes("session-revoked")]).toEqual([1, false]);
    } finally {
      for (const page of pages) await page.close();
      await server.stop();
      await database.close();
    }
  });
});
