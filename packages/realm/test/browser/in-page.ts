/**
 * What the tests call in the browser, in a page or in its worker: Realm as an application uses it, and raw files.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { StoreError } from "@holdfast/storage-engine";

class Task extends Realm.Object<Task> {
  declare _id: number;
  declare title: string;
  static override schema: Realm.ObjectSchema = { name: "Task", primaryKey: "_id", properties: { _id: "int", title: "string" } };
}

/** A key as it travels. */
type KeyBytes = readonly number[] | null;

let realm: Realm | undefined;

function configuration(path: string, key: KeyBytes): Realm.Configuration {
  return { path, schema: [Task], ...(key === null ? {} : { encryptionKey: new Uint8Array(key) }) };
}

export async function open(path: string, key: KeyBytes): Promise<number> {
  realm = await Realm.open(configuration(path, key));
  return realm.objects(Task).length;
}

export function openAtOnce(path: string, key: KeyBytes): number {
  realm = new Realm(configuration(path, key));
  return realm.objects(Task).length;
}

export async function openInMemory(): Promise<number> {
  realm = await Realm.open({ ...configuration("memory", null), inMemory: true });
  add(0, 3);
  return realm.objects(Task).filtered("_id > 0").length;
}

/** One commit for each. */
export function add(from: number, to: number): void {
  const open = live();
  for (let id = from; id < to; id += 1) open.write(() => open.create(Task, { _id: id, title: `Quartermaster ${id}` }));
}

/** One commit for all. */
export function addTogether(from: number, to: number): void {
  live().write(() => {
    for (let id = from; id < to; id += 1) live().create(Task, { _id: id, title: `Quartermaster ${id}` });
  });
}

export function ids(): number[] {
  return live().objects(Task).map((task) => task._id);
}

export function titles(): string[] {
  return live().objects(Task).sorted("_id").map((task) => task.title);
}

export function close(): void {
  live().close();
}

export function compact(): boolean {
  return live().compact();
}

export async function writeCopyTo(path: string, key: KeyBytes): Promise<void> {
  const giveBack = await Realm.prepare(path);
  live().writeCopyTo(configuration(path, key));
  giveBack();
}

export async function rekey(path: string, key: KeyBytes, newKey: KeyBytes): Promise<void> {
  const giveBack = await Realm.prepare([path]);
  try {
    Realm.rekey(configuration(path, key), newKey === null ? undefined : new Uint8Array(newKey));
  } finally {
    giveBack();
  }
}

export async function verify(path: string, key: KeyBytes): Promise<boolean> {
  const report = await Realm.verify({ path, ...(key === null ? {} : { encryptionKey: new Uint8Array(key) }) });
  return report.isClean;
}

export async function backUpAndRestore(key: KeyBytes): Promise<number> {
  const open = live();
  const keys = key === null ? {} : { encryptionKey: new Uint8Array(key) };
  await open.backup({ path: "/backups/full", ...keys });
  addTogether(1000, 1010);
  await open.backup({ path: "/backups/more", since: ["/backups/full"], ...keys });
  await Realm.restore({ from: ["/backups/full", "/backups/more"], path: "/restored.realm", ...keys });
  const restored = await Realm.open(configuration("/restored.realm", key));
  const count = restored.objects(Task).length;
  restored.close();
  return count;
}

export async function deleteFile(path: string): Promise<boolean[]> {
  const giveBack = await Realm.prepare(path);
  const before = Realm.exists(path);
  Realm.deleteFile({ path });
  const after = Realm.exists(path);
  giveBack();
  return [before, after];
}

/** Changes of a live query, told after the write. */
export async function listen(): Promise<unknown[]> {
  const heard: unknown[] = [];
  live().objects(Task).addListener((tasks, changes) => heard.push([tasks.length, changes.insertions.length]));
  await new Promise((resolve) => setTimeout(resolve, 0));
  addTogether(2000, 2003);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return heard;
}

/** Names of all private files, once nothing is being tidied up any more. */
export async function files(): Promise<string[]> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  const found: string[] = [];
  await collect(await navigator.storage.getDirectory(), "", found);
  return found.toSorted();
}

async function collect(folder: FileSystemDirectoryHandle, prefix: string, found: string[]): Promise<void> {
  const entries = folder as unknown as AsyncIterable<[string, FileSystemDirectoryHandle | FileSystemFileHandle]>;
  for await (const [name, handle] of entries) {
    if (handle.kind === "file") found.push(`${prefix}/${name}`);
    else await collect(handle as FileSystemDirectoryHandle, `${prefix}/${name}`, found);
  }
}

export async function readFile(name: string): Promise<string> {
  const root = await navigator.storage.getDirectory();
  const bytes = new Uint8Array(await (await (await root.getFileHandle(name)).getFile()).arrayBuffer());
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return btoa(text);
}

export async function writeFile(name: string, content: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const writable = await (await root.getFileHandle(name, { create: true })).createWritable();
  await writable.write(Uint8Array.from(atob(content), (character) => character.charCodeAt(0)));
  await writable.close();
}

/** What happens when there is no more room: the code, how many are there then, and whether the next small write works. */
export function fill(): { readonly code: string; readonly said: string; readonly stored: number; readonly expected: number } {
  const open = live();
  let expected = open.objects(Task).length;
  for (let id = 1_000_000; ; id += 1) {
    try {
      open.write(() => open.create(Task, { _id: id, title: "x".repeat(1_000_000) }));
      expected += 1;
    } catch (error) {
      return { code: error instanceof StoreError ? error.code : String(error), said: String(error), stored: open.objects(Task).length, expected };
    }
  }
}

function live(): Realm {
  if (realm === undefined) throw new TypeError("no realm is open");
  return realm;
}

export function origin(): string {
  return location.origin;
}

/** One more, whatever there is. */
export function addMore(): void {
  const from = live().objects(Task).length;
  add(from, from + 1);
}
