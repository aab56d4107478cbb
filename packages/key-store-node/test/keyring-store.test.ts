import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keyringError } from "../src/keyring-errors.ts";
import { KeyringHome, reasonNotRun } from "./secret-service.ts";

// Several processes, killed daemons, damaged and doubled entries: the conformance suite, over gnome-keyring and KWallet.
const codeOf = (result: unknown): unknown => (result as { code?: string } | null)?.code;

describe.skipIf(reasonNotRun !== undefined)(`a real gnome-keyring${reasonNotRun === undefined ? "" : ` (not run: ${reasonNotRun})`}`, () => {
  it("keeps entries for the next process and the next session, and names its backend", async () => {
    const home = new KeyringHome();
    const names = ["a", "A", "a/b", "ключ 🔑", "x".repeat(255)];
    const [first] = await home.steps("pw", [["backend"], ...names.map((name) => ["write", name, `value of ${name}`]), ["write", "empty", ""], ["random"]]);
    expect(first).toEqual(["secret-service", ...names.map(() => null), null, 7]);
    const [second] = await home.steps("pw", [...names.map((name) => ["read", name]), ["read", "empty"], ["read", "none"], ["contains", "a"], ["names"]]);
    expect(second).toEqual([...names.map((name) => `value of ${name}`), "", null, true, ["empty", "random", ...names].toSorted()]);
    const [third] = await home.steps("pw", [["create", "a", "other"], ["read", "a"], ["delete", "a"], ["delete", "a"], ["read", "a"], ["deleteAll"], ["names"]]);
    expect(third).toEqual([false, "value of a", null, null, null, null, []]);
  });

  it("answers STORE_LOCKED soon for a locked keyring, creates nothing, and works once it is unlocked", async () => {
    const home = new KeyringHome();
    const [[hash]] = (await home.steps("pw", [["key", "clinic"]])) as [[string]];
    const before = readFileSync(home.keyringFile);
    const [[locked]] = (await home.steps("wrong", [["key", "clinic", "exists"]])) as [[unknown]];
    expect([codeOf(locked), (locked as { isQuick: boolean }).isQuick]).toEqual(["STORE_LOCKED", true]);
    expect(readFileSync(home.keyringFile).equals(before)).toBe(true);
    expect(await home.steps("pw", [["key", "clinic", "exists"]])).toEqual([[hash]]);
  });

  it("answers STORE_UNAVAILABLE without a D-Bus session and without a Secret Service in it, never another store", async () => {
    const home = new KeyringHome();
    expect(codeOf((await home.stepsWithoutBus([["key", "clinic"]]))[0])).toBe("STORE_UNAVAILABLE");
    expect(codeOf((await home.stepsWithoutService([["key", "clinic"]]))[0])).toBe("STORE_UNAVAILABLE");
  });
});

it.each([
  ["Couldn't access platform storage: Secret Service: unlock prompt was dismissed", "STORE_LOCKED"],
  ["Entry is matched by 2 credentials: []", "AMBIGUOUS"],
  ["Couldn't access platform storage: Secret Service: no result found", "STORE_UNAVAILABLE"],
  ["The name org.freedesktop.secrets was not provided by any .service files", "STORE_UNAVAILABLE"],
  ["Platform failure: DBus error: The maximum number of active connections for UID 0 has been reached", "STORE_UNAVAILABLE"],
  ["Platform failure: DBus error: Client public key size is invalid", "IO"],
  ["something that nobody has seen", "IO"],
])("the keyring's error %j is %s, with its cause", (message, code) => {
  const cause = new Error(message);
  const error = keyringError("secret-service", cause);
  expect([error.code, error.cause]).toEqual([code, cause]);
});
