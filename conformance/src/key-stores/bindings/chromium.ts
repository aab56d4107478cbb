/**
 * The web store in a real Chromium.
 *
 * @module
 */
import { join } from "node:path";
import { missingChromium, openChromium } from "@holdfast/test-browser";
import type { ChromiumPage } from "@holdfast/test-browser";
import type * as keyStorePage from "../../../browser/key-store-page.ts";
import { claim, claimRefused } from "../../claims.ts";
import type { KeyStoreBinding, NotHere } from "../binding.ts";
import { KEY_STORE_PAGE, webBinding } from "./web/web-binding.ts";

type Tab = ChromiumPage<typeof keyStorePage>;

const BLOCKED = "blocked.localhost";
const AUTHENTICATOR = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };

/** The binding, where Chromium is. */
export async function chromiumBinding(): Promise<KeyStoreBinding | NotHere> {
  const reason = missingChromium();
  if (reason !== undefined) return { reason, isOtherSystem: process.platform !== "linux" };
  const browser = await openChromium({ blockedHosts: [BLOCKED] });
  const openTab = (host: string): Promise<Tab> => browser.open<typeof keyStorePage>({ entry: KEY_STORE_PAGE, host });
  return webBinding({
    name: "web: Chromium",
    browser,
    openTab,
    async clearSiteData(host) {
      const tab = await openTab(host);
      await tab.command("Storage.clearDataForOrigin", { origin: await tab.call("origin"), storageTypes: "all" });
      await tab.close();
    },
    files: { folder: join(browser.profile, "Default/IndexedDB"), isOf: (path, host) => path.startsWith(`http_${host}_`), cuttable: /\.log$|\.ldb$/u, codes: ["KEY_LOST"] },
    ownFaults: () => ownFaults(openTab),
  });
}

async function ownFaults(openTab: (host: string) => Promise<Tab>): Promise<string> {
  const blocked = await openTab(BLOCKED);
  await claimRefused("blocked site data", () => blocked.call("open", "case-52"), { codes: ["STORE_UNAVAILABLE"] });
  await blocked.close();
  const tab = await openTab("passkeys.localhost");
  await tab.command("WebAuthn.enable");
  const { authenticatorId } = (await tab.command("WebAuthn.addVirtualAuthenticator", { options: { ...AUTHENTICATOR, hasPrf: false } })) as { authenticatorId: string };
  await claimRefused("an authenticator without PRF", () => tab.call("makePasskey"), { codes: ["UNSUPPORTED_OPTION"] });
  await tab.command("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
  await tab.command("WebAuthn.addVirtualAuthenticator", { options: { ...AUTHENTICATOR, hasPrf: true } });
  claim((await tab.call("makePasskey")).length > 0, "an authenticator with PRF makes no passkey");
  await tab.close();
  return "blocked site data; PRF on and off with Chromium's virtual authenticator";
}
