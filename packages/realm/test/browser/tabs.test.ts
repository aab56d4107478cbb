/**
 * Several tabs on one database, in real browsers. `TAB_KILLS=200` for more workers that are ended; `KILL_SEED` repeats a run.
 *
 * @module
 */
import { join } from "node:path";
import { missingChromium, missingFirefox, openChromium, openFirefox, type TestBrowser, type TestPage } from "@holdfast/test-browser";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

type InPage = typeof import("./tabs-in-page.ts");
type Page = TestPage<InPage>;

const ROUNDS = Number(process.env["TAB_KILLS"] ?? 5);
const SEED = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const KEY = Array.from({ length: 64 }, (_, index) => index);
const ENTRY = join(import.meta.dirname, "tabs-in-page.ts");
const BROWSERS: readonly { readonly name: string; readonly missing: string | undefined; open(): Promise<TestBrowser> }[] = [
  { name: "Chromium", missing: missingChromium(), open: () => openChromium() },
  { name: "Firefox", missing: missingFirefox(), open: () => openFirefox() },
];

let browser: TestBrowser;
let hostCount = 0;
const open: Page[] = [];

async function tabs(count: number, host = `tabs-${(hostCount += 1)}.localhost`): Promise<Page[]> {
  const pages: Page[] = [];
  for (let index = 0; index < count; index += 1) pages.push(await browser.open<InPage>({ entry: ENTRY, host }));
  open.push(...pages);
  return pages;
}

async function closeTab(page: Page): Promise<void> {
  open.splice(open.indexOf(page), 1);
  await page.close();
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing thrown",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

// In CI a browser that is missing is a failure.
describe.each(BROWSERS.filter(({ missing }) => missing === undefined || process.env["CI"] !== undefined))("tabs of $name", ({ open: openBrowser }) => {
  beforeAll(async () => {
    browser = await openBrowser();
  }, 180_000);
  afterEach(async () => {
    for (const page of open.splice(0)) await page.close();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("share one encrypted database, hear of each other's changes, and go on when the owner's tab is closed", async () => {
    const [one, two, three] = (await tabs(3)) as [Page, Page, Page];
    expect(await one.call("open", "a.realm", KEY)).toBe("this tab");
    expect([await two.call("open", "a.realm", KEY), await three.call("open", "a.realm", KEY)]).toEqual(["another tab", "another tab"]);
    await three.call("listen");
    await two.call("add", 0, 10);
    expect(await one.call("ids")).toEqual(upTo(10));
    await vi.waitFor(async () => expect(await three.call("told")).toEqual({ ids: upTo(10), misfits: [] }), { timeout: 20_000 });
    expect(await two.call("refused")).toEqual(["QueryError", "QUERY_SYNTAX"]);
    await closeTab(one);
    // Reading finds the next owner; a write may still go to the one that is gone, and be COMMIT_UNKNOWN.
    await two.call("ids");
    await two.call("add", 10, 15);
    await vi.waitFor(async () => expect(await three.call("told")).toEqual({ ids: upTo(15), misfits: [] }), { timeout: 20_000 });
    expect([await two.call("owner"), await three.call("owner")].toSorted()).toEqual(["another tab", "this tab"]);
    await two.call("close");
    await three.call("add", 15, 16);
    expect(await three.call("ids")).toEqual(upTo(16));
  });

  it("five, of which one after the other is closed while all write", async () => {
    const pages = await tabs(5);
    for (const page of pages) await page.call("open", "a.realm", null);
    let done = 0;
    for (const [index, page] of pages.entries()) {
      const others = pages.slice(index + 1);
      const writes = others.map((other, place) => other.call("add", (index * 5 + place) * 100, (index * 5 + place) * 100 + 10).then(() => (done += 10), (error: { code?: string }) => expect(error.code).toBe("COMMIT_UNKNOWN")));
      await closeTab(page);
      await Promise.all(writes);
      const [next] = others;
      if (next !== undefined) expect((await next.call("ids")).length).toBeGreaterThanOrEqual(done);
    }
  });

  it("a write that is under way when the owner's worker ends is COMMIT_UNKNOWN", async () => {
    const [one, two] = (await tabs(2)) as [Page, Page];
    await one.call("open", "a.realm", KEY);
    await two.call("open", "a.realm", KEY);
    const fates = [codeOf(one.call("hold", 1)), codeOf(two.call("hold", 2))];
    await one.call("terminate");
    expect(await Promise.all(fates)).toEqual(["COMMIT_UNKNOWN", "COMMIT_UNKNOWN"]);
    await one.call("add", 3, 4);
    expect(await two.call("ids")).toEqual([3]);
  });

  it("an owner that does not answer is given up, and what it had not begun by then it never does", async () => {
    const [one, two] = (await tabs(2)) as [Page, Page];
    await one.call("open", "a.realm", null);
    await two.call("open", "a.realm", null, 300);
    const blocked = one.call("block", 2000);
    await vi.waitFor(async () => expect(await codeOf(two.call("ids"))).toBe("OWNER_SILENT"), { timeout: 20_000 });
    expect(await codeOf(two.call("add", 1, 2))).toBe("COMMIT_UNKNOWN");
    expect(await blocked).toBe(0);
    await two.call("add", 2, 3);
    expect(await two.call("ids")).toEqual([2]);
  });

  it.each([
    ["plain", null],
    ["encrypted", KEY],
  ])(`${ROUNDS} owners that are ended at random moments lose no commit that returned, %s (seed ${SEED})`, async (name, key) => {
    const [page] = (await tabs(1)) as [Page];
    const report = await page.call("endOwners", ROUNDS, { path: "app/a.realm", key, clients: 3, seed: SEED });
    if (process.env["TAB_KILLS"] !== undefined) console.log(name, report);
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(report.misfits).toEqual([]);
    expect(await page.callInWorker("verify", "app/a.realm", key)).toBe(true);
  });

  it("an origin that is not secure is refused with its code", async () => {
    const [page] = (await tabs(1, "plain.test")) as [Page];
    expect(await codeOf(page.call("open", "a.realm", KEY))).toBe("STORAGE_INSECURE");
  });
});
