/**
 * The web store in a real Chromium: each home is an origin of its own in one profile, and a restart is the browser's.
 *
 * @module
 */
import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingChromium, openChromium } from "@holdfast/test-browser";
import type { ChromiumBrowser, ChromiumPage } from "@holdfast/test-browser";
import type * as keyStorePage from "../../../browser/key-store-page.ts";
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import type { KeyStoreBinding, KeyStoreHome, NotHere, OtherProcesses } from "../binding.ts";
import type { CaseContext } from "../case.ts";
import { hex } from "../hex.ts";
import { openRemoteStore } from "./web/remote-store.ts";

type Tab = ChromiumPage<typeof keyStorePage>;

const ENTRY = fileURLToPath(new URL("../../../browser/key-store-page.ts", import.meta.url));
const BLOCKED = "blocked.localhost";
const AUTHENTICATOR = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };

/** The binding, where Chromium is. */
export async function chromiumBinding(): Promise<KeyStoreBinding | NotHere> {
  const reason = missingChromium();
  if (reason !== undefined) return { reason, isOtherSystem: process.platform !== "linux" };
  const browser = await openChromium({ blockedHosts: [BLOCKED] });
  let homes = 0;
  const openTab = (host: string): Promise<Tab> => browser.open<typeof keyStorePage>({ entry: ENTRY, host });
  return {
    name: "web: Chromium",
    kind: "real",
    description: `openWebStore of @holdfast/key-store-web in ${browser.version}; the cases run in Node, the stores in the browser's tabs`,
    backend: "indexeddb",
    simulated: [30, 44],
    openHome: () => openHome(browser, `home${(homes += 1)}.localhost`),
    ownCases: { 41: (context) => optionsAreRefused(context, openTab), 52: (context) => faultsOfBrowsers(context, openTab) },
    cleanUp: () => browser.close(),
  };
}

async function openHome(browser: ChromiumBrowser, host: string): Promise<KeyStoreHome> {
  const openTab = (): Promise<Tab> => browser.open<typeof keyStorePage>({ entry: ENTRY, host });
  let tab = await openTab();
  const restart = async (whileClosed: () => void = () => undefined): Promise<void> => {
    await browser.restart(whileClosed);
    tab = await openTab();
  };
  const clear = async (): Promise<void> => void (await tab.command("Storage.clearDataForOrigin", { origin: await tab.call("origin"), storageTypes: "all" }));
  return {
    open: (namespace) => openRemoteStore(tab, namespace),
    restart,
    cleanUp: () => tab.close(),
    others: otherTabs(openTab),
    raw: {
      snapshot: () => tab.call("snapshot"),
      async alter(namespace, name, change) {
        const bytes = Uint8Array.from(Buffer.from(await tab.call("record", namespace, name), "hex"));
        await tab.call("putRecord", namespace, name, hex(change(bytes)));
      },
    },
    removeBackend: () => tab.call("takeIndexedDbAway"),
    damages: [
      { title: "the site's data is cleared", codes: ["KEY_LOST"], apply: clear },
      { title: "the wrapping key is gone", codes: ["KEY_LOST"], apply: () => tab.call("loseWrappingKeys", "deleted") },
      { title: "another wrapping key is in its place", codes: ["KEY_CORRUPT"], apply: () => tab.call("loseWrappingKeys", "another") },
      { title: "the browser's files are cut while it is closed", codes: ["KEY_LOST"], apply: () => restart(() => eachFile(browser, host, /\.log$|\.ldb$/u, (path) => truncateSync(path, 0))) },
      { title: "the browser's files are garbage", codes: ["KEY_LOST"], apply: () => restart(() => eachFile(browser, host, /./u, (path) => writeFileSync(path, "garbage"))) },
    ],
    async plantForeign(namespace) {
      await tab.call("plantForeign", namespace);
      return () => tab.call("isForeignThere", namespace);
    },
    async loseWrites() {
      await tab.call("loseWrites", true);
      return () => void tab.call("loseWrites", false);
    },
    // A new device has a new profile: neither keys nor entries.
    restoreWithoutKeys: clear,
  };
}

/** Half of the callers are workers of the other half's tabs. */
function otherTabs(openTab: () => Promise<Tab>): OtherProcesses {
  const dieIn = async (start: (tab: Tab) => Promise<void>, afterMs = 0): Promise<void> => {
    const tab = await openTab();
    await start(tab);
    if (afterMs > 0) await new Promise((resolve) => void setTimeout(resolve, afterMs));
    await tab.close();
  };
  return {
    async getOrCreate(namespace, name, count) {
      const tabs = await Promise.all(Array.from({ length: Math.ceil(count / 2) }, openTab));
      const callers = tabs.flatMap((tab) => [() => tab.call("getOrCreate", namespace, name), () => tab.callInWorker("getOrCreate", namespace, name)]).slice(0, count);
      // Workers start when they are first called; all are there before one may begin.
      await Promise.all(tabs.map((tab) => tab.callInWorker("origin")));
      const keys = await Promise.all(callers.map((caller) => caller()));
      await Promise.all(tabs.map((tab) => tab.close()));
      return keys;
    },
    dieHolding: (namespace, name) => dieIn((tab) => tab.call("hangInside", namespace, name)),
    dieCreating: (namespace, name) => dieIn((tab) => tab.call("hangAfterCreate", namespace, name)),
    dieWriting: (namespace, prefix, afterMs) => dieIn((tab) => tab.call("makeKeysForEver", namespace, prefix), afterMs),
  };
}

/** The files of one origin's IndexedDB. */
function eachFile(browser: ChromiumBrowser, host: string, names: RegExp, damage: (path: string) => void): void {
  const folder = join(browser.profile, "Default/IndexedDB");
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.startsWith(`http_${host}_`) && names.test(path));
  const files = paths.map((path) => join(folder, path)).filter((path) => statSync(path).isFile());
  if (files.length === 0) throw new Error("the browser keeps its files elsewhere: nothing could be damaged");
  for (const path of files) damage(path);
}

async function optionsAreRefused({ note }: CaseContext, openTab: (host: string) => Promise<Tab>): Promise<void> {
  const tab = await openTab("options.localhost");
  const refused = { wrapKeyIv: "AAAA", useSessionStorage: true, wrapKey: "too short", accessibility: "unlocked", resetOnError: true, synchronizable: true, persist: 1 };
  for (const [option, value] of Object.entries(refused)) await claimRefused(`the option ${option}`, () => tab.call("openWith", { [option]: value }), { codes: ["UNSUPPORTED_OPTION"] });
  const accepted = { dbName: "another", publicKey: "another", wrapKey: Buffer.alloc(32, 7).toString("base64"), useSessionStorage: false };
  claimEqual(await tab.call("openWith", accepted), ["another"], "the databases after the options that are mapped");
  note(`${Object.keys(refused).length} options refused, ${Object.keys(accepted).length} accepted`);
  await tab.close();
}

async function faultsOfBrowsers({ note, open, home, keysOf }: CaseContext, openTab: (host: string) => Promise<Tab>): Promise<void> {
  const name = "clinic";
  const key = hex(await keysOf(await open()).getOrCreate({ name, databaseExists: false }));
  const [second] = (await home.others?.getOrCreate("case-52", name, 1)) ?? [];
  claimEqual(second, key, "the second tab's key");
  await home.restoreWithoutKeys?.();
  await claimRefused("cleared site data", async () => keysOf(await open()).getOrCreate({ name, databaseExists: true }), { codes: ["KEY_LOST"] });
  for (const [host, what] of [["insecure.test", "an insecure context"], [BLOCKED, "blocked site data"]] as const) {
    const tab = await openTab(host);
    await claimRefused(what, () => tab.call("open", "case-52"), { codes: ["STORE_UNAVAILABLE"] });
    await tab.close();
  }
  const tab = await openTab("passkeys.localhost");
  await tab.command("WebAuthn.enable");
  const { authenticatorId } = (await tab.command("WebAuthn.addVirtualAuthenticator", { options: { ...AUTHENTICATOR, hasPrf: false } })) as { authenticatorId: string };
  await claimRefused("an authenticator without PRF", () => tab.call("makePasskey"), { codes: ["UNSUPPORTED_OPTION"] });
  await tab.command("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
  await tab.command("WebAuthn.addVirtualAuthenticator", { options: { ...AUTHENTICATOR, hasPrf: true } });
  claim((await tab.call("makePasskey")).length > 0, "an authenticator with PRF makes no passkey");
  await tab.close();
  note("PRF with Chromium's virtual authenticator");
}
