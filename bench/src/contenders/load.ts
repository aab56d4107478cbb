/**
 * Finds a contender by its id and imports its library, which is not part of any measured time.
 *
 * @module
 */
import { createRequire } from "node:module";
import type { Contender } from "../contender.ts";
import { createSqliteSession, type SqlDatabase } from "./sqlite.ts";
import { openSqliteGraph } from "./sqlite-graph.ts";

type SqlConstructor = new (path: string) => SqlDatabase;

// The SQLite peers live in a package of their own, outside the workspace: most users never install them.
const requirePeer = createRequire(new URL("../../peers/package.json", import.meta.url));
const RAW_KEY = Buffer.alloc(32, 0x5a).toString("hex");

/**
 * Loads a contender.
 *
 * @throws {Error} The library is not installed (code `MODULE_NOT_FOUND`), or the id is unknown.
 */
export async function loadContender(id: string): Promise<Contender> {
  switch (id) {
    case "holdfast-plain":
    case "holdfast-encrypted":
      return (await import("./holdfast.ts")).createHoldfast(id === "holdfast-encrypted");
    case "lmdb-plain":
    case "lmdb-encrypted":
      return (await import("./lmdb.ts")).createLmdb(id === "lmdb-encrypted");
    case "node-sqlite":
      return loadNodeSqlite();
    case "better-sqlite3":
      return loadBetterSqlite();
    case "sqlite3mc":
      return loadSqliteCipher();
    default:
      throw new Error(`no contender is called "${id}"`);
  }
}

async function loadNodeSqlite(): Promise<Contender> {
  const { DatabaseSync } = await import("node:sqlite");
  return sqliteContender((path) => new DatabaseSync(path) as unknown as SqlDatabase);
}

function loadBetterSqlite(): Contender {
  const Database = requirePeer("better-sqlite3") as SqlConstructor;
  return sqliteContender((path) => new Database(path));
}

function loadSqliteCipher(): Contender {
  const Database = requirePeer("better-sqlite3-multiple-ciphers") as SqlConstructor;
  return sqliteContender((path) => {
    const db = new Database(path);
    // A raw key of 32 bytes: the scheme's password derivation is skipped.
    db.prepare("PRAGMA cipher='sqlcipher'").get();
    db.prepare("PRAGMA legacy=4").get();
    db.prepare(`PRAGMA key="x'${RAW_KEY}'"`).get();
    return db;
  });
}

function sqliteContender(connect: (path: string) => SqlDatabase): Contender {
  return { open: (options) => createSqliteSession(connect(options.path), options), openGraph: (options) => openSqliteGraph(connect(options.path), options) };
}
