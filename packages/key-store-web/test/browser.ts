/**
 * One Chromium for all tests of a file. A test has tabs of a shared host, which are emptied behind it, or a host of its own.
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
/** Opening a tab takes a process, and most of the time that these tests take: tabs of this host are used again. */
const SHARED_HOST = "shared.localhost";
const free: Page[] = [];
const lent: Page[] = [];
/** Of other hosts; closed behind the test that opened them. */
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
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page.close()));
    await takeBack();
  }, HOOK_MS);
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

/** One tab, without a store: of the shared host, with nothing stored, unless another host is asked for. */
export async function tab(host: string = SHARED_HOST, options: { isSandboxed?: boolean } = {}): Promise<Page> {
  const isShared = host === SHARED_HOST;
  const page: Page = (isShared ? await freeTab() : undefined) ?? (await chromium().open({ entry, host, ...options }));
  (isShared ? lent : opened).push(page);
  return page;
}

async function freeTab(): Promise<Page | undefined> {
  for (let page = free.pop(); page !== undefined; page = free.pop()) if (await isOpen(page.call("origin"))) return page;
  return undefined;
}

/** Ends what runs in the shared host's tabs, and empties its storage. */
async function takeBack(): Promise<void> {
  if (lent.length === 0) return;
  for (const page of lent.splice(0)) if (await isOpen(page.reload())) free.push(page);
  const cleaner = (await freeTab()) ?? (await chromium().open<typeof import("./in-page.ts")>({ entry, host: SHARED_HOST }));
  await cleaner.call("deleteDatabases");
  free.push(cleaner);
}

/** False for a tab that was closed, or that a restart has ended. */
function isOpen(action: Promise<unknown>): Promise<boolean> {
  return action.then(
    () => true,
    () => false,
  );
}

/** Two tabs of the shared host, each with an open store. */
export async function twoTabs(): Promise<readonly [Page, Page]> {
  return Promise.all([storeTab(), storeTab()]);
}

/** One tab with an open store. */
export async function storeTab(host?: string): Promise<Page> {
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
