/**
 * Passkeys, with Chromium's virtual authenticator in the place of a phone or a security key.
 */
import { describe, expect, it } from "vitest";
import { freshHost, rejected, storeTab } from "./browser.ts";
import type { Page } from "./browser.ts";

const KEY = /^[0-9a-f]{128}$/u;
const WHO = { application: "Clinic", user: "ada" };
/** Where the payload's parts begin, for bits to be flipped. */
const PARTS = { salt: 1, iv: 33, ciphertext: 45, tag: 109 };

/** A tab with an authenticator of its own. */
async function passkeyTab(properties: { hasPrf?: boolean } = {}): Promise<{ page: Page; authenticatorId: string }> {
  const page = await storeTab(freshHost());
  await page.command("WebAuthn.enable");
  const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, hasPrf: true, isUserVerified: true, automaticPresenceSimulation: true, ...properties };
  const { authenticatorId } = (await page.command("WebAuthn.addVirtualAuthenticator", { options })) as { authenticatorId: string };
  return { page, authenticatorId };
}

/** Registers the tests; the browser is the caller's. */
export function passkeyCases(): void {
  describe("a passkey", () => {
    it("wraps a key beside a passphrase; after a reload it gives the key again, and the passphrase does when the passkey is gone", async () => {
      const { page, authenticatorId } = await passkeyTab();
      const { credentialId } = await page.call("createPasskey", WHO);
      const key = await page.call("wrappedKey", "clinic", { databaseExists: false, wraps: ["passkey", "passphrase"], credentialId });
      expect(key).toMatch(KEY);
      await page.reload();
      await page.call("open");
      expect(await page.call("wrappedKey", "clinic", { databaseExists: true, wraps: ["passkey"] })).toBe(key);
      expect(await rejected(page.call("wrappedKey", "clinic", { databaseExists: true, wraps: ["raw"] }))).toBe("WRAP_REFUSED");
      await page.command("WebAuthn.removeCredential", { authenticatorId, credentialId: Buffer.from(credentialId, "base64url").toString("base64") });
      expect(await rejected(page.call("wrappedKey", "clinic", { databaseExists: true, wraps: ["passkey"] }))).toBe("USER_CANCELED");
      expect(await page.call("wrappedKey", "clinic", { databaseExists: true, wraps: ["passkey", "passphrase"] })).toBe(key);
    });

    it("wraps differently each time, and opens neither what was altered nor what is another database's", async () => {
      const { page } = await passkeyTab();
      const { credentialId } = await page.call("createPasskey", WHO);
      const key = "ab".repeat(64);
      const [first, second] = [await page.call("wrapWithPasskey", key, credentialId), await page.call("wrapWithPasskey", key, credentialId)];
      expect(first.slice(2, 120)).not.toBe(second.slice(2, 120));
      expect([await page.call("unwrapWithPasskey", first), await page.call("unwrapWithPasskey", second)]).toEqual([key, key]);
      for (const [part, flip] of Object.entries(PARTS)) expect([part, await rejected(page.call("unwrapWithPasskey", first, { flip }))]).toEqual([part, "WRAP_REFUSED"]);
      expect(await rejected(page.call("unwrapWithPasskey", first, { databaseName: "other" }))).toBe("WRAP_REFUSED");
      // Another credential id: no authenticator has it.
      expect(await rejected(page.call("unwrapWithPasskey", first, { flip: 130 }))).toBe("USER_CANCELED");
      expect(await rejected(page.call("unwrapWithPasskey", first, { flip: 0 }))).toBe("KEY_CORRUPT");
      expect(await rejected(page.call("unwrapWithPasskey", first.slice(0, 100)))).toBe("KEY_CORRUPT");
      expect(await rejected(page.call("wrapWithPasskey", key, ""))).toBe("UNSUPPORTED_OPTION");
    });

    it("is refused if its authenticator has no PRF", async () => {
      const { page } = await passkeyTab({ hasPrf: false });
      await expect(page.call("createPasskey", WHO)).rejects.toMatchObject({ code: "UNSUPPORTED_OPTION", message: expect.stringContaining("PRF") });
    });

    it("stays closed while its user is not verified, or the site is another's; a prompt can be taken back", async () => {
      const { page, authenticatorId } = await passkeyTab();
      const { credentialId } = await page.call("createPasskey", WHO);
      const payload = await page.call("wrapWithPasskey", "cd".repeat(64), credentialId);
      expect(await rejected(page.call("createPasskey", { ...WHO, rpId: "elsewhere.example" }))).toBe("UNSUPPORTED_OPTION");
      await page.command("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
      await expect(page.call("unwrapWithPasskey", payload, { abortAfterMs: 50 })).rejects.toMatchObject({ name: "TimeoutError" });
      await page.command("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
      expect(await page.call("unwrapWithPasskey", payload)).toBe("cd".repeat(64));
      // Last: after this the authenticator stays blocked.
      await page.command("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
      expect(await rejected(page.call("unwrapWithPasskey", payload))).toBe("USER_CANCELED");
      expect(await rejected(page.call("createPasskey", WHO))).toBe("USER_CANCELED");
    });

    it("is for windows: a worker is told so", async () => {
      const { page } = await passkeyTab();
      const { credentialId } = await page.call("createPasskey", WHO);
      expect(await rejected(page.callInWorker("wrapWithPasskey", "ab".repeat(64), credentialId))).toBe("STORE_UNAVAILABLE");
    });
  });
}
