/**
 * Crash safety in the browser: workers that are ended at random moments. `KILLS=300` for more; `KILL_SEED` repeats a run.
 *
 * @module
 */
import { join } from "node:path";
import { missingChromium, missingFirefox, openChromium, openFirefox, type TestBrowser } from "@holdfast/test-browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROUNDS = Number(process.env["KILLS"] ?? 6);
const SEED = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ENTRY = join(import.meta.dirname, "kills-in-page.ts");
const BROWSERS: readonly { readonly name: string; readonly missing: string | undefined; open(): Promise<TestBrowser> }[] = [
  { name: "Chromium", missing: missingChromium(), open: () => openChromium() },
  { name: "Firefox", missing: missingFirefox(), open: () => openFirefox() },
];
let browser: TestBrowser;

// In CI a browser that is missing is a failure.
describe.each(BROWSERS.filter(({ missing }) => missing === undefined || process.env["CI"] !== undefined))("workers of $name", ({ open }) => {
  beforeAll(async () => {
    browser = await open();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
  });

  it.each([
    ["plain", null],
    ["encrypted", Array.from({ length: 64 }, (_, i) => i)],
  ])(`ended ${ROUNDS} times at random moments lose no commit that returned, %s (seed ${SEED})`, async (name, key) => {
    const page = await browser.open<typeof import("./kills-in-page.ts")>({ entry: ENTRY, host: `kills-${name}.localhost` });
    const report = await page.call("killWorkers", ROUNDS, { path: "app/a.realm", key, seed: SEED });
    if (process.env["KILLS"] !== undefined) console.log(name, report);
    expect(report.commits).toBeGreaterThan(0);
    await page.close();
  });
});
