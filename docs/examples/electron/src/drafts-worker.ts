/**
 * A realm of the window's own, in its origin's private files: what was typed and not yet sent outlives a crash.
 *
 * @module
 */
import { DatabaseKeys } from "@holdfast/key-store";
import { openWebStore } from "@holdfast/key-store-web";
import Realm, { openWithKeys } from "@holdfast/realm";

const DRAFT = { name: "Draft", primaryKey: "_id", properties: { _id: "int", text: "string" } };

/** The part of a worker's scope that is used. */
const scope = globalThis as unknown as { postMessage(message: object): void; addEventListener(type: "message", listener: (event: { data: string }) => void): void };
const opened = open();

async function open(): Promise<Realm> {
  const keys = new DatabaseKeys({ store: await openWebStore() });
  return openWithKeys({ path: "drafts.realm", schema: [DRAFT] }, { keys, name: "drafts" });
}

function tell(realm: Realm): void {
  scope.postMessage({ text: String(realm.objectForPrimaryKey("Draft", 1)?.["text"] ?? "") });
}

opened.then(tell).catch((error: { code?: string }) => scope.postMessage({ text: "", error: `drafts are not kept: ${error.code ?? String(error)}` }));
scope.addEventListener("message", ({ data }) => {
  void opened.then((realm) => {
    realm.write(() => realm.create("Draft", { _id: 1, text: data }, Realm.UpdateMode.Modified));
    tell(realm);
  });
});
