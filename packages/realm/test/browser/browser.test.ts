/**
 * Realm in a real browser: a dedicated worker, the origin private file system, the portable cipher.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingChromium, missingFirefox, openChromium, openFirefox, type ChromiumBrowser, type TestBrowser, type TestPage } from "@holdfast/test-browser";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import Realm from "../../src/index.ts";

type InPage = typeof import("./in-page.ts");
type Page = TestPage<InPage>;

const KEY = Array.from({ length: 64 }, (_, i) => i);
const OTHER_KEY = KEY.toReversed();
const ENTRY = join(import.meta.dirname, "in-page.ts");
/** Hosts of Firefox's own list are no secure contexts, like those of Chromium outside of `.localhost`. */
const INSECURE = "plain.test";
const BLOCKED = "blocked.localhost";

let browser: TestBrowser;
let hostCount = 0;
const tabs: Page[] = [];

async function tab(host: string = freshHost()): Promise<Page> {
  const page = await browser.open<InPage>({ entry: ENTRY, host });
  tabs.push(page);
  return page;
}

/** An origin of its own: nothing is stored there yet. */
function freshHost(): string {
  hostCount += 1;
  return `realm-${hostCount}.localhost`;
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing thrown",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}

async function closeTab(page: Page): Promise<void> {
  tabs.splice(tabs.indexOf(page), 1);
  await page.close();
}

/** Files are put in order after a close, in the background. */
async function expectFiles(page: Page, names: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect(await page.callInWorker("files")).toEqual(names), { timeout: 20_000, interval: 20 });
}

/** Chromium alone has commands for what users do to storage. */
async function command(page: Page, name: string, values: object): Promise<void> {
  const origin = await page.callInWorker("origin");
  await (page as unknown as { command(name: string, values: object): Promise<unknown> }).command(name, { origin, ...values });
}

const BROWSERS: readonly { readonly name: string; readonly missing: string | undefined; open(): Promise<TestBrowser> }[] = [
  { name: "Chromium", missing: missingChromium(), open: (): Promise<ChromiumBrowser> => openChromium({ blockedHosts: [BLOCKED] }) },
  { name: "Firefox", missing: missingFirefox(), open: () => openFirefox() },
];

describe.each(BROWSERS)("Realm in $name", ({ name: browserName, missing, open }) => {
  // In CI a browser that is missing is a failure.
  const isSkipped = missing !== undefined && process.env["CI"] === undefined;
  beforeAll(async () => {
    if (!isSkipped) browser = await open();
  }, 180_000);
  afterEach(async () => {
    for (const page of tabs.splice(0)) await page.close();
  });
  afterAll(async () => {
    if (!isSkipped) await browser.close();
  });

  describe.skipIf(isSkipped).each([
    ["plain", null],
    ["encrypted", KEY],
  ])("%s", (_name, key) => {
    it("creates, writes, closes and opens again, also after the tab was closed", async () => {
      const host = freshHost();
      const page = await tab(host);
      expect(await page.callInWorker("open", "app/tasks.realm", key)).toBe(0);
      await page.callInWorker("add", 0, 20);
      expect(await page.callInWorker("listen")).toEqual([[20, 0], [23, 3]]);
      await page.callInWorker("close");
      await expectFiles(page, ["/app/tasks.realm"]);
      expect(await page.callInWorker("open", "app/tasks.realm", key)).toBe(23);
      await page.callInWorker("addTogether", 100, 200);
      await closeTab(page);
      const next = await tab(host);
      expect(await next.callInWorker("open", "app/tasks.realm", key)).toBe(123);
      await next.callInWorker("close");
      expect(await next.callInWorker("verify", "app/tasks.realm", key)).toBe(true);
      await expectFiles(next, ["/app/tasks.realm"]);
    });

    it("compacts, copies, backs up, restores and deletes", async () => {
      const page = await tab();
      await page.callInWorker("open", "a.realm", key);
      await page.callInWorker("addTogether", 0, 500);
      expect(await page.callInWorker("compact")).toBe(true);
      expect(await page.callInWorker("ids")).toHaveLength(500);
      await page.callInWorker("addTogether", 500, 600);
      expect(await page.callInWorker("compact")).toBe(true);
      await page.callInWorker("writeCopyTo", "copy.realm", OTHER_KEY);
      expect(await page.callInWorker("backUpAndRestore", key)).toBe(610);
      await page.callInWorker("close");
      expect(await page.callInWorker("open", "copy.realm", OTHER_KEY)).toBe(600);
      await page.callInWorker("close");
      expect(await page.callInWorker("open", "a.realm", key)).toBe(610);
      await page.callInWorker("close");
      await expectFiles(page, ["/a.realm", "/backups/full", "/backups/more", "/copy.realm", "/restored.realm"]);
      expect(await page.callInWorker("deleteFile", "a.realm")).toEqual([true, false]);
      await expectFiles(page, ["/backups/full", "/backups/more", "/copy.realm", "/restored.realm"]);
    });

    it("re-keys, and nothing of the old file stays", async () => {
      const page = await tab();
      await page.callInWorker("open", "a.realm", key);
      await page.callInWorker("addTogether", 0, 500);
      await page.callInWorker("close");
      await page.callInWorker("rekey", "a.realm", key, OTHER_KEY);
      await expectFiles(page, ["/a.realm"]);
      expect(Buffer.from(await page.callInWorker("readFile", "a.realm"), "base64").includes("Quartermaster")).toBe(false);
      expect(await codeOf(page.callInWorker("open", "a.realm", key))).toBe(key === null ? "KEY_MISSING" : "KEY_WRONG");
      expect(await page.callInWorker("open", "a.realm", OTHER_KEY)).toBe(500);
    });

    it("writes files that Node opens, and opens files that Node wrote", async () => {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-browser-"));
      try {
        const schema = [{ name: "Task", primaryKey: "_id", properties: { _id: "int", title: "string" } }] as const;
        const configuration = { schema: schema as unknown as Realm.ObjectSchema[], ...(key === null ? {} : { encryptionKey: new Uint8Array(key) }) };
        const page = await tab();
        await page.callInWorker("open", "a.realm", key);
        await page.callInWorker("addTogether", 0, 300);
        await page.callInWorker("close");
        await expectFiles(page, ["/a.realm"]);
        writeFileSync(join(folder, "a.realm"), Buffer.from(await page.callInWorker("readFile", "a.realm"), "base64"));
        const here = new Realm({ ...configuration, path: join(folder, "a.realm") });
        expect(here.objects("Task").length).toBe(300);
        here.write(() => here.create("Task", { _id: 300, title: "from Node" }));
        here.close();
        await page.callInWorker("writeFile", "b.realm", readFileSync(join(folder, "a.realm")).toString("base64"));
        expect(await page.callInWorker("open", "b.realm", key)).toBe(301);
        expect((await page.callInWorker("titles"))[300]).toBe("from Node");
        await page.callInWorker("close");
        expect(await page.callInWorker("verify", "b.realm", key)).toBe(true);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

  describe.skipIf(isSkipped)("refuses with a code", () => {
    it("a file that another tab has open, until that tab is gone", async () => {
      const host = freshHost();
      const [one, two] = [await tab(host), await tab(host)];
      await one.callInWorker("open", "a.realm", KEY);
      await one.callInWorker("add", 0, 5);
      const failure = await two.callInWorker("open", "a.realm", KEY).catch((error: { code: string; message: string }) => error);
      expect(failure).toMatchObject({ code: "STORE_LOCKED", message: expect.stringMatching(/^Encrypted interprocess sharing is currently unsupported/) });
      await closeTab(one);
      expect(await two.callInWorker("open", "a.realm", KEY)).toBe(5);
    });

    it("a call that does not wait for a file that is not ready", async () => {
      const page = await tab();
      expect(await codeOf(page.callInWorker("openAtOnce", "a.realm", KEY))).toBe("FILE_NOT_PREPARED");
    });

    it("a page, where only in-memory realms work", async () => {
      const page = await tab();
      expect(await codeOf(page.call("open", "a.realm", KEY))).toBe("WORKER_NEEDED");
      expect(await page.call("openInMemory")).toBe(2);
    });

    it("an origin that is not secure", async () => {
      const page = await tab(INSECURE);
      expect(await codeOf(page.callInWorker("open", "a.realm", KEY))).toBe("STORAGE_INSECURE");
    });

  });

  if (browserName !== "Chromium") return;
  describe.skipIf(isSkipped)("refuses with a code, where tests can do what a user does:", () => {
    it("an origin whose storage the user has blocked", async () => {
      const page = await tab(BLOCKED);
      expect(await codeOf(page.callInWorker("open", "a.realm", KEY))).toBe("STORAGE_DENIED");
    });

    it("writes after the user has cleared the site's data", async () => {
      const page = await tab();
      await page.callInWorker("open", "a.realm", KEY);
      await page.callInWorker("add", 0, 5);
      await command(page, "Storage.clearDataForOrigin", { storageTypes: "all" });
      await vi.waitFor(async () => expect(await codeOf(page.callInWorker("addMore"))).toBe("STORAGE_CLEARED"), { timeout: 20_000, interval: 200 });
      await page.callInWorker("close");
    });

    it("a write beyond the quota, and what was there before is there afterwards", async () => {
      const host = freshHost();
      const page = await tab(host);
      await page.callInWorker("open", "a.realm", KEY);
      await page.callInWorker("add", 0, 5);
      await command(page, "Storage.overrideQuotaForOrigin", { quotaSize: 12_000_000 });
      const { code, stored, expected } = await page.callInWorker("fill");
      expect(code).toBe("DISK_FULL");
      expect(stored).toBe(expected);
      await page.callInWorker("close");
      expect(await page.callInWorker("open", "a.realm", KEY)).toBe(expected);
    });
  });
});
