/**
 * What changed between two commits, asked in the ways that listeners need: this row, its properties, what it links to.
 *
 * @module
 */
import { rowOf } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import { sameStored } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyBytes, keyText } from "../records/text.ts";
import type { Field } from "../records/layout.ts";
import type { ClassTable } from "../store/class-table.ts";
import { recordTreeName } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import { linksIn } from "../store/links.ts";
import type { KeyPath } from "./key-paths.ts";

/** The record of a row before and after. */
export interface RowChange {
  readonly key: Uint8Array;
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
}

/** The same with the row as it is now, made once for all who ask; undefined if it is gone. */
export interface ChangedRow extends RowChange {
  /** The text of the key. */
  readonly text: string;
  readonly row: Row | undefined;
}

/** A row by class and key. */
interface RowName {
  readonly className: string;
  readonly key: string;
}

/** How far a change is felt over links by a collection's listener without key paths: the object and three links. */
export const LINK_DEPTH = 4;

/** The rows that changed between two commits. */
export class ChangedRows {
  readonly #session: FileSession;
  readonly #byClass: ReadonlyMap<string, ReadonlyMap<string, ChangedRow>>;
  #affected: Map<string, Set<string>>[] = [];
  #lastClass: { readonly className: string; readonly rows: readonly ChangedRow[]; readonly affected: ReadonlySet<string> } | undefined;
  /** Unions of rings, by depth and class: thousands of listeners ask for the same one. */
  readonly #unions = new Map<string, ReadonlySet<string>>();

  constructor(session: FileSession, changes: readonly { tree: string; entries: readonly RowChange[] }[]) {
    this.#session = session;
    const byTree = new Map([...session.tables.keys()].map((name) => [recordTreeName(name), name]));
    const byClass = new Map<string, Map<string, ChangedRow>>();
    for (const { tree, entries } of changes) {
      const className = byTree.get(tree);
      if (className !== undefined && entries.length > 0) byClass.set(className, new Map(entries.map(withRow).map((entry) => [entry.text, entry])));
    }
    this.#byClass = byClass;
  }

  /** Names of the classes with changed rows. */
  classNames(): IterableIterator<string> {
    return this.#byClass.keys();
  }

  get isEmpty(): boolean {
    return this.#byClass.size === 0;
  }

  hasClass(className: string): boolean {
    return this.#byClass.has(className);
  }

  /** The changed rows of a class by the text of their keys. */
  rowsOf(className: string): ReadonlyMap<string, ChangedRow> {
    return this.#byClass.get(className) ?? NO_ROWS;
  }

  /** The changed rows of a class in a list, and all rows that they are felt in: asked for by every listener of the class. */
  ofClass(className: string): { readonly rows: readonly ChangedRow[]; readonly affected: ReadonlySet<string> } {
    if (this.#lastClass?.className !== className) {
      this.#lastClass = { className, rows: [...this.rowsOf(className).values()], affected: this.affectedRows(className, LINK_DEPTH) };
    }
    return this.#lastClass;
  }

  rowOf(className: string, key: string): RowChange | undefined {
    return this.#byClass.get(className)?.get(key);
  }

  /** The fields of a row that differ; all of them if it is new. */
  fieldsOf(table: ClassTable, change: RowChange): readonly Field[] {
    if (change.before === undefined || change.after === undefined) return table.layout.fields;
    const before = rowOf(change.key, change.before);
    const after = rowOf(change.key, change.after);
    return table.layout.fields.filter((field) => !sameStored(field.read(before), field.read(after)));
  }

  /**
   * The rows of a class that changed, or lead to a changed row over up to `depth - 1` links.
   *
   * It walks from the changed rows against the direction of links, so it costs what changed and not what exists.
   */
  affectedRows(className: string, depth: number): ReadonlySet<string> {
    const name = `${depth} ${className}`;
    const known = this.#unions.get(name);
    if (known !== undefined) return known;
    while (this.#affected.length < depth) this.#affected.push(this.#nextRing());
    const found = this.#affected.slice(0, depth).map((ring) => ring.get(className)).filter((ring) => ring !== undefined);
    const union = found.length === 1 ? (found[0] as Set<string>) : new Set(found.flatMap((ring) => [...ring]));
    this.#unions.set(name, union);
    return union;
  }

  #nextRing(): Map<string, Set<string>> {
    const last = this.#affected.at(-1);
    if (last === undefined) return new Map([...this.#byClass].map(([name, rows]) => [name, new Set(rows.keys())]));
    const ring = new Map<string, Set<string>>();
    for (const [className, keys] of last) {
      const table = this.#session.table(className);
      for (const key of keys) {
        for (const origin of table.originsOf(keyBytes(key))) {
          const text = keyText(origin.key);
          if (this.#affected.some((known) => known.get(origin.className)?.has(text) === true)) continue;
          const names = ring.get(origin.className) ?? new Set<string>();
          ring.set(origin.className, names.add(text));
        }
      }
    }
    return ring;
  }

  /** True if a row changed along one of the paths. */
  isChangedAlong(row: RowName, paths: readonly KeyPath[]): boolean {
    return paths.some((path) => this.#changedProperties(row, path, true).length > 0);
  }

  /** Names of the row's properties that changed along the paths. */
  propertiesAlong(row: RowName, paths: readonly KeyPath[]): string[] {
    return [...new Set(paths.flatMap((path) => this.#changedProperties(row, path, false)))];
  }

  #changedProperties(row: RowName, [head, ...rest]: KeyPath, isOneEnough: boolean): string[] {
    const table = this.#session.tables.get(row.className);
    if (table === undefined || head === undefined) return [];
    const found: string[] = [];
    const change = this.rowOf(row.className, row.key);
    const changed = change === undefined ? [] : this.fieldsOf(table, change);
    for (const property of Object.values(table.schema.properties)) {
      if (head !== "*" && head !== property.name && head !== property.mapTo) continue;
      const field = table.layout.fieldOf(property.name);
      const isChanged = property.type === "linkingObjects" ? this.#isBacklinkChanged(table, row.key, { property, rest }) : field !== undefined && (changed.includes(field) || this.#isTargetChanged(table, row.key, field, rest));
      if (!isChanged) continue;
      found.push(property.name);
      if (isOneEnough) break;
    }
    return found;
  }

  #isTargetChanged(table: ClassTable, key: string, field: Field, rest: KeyPath): boolean {
    if (rest.length === 0 || !table.links.includes(field)) return false;
    const bytes = keyBytes(key);
    const record = table.get(bytes);
    if (record === undefined) return false;
    for (const target of linksIn(field.property, field.read(rowOf(bytes, record))).values()) {
      if (this.isChangedAlong({ className: target.className, key: keyText(target.key) }, [rest])) return true;
    }
    return false;
  }

  /** Backlinks change when a changed row of the origin class began or ceased to link here, or when one that links here changed along the rest. */
  #isBacklinkChanged(table: ClassTable, key: string, { property, rest }: { property: { objectType?: string; property?: string }; rest: KeyPath }): boolean {
    const origin = this.#session.tables.get(property.objectType ?? "");
    const field = origin?.layout.fieldOf(property.property ?? "");
    if (origin === undefined || field === undefined) return false;
    const leadsHere = (value: StoredValue): boolean => [...linksIn(field.property, value).values()].some((target) => target.className === table.name && keyText(target.key) === key);
    for (const change of this.rowsOf(origin.name).values()) {
      const before = change.before !== undefined && leadsHere(field.read(rowOf(change.key, change.before)));
      const after = change.after !== undefined && leadsHere(field.read(rowOf(change.key, change.after)));
      if (before !== after) return true;
      if (after && rest.length > 0 && this.isChangedAlong({ className: origin.name, key: keyText(change.key) }, [rest])) return true;
    }
    if (rest.length < 2) return false;
    return table.backlinks(keyBytes(key), origin.name, field.property.name).some((backlink) => this.isChangedAlong({ className: origin.name, key: keyText(backlink) }, [rest]));
  }
}

function withRow({ key, before, after }: RowChange): ChangedRow {
  return { key, text: keyText(key), ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }), row: after === undefined ? undefined : rowOf(key, after) };
}

const NO_ROWS: ReadonlyMap<string, ChangedRow> = new Map();
