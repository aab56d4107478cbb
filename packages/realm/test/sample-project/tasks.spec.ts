import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Realm from "@holdfast/realm";
import { afterEach, beforeEach, expect, it } from "vitest";
import { finish, Task } from "./tasks.ts";

let realm: Realm;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sample-"));
  realm = new Realm({ path: join(folder, "tasks.realm"), schema: [Task], encryptionKey: Realm.generateEncryptionKey() });
});
afterEach(() => {
  realm.close();
  rmSync(folder, { recursive: true });
});

it("finishes a task", () => {
  realm.write(() => realm.create(Task, { id: 1, title: "test without mocks" }));
  finish(realm, 1);
  expect(realm.objects(Task).filtered("done == true").length).toBe(1);
});

it("works in memory", () => {
  const memory = new Realm({ path: "tasks", inMemory: true, schema: [Task] });
  memory.write(() => memory.create(Task, { id: 1, title: "t" }));
  expect(memory.objects(Task)[0]).toMatchObject({ id: 1, done: false });
  // Left open on purpose: an open realm keeps no test run alive.
});
