/**
 * The realm of the main process: a file in the user's data, its key under the system's keyring.
 *
 * @module
 */
import { join } from "node:path";
import { DatabaseKeys } from "@holdfast/key-store";
import { openElectronStore } from "@holdfast/key-store-node";
import Realm from "@holdfast/realm";
import { app, safeStorage } from "electron";
import type { TaskData } from "./tasks.ts";

const TASK = {
  name: "Task",
  primaryKey: "_id",
  properties: { _id: "uuid", title: "string", done: { type: "bool", default: false } },
};

/** After `ready`: before it, safeStorage has no keyring. */
export async function openTasksRealm(): Promise<Realm> {
  const folder = app.getPath("userData");
  const path = join(folder, "tasks.realm");
  const keys = new DatabaseKeys({ store: await openElectronStore({ safeStorage, folder: join(folder, "keys") }) });
  const encryptionKey = await keys.getOrCreate({ name: "tasks", databaseExists: () => Realm.exists({ path }) });
  return new Realm({ path, schema: [TASK], encryptionKey });
}

/** All tasks, as data. */
export function listTasks(realm: Realm): TaskData[] {
  return realm.objects("Task").sorted("title").map((task) => ({ id: String(task["_id"]), title: String(task["title"]), done: task["done"] === true }));
}

/** One more. */
export function addTask(realm: Realm, title: string): void {
  realm.write(() => realm.create("Task", { _id: new Realm.BSON.UUID(), title }));
}

/** Nothing happens if the task is gone. */
export function setTaskDone(realm: Realm, id: string, done: boolean): void {
  realm.write(() => {
    const task = realm.objectForPrimaryKey("Task", new Realm.BSON.UUID(id));
    if (task !== null) task["done"] = done;
  });
}
