/**
 * Where the demo's key is: in the system's keyring if one is there and open, else in the process's memory alone.
 *
 * @module
 */
import { DatabaseKeys } from "@holdfast/key-store";
import type { KeyStore, KeyStoreError } from "@holdfast/key-store";
import { openKeyringStore } from "@holdfast/key-store-node";
import Realm from "@holdfast/realm";
import { expect, say, step } from "./stage.ts";

/** The demo's database, as the key store knows it. */
const NAME = "encrypted";
/** A keyring with a display may ask its user; the demo does not wait for ever. */
const PATIENCE_MS = 10_000;

/** A key and what becomes of it. */
export interface DemoKey {
  readonly key: Uint8Array;
  /** Reads the key again from where it is, as the next start of an application would. */
  readAgain(databaseExists: boolean): Promise<Uint8Array>;
  /** Removes it with the demo's files. */
  remove(): Promise<void>;
}

/** Makes the key, keeps it, and says where. */
export async function keyStep(): Promise<DemoKey> {
  step("The key");
  const found = await openKeyring();
  if ("reason" in found) {
    const key = Realm.generateEncryptionKey();
    say(`the key is in this process's memory alone: ${found.reason}`);
    return { key, readAgain: async () => key.slice(), remove: async () => undefined };
  }
  const { store } = found;
  const keys = new DatabaseKeys({ store });
  const key = await keys.getOrCreate({ name: NAME, databaseExists: false, whenDatabaseIsGone: "replace" });
  say(`64 random bytes, kept in the system's keyring (${store.backend}) under "org.holdfast.demo"; removed when the demo ends`);
  return {
    key,
    async readAgain(databaseExists) {
      const again = new DatabaseKeys({ store: await openKeyringStore({ application: "org.holdfast.demo", namespace: found.namespace }) });
      const read = await again.getOrCreate({ name: NAME, databaseExists });
      expect(Buffer.compare(read, key) === 0, "the keyring gives the key that was put into it");
      say(`read again from the keyring (${store.backend}): the same key opens the file`);
      return read;
    },
    async remove() {
      await keys.remove({ name: NAME });
      expect((await keys.read({ name: NAME })) === null, "the demo's key is removed from the keyring");
    },
  };
}

/** Two demos at once do not share a key. */
async function openKeyring(): Promise<{ readonly store: KeyStore; readonly namespace: string } | { readonly reason: string }> {
  const namespace = `demo-${process.pid}`;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ reason: string }>((resolve) => (timer = setTimeout(() => resolve({ reason: "the keyring has not answered (does it show a prompt?)" }), PATIENCE_MS)));
  try {
    return await Promise.race([openKeyringStore({ application: "org.holdfast.demo", namespace }).then((store) => ({ store, namespace })), late]);
  } catch (error) {
    const { code, message } = error as Partial<KeyStoreError>;
    return { reason: `${code ?? "unknown"}: ${message ?? String(error)}` };
  } finally {
    clearTimeout(timer);
  }
}
