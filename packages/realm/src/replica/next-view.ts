/**
 * The view that comes: objects of some classes that are put aside, with their indexes and links, until all of them are there. Then their
 * trees change places with those that everybody sees, which takes no longer for many objects than for few.
 *
 * Until then nobody sees them: they stand in hidden trees. Another schema ends it, since its records may be others.
 *
 * @module
 */
import { readText, utf8Bytes } from "../records/text.ts";
import { indexTreeName, linkTreeName, recordTreeName } from "../store/class-table.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import { NEXT_CLASSES_TREE, NEXT_PREFIX } from "../store/hidden-trees.ts";

const CLASSES_KEY = utf8Bytes("classes");

/** The classes whose next objects are put aside; undefined if there is no view to come. */
export function nextClasses(session: FileSession): readonly string[] | undefined {
  const bytes = session.tree(NEXT_CLASSES_TREE)?.get(CLASSES_KEY);
  return bytes === undefined ? undefined : (JSON.parse(readText(bytes, 0, bytes.length)) as string[]);
}

/** Begins a view to come. Classes that link to each other, or hold the same embedded objects, have to go together. */
export function beginNext(session: FileSession, classNames: readonly string[]): void {
  session.dropNext();
  session.writeTree(NEXT_CLASSES_TREE).put(CLASSES_KEY, utf8Bytes(JSON.stringify(classNames)));
}

/** Shows what was put aside in place of all that these classes had, and forgets what was put aside of others. */
export function takeNext(session: FileSession, classNames: readonly string[]): void {
  const names = new Set(session.treeNames());
  const next = new Set(nextClasses(session));
  for (const className of classNames) {
    if (!next.has(className)) continue;
    const table = session.tables.get(className);
    for (const name of table === undefined ? [] : treesOf(table)) {
      if (names.has(name) || names.has(NEXT_PREFIX + name)) session.swapTrees(name, NEXT_PREFIX + name);
    }
  }
  session.dropNext();
}

function treesOf(table: ClassTable): string[] {
  return [recordTreeName(table.name), linkTreeName(table.name), ...table.indexed.map((field) => indexTreeName(table.name, field.property.mapTo))];
}
