// What an application's page imports.
import { DatabaseKeys } from "@holdfast/key-store";
import { openWebStore } from "@holdfast/key-store-web";
import { RealmProvider, useQuery } from "@holdfast/react";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const keys = new DatabaseKeys({ store: await openWebStore() });
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
worker.postMessage(await keys.getOrCreate({ name: "app", databaseExists: () => Promise.resolve(false) }));
globalThis.components = { RealmProvider, useQuery };
