/**
 * One Chromium for all tests of a file; each test has a host, and so a storage, of its own.
 */
import { join } from "node:path";
import { missingChromium, openChromium } from "@holdfast/test-browser";
import type { ChromiumBrowser, ChromiumPage } from "@holdfast/test-browser";
import { afterAll, afterEach, beforeAll } from "vitest";

const reasonNotRun = missingChromium();
/** True where Chromium is missing; in CI that is a failure. */
export const isSkipped: boolean = reasonNotRun !== undefined && process.env["CI"] === undefined;

export type Page = ChromiumPage<typeof import("./in-page.ts")>;
const entry = join(import.meta.dirname, "in-page.ts");
/** A browser takes long to start where everything else runs, too. */
const HOOK_MS = 120_000;
/** For what another tab does in its own time. */
export const PATIENT: { readonly timeout: number } = { timeout: 60_000 };
let browser: ChromiumBrowser | undefined;
const opened: Page[] = [];
let count = 0;

/** Says in the title why tests are skipped. */
export function titleOf(title: string): string {
  return reasonNotRun === undefined ? title : `${title} (not run: ${reasonNotRun})`;
}

/** Starts the browser before the file's tests and ends it behind them. */
export function useChromium(options: Parameters<typeof openChromium>[0] = {}): void {
  beforeAll(async () => {
    if (reasonNotRun !== undefined) throw new Error(reasonNotRun);
    browser = await openChromium(options);
  }, HOOK_MS);
  // Whatever a test leaves open takes its time from those that follow.
  afterEach(async () => void (await Promise.all(opened.splice(0).map((page) => page.close()))), HOOK_MS);
  afterAll(async () => browser?.close(), HOOK_MS);
}

export function chromium(): ChromiumBrowser {
  if (browser === undefined) throw new Error("no browser");
  return browser;
}

/** A host that no test has used: a secure context with nothing stored. */
export function freshHost(): string {
  count += 1;
  return `t${count}.localhost`;
}

/** One tab, without a store. */
export async function tab(host: string = freshHost(), options: { isSandboxed?: boolean } = {}): Promise<Page> {
  const page: Page = await chromium().open({ entry, host, ...options });
  opened.push(page);
  return page;
}

/** Two tabs of one host, each with an open store. */
export async function twoTabs(): Promise<readonly [Page, Page]> {
  const host = freshHost();
  return Promise.all([storeTab(host), storeTab(host)]);
}

/** One tab with an open store. */
export async function storeTab(host: string = freshHost()): Promise<Page> {
  const page = await tab(host);
  await page.call("open");
  return page;
}

/** The code that a promise is rejected with, or "resolved". */
export async function rejected(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "resolved",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}
