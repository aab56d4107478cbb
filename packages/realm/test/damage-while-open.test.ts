import { once } from "node:events";
import { closeSync, openSync, readFileSync, watch, writeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Store } from "@holdfast/storage-engine";
import { expect, it } from "vitest";
import Realm from "../src/index.ts";
import { forEachMode } from "./support/modes.ts";

const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string" } }];
const LOG_OFFSET = 24_576;

forEachMode((mode) => {
  it("damage that a notice of another process runs into ends no process: the next refresh throws it", async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on("uncaughtException", note);
    const config = mode.config({ schema });
    const realm = new Realm(config);
    const other = Store.open({ path: mode.path(), encryptionKey: config.encryptionKey });
    try {
      realm.write(() => realm.create("Note", { id: 1, text: "first" }));
      const before = readFileSync(mode.path());
      // Made after the realm's own watcher, so that it is told after it.
      const watcher = watch(`${mode.path()}.lock`);
      const told = once(watcher, "change");
      // A commit of another handle whose record is overwritten before the realm has a chance to read it.
      const transaction = other.beginWrite();
      transaction.tree("foreign").put(Uint8Array.of(1), new Uint8Array(500).fill(7));
      transaction.commit();
      const after = readFileSync(mode.path());
      const changed = after.findIndex((byte, index) => index >= LOG_OFFSET && byte !== before[index]);
      const file = openSync(mode.path(), "r+");
      writeSync(file, new Uint8Array(200), 0, 200, changed);
      closeSync(file);
      await told;
      watcher.close();
      await nextTurn();
      expect(() => realm.refresh()).toThrow(expect.objectContaining({ code: "LOG_DAMAGED" }));
      expect(realm.objects("Note").length).toBe(1);
      expect(() => realm.write(() => undefined)).toThrow(expect.objectContaining({ code: "LOG_DAMAGED" }));
      expect(uncaught).toEqual([]);
    } finally {
      process.off("uncaughtException", note);
      other.close();
      expect(() => realm.close()).not.toThrow(TypeError);
    }
  });
});
