/**
 * Debian's Firefox, or any other that `FIREFOX_PATH` names, through WebDriver BiDi.
 *
 * playwright-core needs a Firefox that was patched for it; the packaged one speaks BiDi, of which this takes the few commands that tests need.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBidi } from "./bidi.ts";
import type { BidiSession } from "./bidi.ts";
import type { CallableName, TestBrowser, TestBrowserOptions, TestPage, TestPageOptions } from "./browser.ts";
import type { Answer } from "./client.ts";
import { errorOf } from "./page-error.ts";
import { PageServer } from "./page-server.ts";

const EXECUTABLE = process.env["FIREFOX_PATH"] ?? "/usr/bin/firefox-esr";

/** Beside `.localhost`, which is a secure context: these lead to this machine, too, and are none. */
const PLAIN_HOSTS = ["plain.test", "insecure.test"];

const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  "network.dns.localDomains": PLAIN_HOSTS.join(","),
  "app.update.disabledForTesting": true,
  "browser.shell.checkDefaultBrowser": false,
  "browser.aboutwelcome.enabled": false,
  "browser.startup.page": 0,
  "browser.safebrowsing.downloads.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "datareporting.healthreport.uploadEnabled": false,
  "toolkit.telemetry.enabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "dom.security.https_only_mode": false,
};

/** Run with the rights of the browser itself, which `--remote-allow-system-access` gives to tests. */
const CLEAR = `(origin) => new Promise((resolve) => {
  const principal = Services.scriptSecurityManager.createContentPrincipalFromOrigin(origin);
  Services.clearData.deleteDataFromPrincipal(principal, true, Ci.nsIClearDataService.CLEAR_DOM_STORAGES, resolve);
})`;

/** How long Firefox may take to say where it listens, in ms. */
const START_MS = 180_000;

/** Why Firefox cannot be started here; undefined if it can. */
export function missingFirefox(): string | undefined {
  return existsSync(EXECUTABLE) ? undefined : `there is no ${EXECUTABLE}: apt-get install firefox-esr, or set FIREFOX_PATH`;
}

/** What else can be said about a Firefox. */
export interface FirefoxOptions extends Pick<TestBrowserOptions, "isPrivate"> {
  /** Preferences beside the usual ones, as in `about:config`. */
  readonly preferences?: Readonly<Record<string, string | number | boolean>>;
}

/** Firefox with a profile of its own. */
export interface FirefoxBrowser extends TestBrowser {
  /** Where the profile lies. */
  readonly profile: string;
  /** Does what "Clear cookies and site data" does for an origin. */
  clearStorage(origin: string): Promise<void>;
}

/** Starts Firefox without a window. */
export async function openFirefox({ isPrivate = false, preferences = {} }: FirefoxOptions = {}): Promise<FirefoxBrowser> {
  const server = await PageServer.start();
  const profile = mkdtempSync(join(tmpdir(), "holdfast-firefox-"));
  const all = { ...PREFERENCES, ...(isPrivate ? { "browser.privatebrowsing.autostart": true } : {}), ...preferences };
  writeFileSync(join(profile, "user.js"), Object.entries(all).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(""));
  let running = await launch(profile);
  return {
    profile,
    version: `Firefox ${running.session.version}`,
    async open<Exports extends object>(options: TestPageOptions) {
      const address = `http://${options.host ?? "localhost"}:${server.port}${await server.pathOf(options)}`;
      return FirefoxTab.open<Exports>(running.session, address);
    },
    async clearStorage(origin) {
      const { contexts } = await running.session.send<{ contexts: readonly { context: string }[] }>("browsingContext.getTree", { "moz:scope": "chrome" });
      const outcome = await running.session.send<{ exceptionDetails?: { text: string } }>("script.callFunction", { functionDeclaration: CLEAR, arguments: [{ type: "string", value: origin }], awaitPromise: true, target: { context: contexts[0]?.context } });
      if (outcome.exceptionDetails !== undefined) throw new Error(outcome.exceptionDetails.text);
    },
    async restart(whileClosed = () => undefined) {
      await end(running);
      whileClosed();
      running = await launch(profile);
    },
    async close() {
      await end(running);
      await server.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly session: BidiSession;
}

async function launch(profile: string): Promise<Running> {
  const child = spawn(EXECUTABLE, ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0", "--remote-allow-system-access"], { stdio: ["ignore", "ignore", "pipe"] });
  return { child, session: await openBidi(await addressOf(child)) };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`Firefox ended with ${status ?? "a signal"} before it listened: ${said.slice(-500)}`)));
    const timer = setTimeout(() => reject(new Error(`Firefox has not said where it listens: ${said.slice(-500)}`)), START_MS);
    // The stream is read to its end, so that the browser never waits for us.
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000);
      const address = /WebDriver BiDi listening on (?<address>ws:\S+)/u.exec(said)?.groups?.["address"];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

async function end({ child, session }: Running): Promise<void> {
  const ended = child.exitCode === null ? new Promise((resolve) => child.once("exit", resolve)) : undefined;
  await session.send("browser.close", {}).catch(() => undefined);
  session.close();
  await ended;
}

class FirefoxTab<Exports extends object> implements TestPage<Exports> {
  readonly #session: BidiSession;
  readonly #context: string;

  private constructor(session: BidiSession, context: string) {
    this.#session = session;
    this.#context = context;
  }

  static async open<Exports extends object>(session: BidiSession, address: string): Promise<FirefoxTab<Exports>> {
    const { context } = await session.send<{ context: string }>("browsingContext.create", { type: "tab" });
    const tab = new FirefoxTab<Exports>(session, context);
    await session.send("browsingContext.navigate", { context, url: address, wait: "complete" });
    await tab.#waitUntilReady();
    return tab;
  }

  call: TestPage<Exports>["call"] = (name, ...values) => this.#ask("call", name, values);
  callInWorker: TestPage<Exports>["callInWorker"] = (name, ...values) => this.#ask("callInWorker", name, values);

  async reload(): Promise<void> {
    await this.#session.send("browsingContext.reload", { context: this.#context, wait: "complete" });
    await this.#waitUntilReady();
  }

  async close(): Promise<void> {
    await this.#session.send("browsingContext.close", { context: this.#context });
  }

  async #waitUntilReady(): Promise<void> {
    const isReady = await this.#evaluate(`async () => {
      for (let waited = 0; waited < 30000 && !("holdfastCalls" in globalThis); waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
      return JSON.stringify("holdfastCalls" in globalThis);
    }`);
    if (isReady !== true) throw new Error("the page does not answer: its bundle did not run");
  }

  async #ask<Result>(how: "call" | "callInWorker", name: CallableName<Exports>, values: readonly unknown[]): Promise<Result> {
    const answer = (await this.#evaluate(`async (how, name, values) => JSON.stringify(await holdfastCalls[how](name, JSON.parse(values)))`, [how, name, JSON.stringify(values)])) as Answer;
    if ("failure" in answer) throw errorOf(answer.failure);
    return answer.value as Result;
  }

  /** Calls a function in the page that returns JSON. */
  async #evaluate(functionDeclaration: string, texts: readonly string[] = []): Promise<unknown> {
    const given = texts.map((value) => ({ type: "string", value }));
    const outcome = await this.#session.send<{ result?: { value?: string }; exceptionDetails?: { text: string } }>("script.callFunction", {
      functionDeclaration,
      arguments: given,
      awaitPromise: true,
      target: { context: this.#context },
    });
    if (outcome.exceptionDetails !== undefined) throw new Error(outcome.exceptionDetails.text);
    return JSON.parse(outcome.result?.value ?? "null") as unknown;
  }
}
