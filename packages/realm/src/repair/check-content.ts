/**
 * Checks what the engine cannot know: that records are those of their class, and that indexes, links and counters agree.
 *
 * @module
 */
import type { Steps } from "@holdfast/storage-engine";
import { readKey } from "../records/keys.ts";
import { keyText } from "../records/text.ts";
import { indexEntries, indexTreeName, linkKey, linkTreeName, recordTreeName } from "../store/class-table.ts";
import { isHiddenTree } from "../store/hidden-trees.ts";
import { linksIn } from "../store/links.ts";
import { knownTrees, readRecord, readRowId, readStoredSchema, storedTables } from "./stored-classes.ts";
import type { StoredTable, TreeSource } from "./stored-classes.ts";

/** What can be wrong with the content of a realm. */
export type ContentProblemKind = "schema" | "record" | "index" | "link" | "backlink" | "embedded" | "row id" | "tree";

/** One kind of thing that is wrong in one place, and how often. */
export interface ContentProblem {
  readonly kind: ContentProblemKind;
  readonly className?: string;
  /** Name in the file. */
  readonly property?: string;
  readonly count: number;
  readonly message: string;
}

export interface ContentReport {
  readonly schemaVersion: number | undefined;
  readonly classes: readonly { readonly name: string; readonly objects: number }[];
  readonly problems: readonly ContentProblem[];
}

/** Objects read between two points at which the check may be interrupted. */
const STEP_OBJECTS = 32;

/** Reads every object once. */
export function checkContent(source: TreeSource): Steps<ContentReport> {
  return new ContentCheck(source).run();
}

class ContentCheck {
  readonly #source: TreeSource;
  readonly #problems = new Map<string, { problem: Omit<ContentProblem, "count">; count: number }>();
  /** How many entries each tree of indexes and links should have. */
  readonly #expected = new Map<string, number>();
  #done = 0;
  #total = 0;

  constructor(source: TreeSource) {
    this.#source = source;
  }

  *run(): Steps<ContentReport> {
    const schema = readStoredSchema(this.#source);
    const names = this.#source.treeNames();
    if (schema === undefined) {
      if (names.length > 0) this.#report({ kind: "schema", message: "the schema is missing or cannot be read" });
      return this.#result(undefined, []);
    }
    const tables = storedTables(schema);
    for (const { name } of tables.values()) this.#total += this.#objects(name);
    const known = knownTrees(tables);
    for (const name of names) if (!known.has(name) && !isHiddenTree(name)) this.#report({ kind: "tree", message: "a tree belongs to no class of the schema" });
    for (const table of tables.values()) yield* this.#checkClass(table, tables);
    for (const table of tables.values()) this.#checkCounts(table);
    return this.#result(schema.version, [...tables.keys()].map((name) => ({ name, objects: this.#objects(name) })));
  }

  #result(schemaVersion: number | undefined, classes: ContentReport["classes"]): ContentReport {
    return { schemaVersion, classes, problems: [...this.#problems.values()].map(({ problem, count }) => ({ ...problem, count })) };
  }

  #objects(className: string): number {
    return this.#source.tree(recordTreeName(className))?.count ?? 0;
  }

  #report(problem: Omit<ContentProblem, "count">, count = 1): void {
    const name = JSON.stringify(problem);
    const known = this.#problems.get(name);
    this.#problems.set(name, { problem, count: (known?.count ?? 0) + count });
  }

  *#checkClass(table: StoredTable, tables: ReadonlyMap<string, StoredTable>): Steps<void> {
    const { name, layout } = table;
    const records = this.#source.tree(recordTreeName(name));
    if (records === undefined) return;
    const nextRowId = readRowId(this.#source, name);
    const cursor = records.cursor();
    while (cursor.next()) {
      const key = cursor.key().slice();
      const slots = readRecord(table, key, cursor.value());
      this.#done++;
      if (this.#done % STEP_OBJECTS === 0) yield { unit: "objects", done: this.#done, total: Math.max(1, this.#total) };
      if (slots === undefined) {
        this.#report({ kind: "record", className: name, message: "a record is not one of its class" });
        continue;
      }
      if (layout.primary === undefined && Number(readKey("int", key, 0, key.length)) >= nextRowId) {
        this.#report({ kind: "row id", className: name, message: "the next row id is taken already" });
      }
      this.#checkRow(table, tables, key, slots);
    }
  }

  #checkRow(table: StoredTable, tables: ReadonlyMap<string, StoredTable>, key: Uint8Array, slots: NonNullable<ReturnType<typeof readRecord>>): void {
    const { name: className, indexed, links } = table;
    for (const field of indexed) {
      const tree = indexTreeName(className, field.property.mapTo);
      for (const entry of indexEntries(field, slots[field.slot] ?? null, key)) {
        this.#expect(tree);
        if (this.#source.tree(tree)?.has(entry) !== true) this.#report({ kind: "index", className, property: field.property.mapTo, message: "an object is missing in the index" });
      }
    }
    for (const field of links) {
      const property = field.property.mapTo;
      for (const target of linksIn(field.property, slots[field.slot] ?? null).values()) {
        const isThere = tables.has(target.className) && this.#source.tree(recordTreeName(target.className))?.has(target.key) === true;
        if (!isThere) this.#report({ kind: "link", className, property, message: "a link leads to an object that does not exist" });
        const tree = linkTreeName(target.className);
        this.#expect(tree);
        const entry = linkKey(target.key, className, property, key);
        if (this.#source.tree(tree)?.has(entry) !== true) this.#report({ kind: "backlink", className: target.className, property: `${className}.${property}`, message: "a link is missing among the backlinks of its target" });
        if (isThere && tables.get(target.className)?.isEmbedded === true) this.#embedded(target.className).add(keyText(target.key));
      }
    }
  }

  readonly #parents = new Map<string, Set<string>>();

  /** Embedded objects of a class that have a parent. */
  #embedded(className: string): Set<string> {
    const known = this.#parents.get(className) ?? new Set();
    this.#parents.set(className, known);
    return known;
  }

  #expect(tree: string): void {
    this.#expected.set(tree, (this.#expected.get(tree) ?? 0) + 1);
  }

  /** With every expected entry there, a higher count means entries that no object accounts for. */
  #checkCounts({ name, indexed, isEmbedded }: StoredTable): void {
    for (const field of indexed) {
      const more = this.#excess(indexTreeName(name, field.property.mapTo));
      if (more > 0) this.#report({ kind: "index", className: name, property: field.property.mapTo, message: "the index has entries of no object" }, more);
    }
    const more = this.#excess(linkTreeName(name));
    if (more > 0) this.#report({ kind: "backlink", className: name, message: "there are backlinks of no link" }, more);
    const orphans = isEmbedded ? this.#objects(name) - this.#embedded(name).size : 0;
    if (orphans > 0) this.#report({ kind: "embedded", className: name, message: "an embedded object has no parent" }, orphans);
  }

  #excess(tree: string): number {
    return (this.#source.tree(tree)?.count ?? 0) - (this.#expected.get(tree) ?? 0);
  }
}
