/**
 * An application's module, as one would write it.
 *
 * @module
 */
import Realm from "@holdfast/realm";

/** Something to do. */
export class Task extends Realm.Object<Task> {
  declare id: number;
  declare title: string;
  declare done: boolean;
  static schema: Realm.ObjectSchema = { name: "Task", primaryKey: "id", properties: { id: "int", title: "string", done: { type: "bool", default: false } } };
}

/** Marks a task as done. */
export function finish(realm: Realm, id: number): void {
  realm.write(() => {
    const task = realm.objectForPrimaryKey(Task, id);
    if (task !== null) task.done = true;
  });
}
