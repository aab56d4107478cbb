/**
 * A server whose users' keys change, and devices whose key stores are files that several processes share.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseKeys, StringKeyStore } from "@holdfast/key-store";
import type { EntryStore } from "@holdfast/key-store";
import type { Transport } from "../../src/index.ts";

/** Two files of one user. */
export const FILES = ["one.realm", "two.realm"] as const;
export const SCHEMA = [{ name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string" } }];

/** A connection that comes to nothing: these tests are about files. */
export const PASSIVE: Transport = { connect: () => ({ send: () => undefined, close: () => undefined }) };

/** A key store in files, as plain as they can be; each change is one rename or one removal. @param onChange - After each */
export function keysIn(folder: string, onChange: () => void = () => undefined): DatabaseKeys {
  const place = join(folder, "key-store");
  mkdirSync(place, { recursive: true });
  const entries: EntryStore = {
    backend: "files of a test",
    identity: place,
    capabilities: { persistent: true, hardwareBacked: false, enumerable: true, backupExcluded: true, synchronizable: false, biometrics: false, crossProcessLock: false },
    checkOptions: () => undefined,
    get: async (name) => (existsSync(join(place, name)) ? readFileSync(join(place, name), "utf8") : null),
    set: async (name, text) => {
      const temporary = join(place, `new-${randomBytes(6).toString("hex")}`);
      writeFileSync(temporary, text);
      renameSync(temporary, join(place, name));
      onChange();
    },
    remove: async (name) => {
      if (!existsSync(join(place, name))) return;
      rmSync(join(place, name));
      onChange();
    },
    names: async () => readdirSync(place).filter((name) => !name.startsWith("new-")),
  };
  return new DatabaseKeys({ store: new StringKeyStore(entries) });
}
