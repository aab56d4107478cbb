/**
 * The web store in a real Firefox.
 *
 * @module
 */
import { join } from "node:path";
import { missingFirefox, openFirefox } from "@holdfast/test-browser";
import type * as keyStorePage from "../../../browser/key-store-page.ts";
import type { KeyStoreBinding, NotHere } from "../binding.ts";
import { KEY_STORE_PAGE, webBinding } from "./web/web-binding.ts";
import type { KeyStoreTab } from "./web/web-binding.ts";

/** The binding, where Firefox is. Nothing installs it, so that it is missing is no failure. */
export async function firefoxBinding(): Promise<KeyStoreBinding | NotHere> {
  const reason = missingFirefox();
  if (reason !== undefined) return { reason, isOtherSystem: true };
  const browser = await openFirefox();
  const openTab = (host: string): Promise<KeyStoreTab> => browser.open<typeof keyStorePage>({ entry: KEY_STORE_PAGE, host });
  return webBinding({
    name: "web: Firefox",
    browser,
    openTab,
    // The protocol has no command for it: another tab deletes what there is.
    async clearSiteData(host) {
      const tab = await openTab(host);
      await tab.call("deleteDatabases");
      await tab.close();
    },
    files: { folder: join(browser.profile, "storage/default"), isOf: (path, host) => path.startsWith(`http+++${host}+`) && path.includes("idb"), cuttable: /\.sqlite$/u, codes: ["KEY_LOST", "IO"] },
    ownFaults: async () => "site data was cleared by deleting it; blocked site data and passkeys were not tried: the driver has neither",
  });
}
