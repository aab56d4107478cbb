/**
 * Case 49 for all key management services, and the home that their wraps are tried in.
 *
 * @module
 */
import { DatabaseKeys, keyEntryName, passphraseWrap } from "@holdfast/key-store";
import type { KeyWrap } from "@holdfast/key-store";
import { claim, claimEqual, claimRefused } from "../../../claims.ts";
import type { KeyStoreHome } from "../../binding.ts";
import type { CaseContext } from "../../case.ts";
import { CHEAP } from "../../cases/rules.ts";
import { hex } from "../../hex.ts";
import { memoryHome } from "../memory.ts";
import type { ServiceStub, StubMode } from "./stub-keys.ts";

const name = "clinic";

/** A home with a stub in it. */
export interface KmsHome extends KeyStoreHome {
  readonly stub: ServiceStub;
  /** A wrap that waits this long. */
  wrapWithin(timeoutMs: number): KeyWrap;
}

/** A home in memory whose keys stand under a service's key. */
export function kmsHome(stub: ServiceStub, wrapWithin: (timeoutMs: number) => KeyWrap): KmsHome {
  const home = memoryHome([wrapWithin(10_000)]);
  return {
    ...home,
    stub,
    wrapWithin,
    async cleanUp() {
      await home.cleanUp();
      await stub.close();
    },
  };
}

const CODES: readonly (readonly [StubMode, string])[] = [
  ["disabled", "WRAPPING_KEY_DISABLED"],
  ["deleted", "WRAPPING_KEY_GONE"],
  ["throttled", "THROTTLED"],
  ["denied", "ACCESS_DENIED"],
  ["broken", "STORE_UNAVAILABLE"],
];

/** Case 49. */
export async function kmsCase({ home, open, keysOf, note }: CaseContext): Promise<void> {
  const { stub, wrapWithin } = home as KmsHome;
  const store = await open();
  const keys = keysOf(store);
  const key = await keys.getOrCreate({ name, databaseExists: false });
  const entry = await store.readText(keyEntryName(name));

  // Each state of the service is told, with the database there and not; nothing is written, and nothing is cached.
  for (const [mode, code] of CODES) {
    stub.mode = mode;
    await claimRefused(`${mode}, a key that is there`, () => keys.getOrCreate({ name, databaseExists: true }), { codes: [code] });
    await claimRefused(`${mode}, a new key`, () => keys.getOrCreate({ name: "new", databaseExists: false }), { codes: [code] });
    await claimRefused(`${mode}, a re-wrap`, () => keys.rewrap({ name }), { codes: [code] });
  }
  stub.mode = "silent";
  const impatient = new DatabaseKeys({ store, wraps: [wrapWithin(300)] });
  await claimRefused("a service that does not answer", () => impatient.getOrCreate({ name, databaseExists: true }), { codes: ["STORE_UNAVAILABLE"] });
  stub.mode = "works";
  claimEqual([await store.readText(keyEntryName(name)), await store.read(keyEntryName("new"))], [entry, null], "the entries after all refusals");
  claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key once the service works again");

  // The wrap belongs to its database, and cannot be altered.
  await store.write(keyEntryName("other"), entry as string);
  await claimRefused("a wrap of another database", () => keys.getOrCreate({ name: "other", databaseExists: true }), { codes: ["WRAP_REFUSED"] });
  const [wrap] = home.wraps as readonly [KeyWrap];
  const context = { databaseName: name, keyId: "AAAAAAAAAAAAAAAAAAAAAA" };
  const payload = await wrap.wrap(key.slice(), context);
  claim(/^[\w~-]+$/u.test(payload), "the payload holds characters that an entry cannot");
  await claimRefused("another key id", () => wrap.unwrap(payload, { ...context, keyId: "BAAAAAAAAAAAAAAAAAAAAA" }), { codes: ["WRAP_REFUSED"] });
  for (const at of [0.5, 0.8, 1]) {
    const place = Math.floor((payload.length - 2) * at);
    const altered = `${payload.slice(0, place)}${payload[place] === "A" ? "B" : "A"}${payload.slice(place + 1)}`;
    await claimRefused(`a wrap altered at ${at * 100} percent`, () => wrap.unwrap(altered, context), { codes: ["WRAP_REFUSED", "KEY_CORRUPT", "WRAPPING_KEY_GONE"] });
  }
  await claimRefused("a wrap cut in half", () => wrap.unwrap(payload.slice(0, payload.length / 2), context), { codes: ["WRAP_REFUSED", "KEY_CORRUPT"] });

  // A new version of the service's key: old wraps still open, and a re-wrap leaves the database's key as it is.
  stub.rotate();
  claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key under an old version");
  await keys.rewrap({ name });
  claimEqual(hex(await keys.getOrCreate({ name, databaseExists: true })), hex(key), "the key after the re-wrap");
  claim((await store.readText(keyEntryName(name, 1))) !== entry, "the re-wrap has left the entry as it was");

  // A second wrap opens the database while the service is away.
  const both = new DatabaseKeys({ store, wraps: [wrapWithin(1000), passphraseWrap({ passphrase: "correct horse battery", cost: CHEAP })] });
  await both.rewrap({ name });
  await stub.close();
  await claimRefused("a service that is gone", () => new DatabaseKeys({ store, wraps: [wrapWithin(1000)] }).getOrCreate({ name, databaseExists: true }), { codes: ["STORE_UNAVAILABLE"] });
  claimEqual(hex(await both.getOrCreate({ name, databaseExists: true })), hex(key), "the key through the second wrap");
  const length = (await store.readText(keyEntryName(name)))?.length ?? (await store.readText(keyEntryName(name, 1)))?.length;
  note(`disabled, deleted, throttled, denied, broken, silent, gone; an entry with this wrap and a passphrase's has ${length} characters`);
}
