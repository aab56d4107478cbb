/**
 * Debian's Chromium, or any other that `CHROMIUM_PATH` names, through playwright-core.
 *
 * One persistent profile: in a private window much of the storage is memory behind a process boundary, and behaves differently.
 *
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import type { CallableName, TestBrowser, TestBrowserOptions, TestPage, TestPageOptions } from "./browser.ts";
import type { Answer, WindowCalls } from "./client.ts";
import { errorOf } from "./page-error.ts";
import { PageServer } from "./page-server.ts";

/** Linux alone was tried. */
const PLACES: Readonly<Record<string, string>> = {
  linux: "/usr/bin/chromium",
  darwin: "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  win32: "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
};
const EXECUTABLE = process.env["CHROMIUM_PATH"] ?? PLACES[process.platform] ?? "/usr/bin/chromium";

/** Without a sandbox: the pages are our own, and the sandbox does not start for root or in many containers. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * 127.0.0.1",
];

/** How long a page's bundle may take to run, in ms. */
const READY_MS = 60_000;
/** How long the browser may take for anything, in ms: tests run beside others, and a slow machine is no failure. */
const PATIENCE_MS = 120_000;

/** The content setting that blocks. */
const BLOCK = 2;

/** Why Chromium cannot be started here; undefined if it can. */
export function missingChromium(): string | undefined {
  return existsSync(EXECUTABLE) ? undefined : `there is no ${EXECUTABLE}: apt-get install chromium, or set CHROMIUM_PATH`;
}

/** A tab of Chromium. */
export interface ChromiumPage<Exports extends object> extends TestPage<Exports> {
  /** One command of the DevTools protocol to this tab. */
  command(method: string, values?: object): Promise<unknown>;
}

/** Chromium with a profile of its own. */
export interface ChromiumBrowser extends TestBrowser {
  /** Where the profile lies. */
  readonly profile: string;
  open<Exports extends object>(options: TestPageOptions): Promise<ChromiumPage<Exports>>;
}

/** Starts Chromium without a window. */
export async function openChromium({ blockedHosts = [], isPrivate = false, trustedKeys = [], connectsTo = [] }: TestBrowserOptions = {}): Promise<ChromiumBrowser> {
  const server = await PageServer.start(connectsTo);
  const profile = mkdtempSync(join(tmpdir(), "holdfast-chromium-"));
  writePreferences(profile, blockedHosts);
  const flags = [...FLAGS, ...(trustedKeys.length === 0 ? [] : [`--ignore-certificate-errors-spki-list=${trustedKeys.join(",")}`])];
  const start = isPrivate ? launchPrivate : launch;
  let context = await start(profile, flags);
  return {
    profile,
    version: `Chromium ${context.browser()?.version() ?? "of unknown version"}`,
    async open<Exports extends object>(options: TestPageOptions) {
      const address = `http://${options.host ?? "localhost"}:${server.port}${await server.pathOf(options)}`;
      const tab = await ChromiumTab.open<Exports>(context, address);
      return tab;
    },
    async restart(whileClosed = () => undefined) {
      await context.close();
      whileClosed();
      context = await start(profile, flags);
    },
    async close() {
      await context.close();
      await server.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function launch(profile: string, args: string[]): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(profile, { executablePath: EXECUTABLE, headless: true, args, timeout: PATIENCE_MS });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

/** A context of its own is what the browser calls a private window; it has no profile. */
async function launchPrivate(_profile: string, args: string[]): Promise<BrowserContext> {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, headless: true, args, timeout: PATIENCE_MS });
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  context.on("close", () => void browser.close());
  return context;
}

function writePreferences(profile: string, blockedHosts: readonly string[]): void {
  const cookies = Object.fromEntries(blockedHosts.map((host) => [`${host},*`, { setting: BLOCK }]));
  mkdirSync(join(profile, "Default"), { recursive: true });
  writeFileSync(join(profile, "Default/Preferences"), JSON.stringify({ profile: { content_settings: { exceptions: { cookies } } } }));
}

class ChromiumTab<Exports extends object> implements ChromiumPage<Exports> {
  readonly #page: Page;
  readonly #errors: string[] = [];
  #session: CDPSession | undefined;

  private constructor(page: Page) {
    this.#page = page;
    page.on("pageerror", (error) => this.#errors.push(String(error)));
  }

  static async open<Exports extends object>(context: BrowserContext, address: string): Promise<ChromiumTab<Exports>> {
    const tab = new ChromiumTab<Exports>(await context.newPage());
    await tab.#page.goto(address);
    await tab.#assertReady();
    return tab;
  }

  call: TestPage<Exports>["call"] = (name, ...values) => this.#ask("call", name, values);
  callInWorker: TestPage<Exports>["callInWorker"] = (name, ...values) => this.#ask("callInWorker", name, values);

  async command(method: string, values: object = {}): Promise<unknown> {
    this.#session ??= await this.#page.context().newCDPSession(this.#page);
    return this.#session.send(method as never, values as never);
  }

  async reload(): Promise<void> {
    await this.#page.reload();
    await this.#assertReady();
  }

  async close(): Promise<void> {
    await this.#page.close();
  }

  async #assertReady(): Promise<void> {
    try {
      // A module may wait for something at its top.
      await this.#page.waitForFunction(() => "holdfastCalls" in globalThis, undefined, { timeout: this.#errors.length === 0 ? READY_MS : 1 });
    } catch (error) {
      throw new Error(`the page does not answer: ${this.#errors.join("; ") || "its bundle did not run"}`, { cause: error });
    }
  }

  async #ask<Result>(how: keyof WindowCalls, name: CallableName<Exports>, values: readonly unknown[]): Promise<Result> {
    const ask = (question: { how: keyof WindowCalls; name: string; values: readonly unknown[] }): Promise<Answer> =>
      (globalThis as unknown as { holdfastCalls: WindowCalls }).holdfastCalls[question.how](question.name, question.values);
    const answer = await this.#page.evaluate(ask, { how, name, values });
    if ("value" in answer) return answer.value as Result;
    throw errorOf(answer.failure);
  }
}
