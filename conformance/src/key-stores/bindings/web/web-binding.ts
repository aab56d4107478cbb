/**
 * The web store in a real browser: each home is an origin of its own in one profile, and a restart is the browser's.
 *
 * @module
 */
import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestBrowser, TestPage } from "@holdfast/test-browser";
import type * as keyStorePage from "../../../../browser/key-store-page.ts";
import { claimEqual, claimRefused } from "../../../claims.ts";
import type { BackingDamage, KeyStoreBinding, KeyStoreHome, OtherProcesses } from "../../binding.ts";
import type { CaseContext } from "../../case.ts";
import { hex } from "../../hex.ts";
import { openRemoteStore } from "./remote-store.ts";

/** A tab with the suite's page. */
export type KeyStoreTab = TestPage<typeof keyStorePage>;

/** A browser and what it alone can do. */
export interface WebPlatform {
  readonly name: string;
  readonly browser: TestBrowser;
  openTab(host: string): Promise<KeyStoreTab>;
  /** As the user does in the settings. */
  clearSiteData(host: string): Promise<void>;
  /** Where the profile keeps a host's IndexedDB, and what of it may be cut. */
  readonly files: { readonly folder: string; readonly isOf: (path: string, host: string) => boolean; readonly cuttable: RegExp; readonly codes: readonly string[] };
  /** The rest of case 52. @returns What was done, for the report. */
  ownFaults(): Promise<string>;
}

/** Where the page's source is. */
export const KEY_STORE_PAGE: string = fileURLToPath(new URL("../../../../browser/key-store-page.ts", import.meta.url));

/** The binding of a browser. */
export function webBinding(platform: WebPlatform): KeyStoreBinding {
  const { browser, name } = platform;
  let homes = 0;
  return {
    name,
    kind: "real",
    description: `openWebStore of @holdfast/key-store-web in ${browser.version}; the cases run in Node, the stores in tabs, other processes are tabs and their workers`,
    backend: "indexeddb",
    simulated: [30, 44],
    openHome: () => openHome(platform, `home${(homes += 1)}.localhost`),
    ownCases: { 41: (context) => optionsAreRefused(context, platform), 52: (context) => faultsOfBrowsers(context, platform) },
    cleanUp: () => browser.close(),
  };
}

async function openHome(platform: WebPlatform, host: string): Promise<KeyStoreHome> {
  const openTab = (): Promise<KeyStoreTab> => platform.openTab(host);
  let tab = await openTab();
  const restart = async (whileClosed: () => void = () => undefined): Promise<void> => {
    await platform.browser.restart(whileClosed);
    tab = await openTab();
  };
  const damagedFiles = (title: string, names: RegExp, damage: (path: string) => void): BackingDamage => ({
    title,
    codes: platform.files.codes,
    apply: () => restart(() => eachFile(platform, { host, names }, damage)),
  });
  return {
    open: (namespace) => openRemoteStore(tab, namespace),
    restart: () => restart(),
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
      { title: "the site's data is cleared", codes: ["KEY_LOST"], apply: () => platform.clearSiteData(host) },
      { title: "the wrapping key is gone", codes: ["KEY_LOST"], apply: () => tab.call("loseWrappingKeys", "deleted") },
      { title: "another wrapping key is in its place", codes: ["KEY_CORRUPT"], apply: () => tab.call("loseWrappingKeys", "another") },
      damagedFiles("the browser's files are cut while it is closed", platform.files.cuttable, (path) => truncateSync(path, 0)),
      damagedFiles("the browser's files are garbage", /./u, (path) => writeFileSync(path, "garbage")),
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
    restoreWithoutKeys: () => platform.clearSiteData(host),
  };
}

/** Half of the callers are workers of the other half's tabs. */
function otherTabs(openTab: () => Promise<KeyStoreTab>): OtherProcesses {
  const dieIn = async (start: (tab: KeyStoreTab) => Promise<void>, afterMs = 0): Promise<void> => {
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
function eachFile({ files }: WebPlatform, { host, names }: { host: string; names: RegExp }, damage: (path: string) => void): void {
  const found = readdirSync(files.folder, { recursive: true, encoding: "utf8" }).filter((path) => files.isOf(path, host) && names.test(path));
  const paths = found.map((path) => join(files.folder, path)).filter((path) => statSync(path).isFile());
  if (paths.length === 0) throw new Error("the browser keeps its files elsewhere: nothing could be damaged");
  for (const path of paths) damage(path);
}

async function optionsAreRefused({ note }: CaseContext, platform: WebPlatform): Promise<void> {
  const tab = await platform.openTab("options.localhost");
  const refused = { wrapKeyIv: "AAAA", useSessionStorage: true, wrapKey: "too short", accessibility: "unlocked", resetOnError: true, synchronizable: true, persist: 1 };
  for (const [option, value] of Object.entries(refused)) await claimRefused(`the option ${option}`, () => tab.call("openWith", { [option]: value }), { codes: ["UNSUPPORTED_OPTION"] });
  const accepted = { dbName: "another", publicKey: "another", wrapKey: Buffer.alloc(32, 7).toString("base64"), useSessionStorage: false };
  claimEqual(await tab.call("openWith", accepted), ["another"], "the databases after the options that are mapped");
  note(`${Object.keys(refused).length} options refused, ${Object.keys(accepted).length} accepted`);
  await tab.close();
}

async function faultsOfBrowsers({ note, open, home, namespace, keysOf }: CaseContext, platform: WebPlatform): Promise<void> {
  const name = "clinic";
  const key = hex(await keysOf(await open()).getOrCreate({ name, databaseExists: false }));
  const [second] = (await home.others?.getOrCreate(namespace, name, 1)) ?? [];
  claimEqual(second, key, "the second tab's key");
  await home.restoreWithoutKeys?.();
  await claimRefused("cleared site data", async () => keysOf(await open()).getOrCreate({ name, databaseExists: true }), { codes: ["KEY_LOST"] });
  const insecure = await platform.openTab("insecure.test");
  await claimRefused("an insecure context", () => insecure.call("open", namespace), { codes: ["STORE_UNAVAILABLE"] });
  await insecure.close();
  note(`a second tab, cleared data, an insecure context; ${await platform.ownFaults()}`);
}
