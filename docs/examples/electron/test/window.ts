/**
 * The window: Chromium with the application's page and its preload script, and the main process behind both.
 *
 * Not as in Electron: the page's address is `https://HOST.app.test` in place of `app://HOST` (a packaged Chromium knows no schemes of applications; both are
 * standard and secure, and what answers is the application's own handler), the preload script shares the page's world, and messages pass as JSON.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import type { BrowserContext, Page } from "playwright-core";
import type { MainProcess } from "./main-process.ts";

const EXECUTABLE = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** A profile that is kept from window to window, as Electron keeps it under `userData`. */
export function openProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { executablePath: EXECUTABLE, headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"], timeout: 120_000 });
}

/** Opens what the main process has loaded. */
export async function openWindow(context: BrowserContext, main: MainProcess): Promise<Page> {
  const { url, preload } = await main.loaded;
  const page = await context.newPage();
  const address = url.replace(/^app:\/\/([^/]+)/, "https://$1.app.test");
  await context.route("https://*.app.test/**", async (route) => {
    const { status, type, body } = await main.request(route.request().url().replace(/^https:\/\/(.+)\.app\.test/, "app://$1"));
    await route.fulfill({ status, contentType: type, body: Buffer.from(body) });
  });
  await page.exposeFunction("stubInvoke", (channel: string, values: readonly unknown[]) =>
    main.invoke(channel, ...values).then((value) => ({ value }), (error: Error) => ({ message: error.message })),
  );
  main.onSend = (channel, values) => void page.evaluate(([name, list]) => (globalThis as unknown as { stubHear(name: unknown, list: unknown): void }).stubHear(name, list), [channel, values]).catch(() => undefined);
  await page.addInitScript(`(() => {
    const listeners = [];
    globalThis.stubHear = (channel, values) => { for (const [name, listener] of listeners) if (name === channel) listener({}, ...values); };
    const electron = {
      contextBridge: { exposeInMainWorld: (name, api) => Object.defineProperty(globalThis, name, { value: Object.freeze(api) }) },
      ipcRenderer: {
        invoke: async (channel, ...values) => {
          const { value, message } = await globalThis.stubInvoke(channel, values);
          if (message !== undefined) throw new Error("Error invoking remote method '" + channel + "': " + message);
          return value;
        },
        on: (channel, listener) => void listeners.push([channel, listener]),
      },
    };
    const module = { exports: {} };
    ((require, module, exports) => {${readFileSync(preload, "utf8")}\n})((name) => { if (name === "electron") return electron; throw new Error("module not found: " + name); }, module, module.exports);
  })();`);
  await page.goto(address);
  return page;
}
