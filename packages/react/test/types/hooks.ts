/**
 * The hooks' types under strict, with class models as an application writes them.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { useObject, useQuery } from "../../src/index.ts";

class Task extends Realm.Object<Task> {
  static schema: Realm.ObjectSchema = { name: "Task", primaryKey: "id", properties: { id: "int", title: "string", done: "bool" } };
  declare id: number;
  declare title: string;
  declare done: boolean;
}

/** One whose constructor needs some properties only. */
class Note extends Realm.Object<Note, "text"> {
  static schema: Realm.ObjectSchema = { name: "Note", properties: { text: "string" } };
  declare text: string;
}

/** Every form of each hook. */
export function Tasks(): string[] {
  const all: Realm.Results<Task> = useQuery(Task);
  const open: Realm.Results<Task> = useQuery(Task, (tasks) => tasks.filtered("done == false").sorted("title"));
  const again: Realm.Results<Task> = useQuery((tasks) => tasks.filtered("done == false"), [], { type: Task });
  const options: Realm.Results<Task> = useQuery({ type: Task, query: (tasks: Realm.Results<Task>) => tasks.sorted("id") });
  const notes: Realm.Results<Note> = useQuery(Note);
  const one: Task | null = useObject(Task, 1);
  const other: Task | null = useObject({ type: Task, primaryKey: 1 });
  const plain = useQuery<{ name: string }>("Dog");
  // @ts-expect-error There is no such property.
  const wrong: unknown = one?.colour;
  return [...all, ...open, ...again, ...options].map(({ title }) => title).concat(notes.map(({ text }) => text), plain.map(({ name }) => name), one?.title ?? "", other?.title ?? "", String(wrong));
}
