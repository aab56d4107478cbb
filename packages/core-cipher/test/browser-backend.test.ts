/**
 * The browsers' backend: what it does until WebAssembly is loaded, and where it never is.
 *
 * @module
 */
import { createPortableUnitSeal, SecretKey } from "@holdfast/core-cipher";
import { createSHA256, createSM3 } from "hash-wasm";
import { expect, it, vi } from "vitest";
import { createBrowserCipher } from "../src/browser-backend.ts";
import { createSavedStateMac } from "../src/saved-state-mac.ts";
import { sealed, TEST_IDENTITY, TEST_KEY } from "./backends.ts";

const IV = new Uint8Array(16).fill(3);
const PLAINTEXT = new Uint8Array(8000).map((_, index) => index & 255);
const expected = (): Uint8Array => sealed(createPortableUnitSeal(SecretKey.from(TEST_KEY)), TEST_IDENTITY, PLAINTEXT, IV);

it("seals the same bytes before the hash is loaded, and after; seals of before go on", async () => {
  const { backend, loadHash } = createBrowserCipher(() => createSHA256());
  const before = backend.createUnitSeal(SecretKey.from(TEST_KEY));
  expect(sealed(before, TEST_IDENTITY, PLAINTEXT, IV)).toEqual(expected());
  expect(await loadHash()).toBe(true);
  const after = backend.createUnitSeal(SecretKey.from(TEST_KEY));
  expect(sealed(after, TEST_IDENTITY, PLAINTEXT, IV)).toEqual(expected());
  expect(before.open(TEST_IDENTITY, expected())).toEqual(PLAINTEXT);
  expect(after.keyCheck(TEST_IDENTITY.fileId)).toEqual(before.keyCheck(TEST_IDENTITY.fileId));
});

it("uses the hash once it is loaded", async () => {
  const hash = await createSHA256();
  const load = vi.spyOn(hash, "load");
  const { backend, loadHash } = createBrowserCipher(() => Promise.resolve(hash));
  await loadHash();
  const seal = backend.createUnitSeal(SecretKey.from(TEST_KEY));
  load.mockClear();
  seal.verify(TEST_IDENTITY, expected());
  expect(load).toHaveBeenCalledTimes(2);
});

it("goes on in JavaScript where a policy forbids WebAssembly", async () => {
  const { backend, loadHash } = createBrowserCipher(() => Promise.reject(new EvalError("refused by the content security policy")));
  expect(await loadHash()).toBe(false);
  expect(sealed(backend.createUnitSeal(SecretKey.from(TEST_KEY)), TEST_IDENTITY, PLAINTEXT, IV)).toEqual(expected());
});

it("does not use a hash that computes something else", async () => {
  const { backend, loadHash } = createBrowserCipher(() => createSM3());
  expect(await loadHash()).toBe(false);
  expect(sealed(backend.createUnitSeal(SecretKey.from(TEST_KEY)), TEST_IDENTITY, PLAINTEXT, IV)).toEqual(expected());
});

it("two keys in turn do not disturb each other", async () => {
  const { backend, loadHash } = createBrowserCipher(() => createSHA256());
  await loadHash();
  const [one, two] = [backend.createUnitSeal(SecretKey.from(TEST_KEY)), backend.createUnitSeal(SecretKey.from(TEST_KEY.toReversed()))];
  const first = sealed(one, TEST_IDENTITY, PLAINTEXT, IV);
  const second = sealed(two, TEST_IDENTITY, PLAINTEXT, IV);
  expect(one.open(TEST_IDENTITY, first)).toEqual(PLAINTEXT);
  expect(one.open(TEST_IDENTITY, second)).toBeUndefined();
  two.close();
  expect(one.verify(TEST_IDENTITY, first)).toBe(true);
});

it("leaves no key and no state in the hash's memory, nor in its own", async () => {
  const hash = await createSHA256();
  const states: Uint8Array[] = [];
  const watched = { ...hash, init: () => (hash.init(), watched), update: (message: Uint8Array) => (hash.update(message), watched), load: (state: Uint8Array) => (hash.load(state), watched), save: () => (states.push(hash.save()), states.at(-1) as Uint8Array), digest: () => hash.digest("binary") };
  const mac = createSavedStateMac(watched as never, TEST_KEY.subarray(32));
  mac.mac(PLAINTEXT, IV);
  mac.wipe();
  expect(states).toHaveLength(2);
  for (const state of states) expect(state.every((byte) => byte === 0)).toBe(true);
  // What is left in the hash is what a block of zeros leaves: nothing of the key's blocks.
  const other = await createSHA256();
  other.init().update(new Uint8Array(64)).digest("binary");
  expect(hash.init().save()).toEqual(other.init().save());
});
