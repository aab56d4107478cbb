/**
 * The application in a browser's tab: what the demo calls there, in a dedicated worker.
 *
 * @module
 */
import { DatabaseKeys } from "@holdfast/key-store";
import { openWebStore } from "@holdfast/key-store-web";
import Realm from "@holdfast/realm";
import { App, enableSync } from "@holdfast/sync-client";
import type { MutableSubscriptionSet } from "@holdfast/sync-client";
import { beginOidcLogin, finishOidcLogin } from "@holdfast/sync-client/oidc";
import type { OidcLoginOptions } from "@holdfast/sync-client/oidc";

interface Note extends Realm.Object {
  readonly _id: string;
  readonly title: string;
  readonly tags: Realm.List<string>;
}

let pending = "";
let realm: Realm | undefined;

export function origin(): string {
  return globalThis.location.origin;
}

/** Begins a login. @returns The address to open */
export async function begin(options: OidcLoginOptions): Promise<string> {
  const begun = await beginOidcLogin(options);
  pending = begun.pending;
  return begun.url;
}

/** Finishes it, opens the encrypted realm in the origin private file system and waits for the notes. @returns Their titles */
export async function finish({ app: config, oidc, callbackUrl, schema }: { readonly app: { readonly id: string; readonly baseUrl: string }; readonly oidc: OidcLoginOptions; readonly callbackUrl: string; readonly schema: Realm.ObjectSchema[] }): Promise<string[]> {
  enableSync();
  const app = new App({ ...config, keys: new DatabaseKeys({ store: await openWebStore() }) });
  await app.ready();
  const user = await app.logIn(await finishOidcLogin(oidc, { callbackUrl, pending }));
  const sync = { user, flexible: true, initialSubscriptions: { update: (subscriptions: MutableSubscriptionSet, opened: Realm) => void subscriptions.add(opened.objects("Note")) } };
  realm = await Realm.open({ path: "notes.realm", schema, encryptionKey: await user.databaseKey(), sync } as Realm.Configuration);
  return realm.objects<Note>("Note").sorted("_id").map(({ title }) => title);
}

export function tag(id: string, text: string): void {
  realm?.write(() => realm?.objectForPrimaryKey<Note>("Note", id)?.tags.push(text));
}

/** How many files the origin has, and how many of them hold one of the words. */
export async function filesWith(words: readonly string[]): Promise<{ readonly files: number; readonly found: number }> {
  let [files, found] = [0, 0];
  for await (const file of filesOf(await navigator.storage.getDirectory())) {
    const text = new TextDecoder("latin1").decode(await file.arrayBuffer());
    files++;
    if (words.some((word) => text.includes(word))) found++;
  }
  return { files, found };
}

async function* filesOf(folder: FileSystemDirectoryHandle): AsyncGenerator<File> {
  for await (const handle of folder.values()) {
    if (handle.kind === "file") yield await handle.getFile();
    else yield* filesOf(handle);
  }
}
