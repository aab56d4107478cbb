/**
 * A device: a folder, a key store, and the application on it.
 *
 * @module
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseKeys, MemoryKeyStore } from "@holdfast/key-store";
import Realm from "@holdfast/realm";
import { App, enableSync } from "@holdfast/sync-client";
import type { MutableSubscriptionSet, SyncError, User } from "@holdfast/sync-client";
import { beginOidcLogin, finishOidcLogin } from "@holdfast/sync-client/oidc";
import { APP_ID } from "./backend.ts";
import type { Backend } from "./backend.ts";
import type { IdentityProvider } from "./identity-provider.ts";
import { NOTE } from "./notes.ts";

enableSync();

/** A device with its user logged in and its realm open. */
export interface Device {
  readonly name: string;
  readonly folder: string;
  readonly path: string;
  readonly user: User;
  readonly key: Uint8Array;
  readonly realm: Realm;
  /** What the session reported. */
  readonly errors: SyncError[];
  close(): void;
}

/** Logs `userName` in through the provider's pages and opens the encrypted, synced realm under the key that the server issued. */
export async function startDevice({ name, userName, folder, backend, identities }: { readonly name: string; readonly userName: string; readonly folder: string; readonly backend: Backend; readonly identities: IdentityProvider }): Promise<Device> {
  const home = join(folder, name.replaceAll(" ", "-"));
  mkdirSync(home);
  // A device of the demo ends with it: its key store is memory. Applications take the platform's.
  const app = new App({ id: APP_ID, baseUrl: backend.baseUrl, baseFilePath: home, keys: new DatabaseKeys({ store: new MemoryKeyStore() }) });
  await app.ready();
  const options = { issuer: identities.issuer, clientId: identities.clientId, redirectUri: identities.redirectUri };
  const { url, pending } = await beginOidcLogin(options);
  const user = await app.logIn(await finishOidcLogin(options, { callbackUrl: await identities.visit(url, userName), pending }));
  const key = await user.databaseKey();
  const errors: SyncError[] = [];
  const path = join(home, "notes.realm");
  const sync = {
    user,
    flexible: true,
    initialSubscriptions: { update: (subscriptions: MutableSubscriptionSet, opened: Realm) => void subscriptions.add(opened.objects("Note")) },
    onError: (_session: unknown, error: SyncError) => void errors.push(error),
  };
  const realm = await Realm.open({ path, schema: [NOTE], encryptionKey: key, sync } as Realm.Configuration);
  return {
    name, folder: home, path, user, key, realm, errors,
    close() {
      if (!realm.isClosed) realm.close();
      app.close();
    },
  };
}

/** Every byte of every file under a folder. */
export function filesUnder(folder: string): { readonly path: string; readonly bytes: Uint8Array }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, bytes: readFileSync(path) }));
}
