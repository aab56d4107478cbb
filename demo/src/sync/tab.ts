/**
 * A browser's tab that takes part: a real Chromium, if there is one.
 *
 * @module
 */
import { createHash, X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { missingChromium, openChromium } from "@holdfast/test-browser";
import type { TestPage } from "@holdfast/test-browser";
import type Realm from "@holdfast/realm";
import { expect, say, step } from "../stage.ts";
import { APP_ID } from "./backend.ts";
import type { Backend } from "./backend.ts";
import type { Certificate } from "./certificate.ts";
import type { IdentityProvider } from "./identity-provider.ts";
import { NOTE } from "./notes.ts";

/** What can be called in the tab; `demo/browser/in-tab.ts` has it. */
interface InTab {
  origin(): string;
  begin(options: object): Promise<string>;
  finish(options: object): Promise<string[]>;
  tag(id: string, text: string): void;
  filesWith(words: readonly string[]): Promise<{ readonly files: number; readonly found: number }>;
}

/** A tab that is open. */
export interface Tab {
  readonly version: string;
  readonly origin: string;
  readonly page: TestPage<InTab>;
  close(): Promise<void>;
}

/** Opens a tab that trusts the demo's certificate. @returns Why there is none, where no browser can be started */
export async function openTab({ cert }: Certificate): Promise<Tab | string> {
  const missing = missingChromium();
  if (missing !== undefined) return missing;
  const publicKey = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  const browser = await openChromium({ trustedKeys: [createHash("sha256").update(publicKey).digest("base64")], connectsTo: ["http", "https", "wss"].map((scheme) => `${scheme}://127.0.0.1:*`) });
  const page = await browser.open<InTab>({ entry: resolve(import.meta.dirname, "../../browser/in-tab.ts") });
  return { version: browser.version, origin: await page.call("origin"), page, close: () => browser.close() };
}

/** Ben logs in in the tab, reads, and tags a note. */
export async function tabStep(tab: Tab | string, { identities, backend, words, tagsAtPhone }: { readonly identities: IdentityProvider; readonly backend: Backend; readonly words: readonly string[]; readonly tagsAtPhone: () => Promise<Realm.List<string>> }): Promise<void> {
  step("Ben opens the notes in a browser's tab");
  if (typeof tab === "string") {
    // Where everything has to be tried, a browser that is not there is a failure.
    expect(process.env["CI"] !== "true", tab);
    say(`Not run: ${tab}`);
    return;
  }
  const oidc = { issuer: identities.issuer, clientId: identities.clientId, redirectUri: identities.redirectUri };
  const callbackUrl = await identities.visit(await tab.page.callInWorker("begin", oidc), "ben");
  const titles = await tab.page.callInWorker("finish", { app: { id: APP_ID, baseUrl: backend.baseUrl }, oidc, callbackUrl, schema: [NOTE] });
  expect(titles.join() === "Bed 4, window,Bed 7", "the tab shows both notes");
  await tab.page.callInWorker("tag", "n2", "Ben is on it");
  expect([...(await tagsAtPhone())].join() === "Ben is on it", "Ben's tag came to Anna's phone");
  const { files, found } = await tab.page.callInWorker("filesWith", words);
  expect(files > 1 && found === 0, "the browser's files hold no word of a note");
  say(`${tab.version}: ${titles.length} notes, his tag is on Anna's phone; the words of the notes are in none of the ${files} files of the page.`);
}
