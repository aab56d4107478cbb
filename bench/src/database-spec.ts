/**
 * Where the databases of a run are.
 *
 * @module
 */
import { join } from "node:path";

/** A database of a run: its folder is the contender's own. */
export interface DatabaseSpec {
  readonly folder: string;
  readonly count: number;
  readonly isIndexed: boolean;
}

/** Where a contender keeps the database of a spec. */
export function databasePath(database: DatabaseSpec): string {
  return join(database.folder, `${database.count}${database.isIndexed ? "-indexed" : ""}`, "people.db");
}
