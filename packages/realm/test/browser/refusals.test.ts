/**
 * Browsers that keep nothing, or no longer: each has its code, or does what it can.
 *
 * What needs a browser started in a way of its own; the others are in browser.test.ts.
 *
 * @module
 */
import { join } from "node:path";
import { missingChromium, missingFirefox, openChromium, openFirefox, type TestBrowser, type TestPage } from "@holdfast/test-browser";
import { afterEach, describe, expect, it, vi } from "vitest";

type InPage = typeof import("./in-page.ts");

const KEY = Array.from({ length: 64 }, (_, i) => i);
const ENTRY = join(import.meta.dirname, "in-page.ts");

let browser: TestBrowser | undefined;

afterEach(async () => {
  await browser?.close();
  browser = undefined;
}, 60_000);

async function tabOf(started: TestBrowser): Promise<TestPage<InPage>> {
  browser = started;
  return started.open<InPage>({ entry: ENTRY, host: "refused.localhost" });
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing thrown",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}

// In CI a browser that is missing is a failure.
const isInCi = process.env["CI"] !== undefined;

describe.skipIf(missingFirefox() !== undefined && !isInCi)("Firefox", () => {
  it("in a private window: STORAGE_DENIED", async () => {
    const page = await tabOf(await openFirefox({ isPrivate: true }));
    expect(await codeOf(page.callInWorker("open", "a.realm", KEY))).toBe("STORAGE_DENIED");
    expect(await page.callInWorker("openInMemory")).toBe(2);
  });

  it("without an origin private file system: STORAGE_UNSUPPORTED", async () => {
    const page = await tabOf(await openFirefox({ preferences: { "dom.fs.enabled": false } }));
    expect(await codeOf(page.callInWorker("open", "a.realm", KEY))).toBe("STORAGE_UNSUPPORTED");
  });

  it("with little room: DISK_FULL, and what was committed is there, also when the storage is cleared later: STORAGE_CLEARED", async () => {
    // In KiB; a site gets a fifth of it, at least 10 MiB.
    const firefox = await openFirefox({ preferences: { "dom.quotaManager.temporaryStorage.fixedLimit": 51_200 } });
    const page = await tabOf(firefox);
    await page.callInWorker("open", "a.realm", KEY);
    await page.callInWorker("add", 0, 5);
    const { code, said, stored, expected } = await page.callInWorker("fill");
    expect({ code, said }).toMatchObject({ code: "DISK_FULL" });
    expect(stored).toBe(expected);
    await page.callInWorker("close");
    expect(await page.callInWorker("open", "a.realm", KEY)).toBe(expected);
    await firefox.clearStorage(await page.callInWorker("origin"));
    await vi.waitFor(async () => expect(await codeOf(page.callInWorker("addMore"))).toBe("STORAGE_CLEARED"), { timeout: 20_000, interval: 20 });
    await page.callInWorker("close");
  });
});

describe.skipIf(missingChromium() !== undefined && !isInCi)("Chromium", () => {
  it("in a private window: works until it is closed", async () => {
    const page = await tabOf(await openChromium({ isPrivate: true }));
    expect(await page.callInWorker("open", "a.realm", KEY)).toBe(0);
    await page.callInWorker("add", 0, 5);
    await page.callInWorker("close");
    expect(await page.callInWorker("open", "a.realm", KEY)).toBe(5);
    await page.close();
    await browser?.restart();
    const next = await browser?.open<InPage>({ entry: ENTRY, host: "refused.localhost" });
    expect(await next?.callInWorker("open", "a.realm", KEY)).toBe(0);
  });
});
