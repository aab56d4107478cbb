/**
 * Primary keys in a migration: what the callback assigns takes effect when it is done.
 *
 * Until then rows keep their places, so that a callback may walk over old and new objects side by side and give each its key. Rows
 * whose key has another type now stand under placeholders in the old order.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import { encodeKey, PLACEHOLDER } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { emptyOf } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyBytes, keyText } from "../records/text.ts";
import type { ClassTable } from "./class-table.ts";

/** A key in both forms. */
export interface NewKey {
  readonly key: Uint8Array;
  readonly primary: StoredValue;
}

/** A key that no value has; placeholders are in the order of their numbers, behind all other keys. */
export function placeholderKey(number: number): Uint8Array {
  return Uint8Array.of(PLACEHOLDER, ...encodeKey("int", number));
}

/** The keys that the rows of a class shall have. */
export class PendingKeys {
  readonly #byRow = new Map<string, NewKey>();
  readonly #rowOf = new Map<string, string>();

  set(row: Uint8Array, next: NewKey): void {
    const text = keyText(row);
    const before = this.#byRow.get(text);
    if (before !== undefined) this.#rowOf.delete(keyText(before.key));
    this.#byRow.set(text, next);
    this.#rowOf.set(keyText(next.key), text);
  }

  /** The key that a row shall have, if it was given one. */
  get(row: Uint8Array): NewKey | undefined {
    return this.#byRow.size === 0 ? undefined : this.#byRow.get(keyText(row));
  }

  /** The row that shall have a key. */
  rowFor(key: Uint8Array): Uint8Array | undefined {
    if (this.#rowOf.size === 0) return undefined;
    const row = this.#rowOf.get(keyText(key));
    return row === undefined ? undefined : keyBytes(row);
  }

  /** Gives all rows their keys. @throws {RealmError} `OBJECT_EXISTS` */
  settle(table: ClassTable): void {
    const primary = table.layout.primary?.property;
    if (primary === undefined) return;
    const moves = [...this.#byRow].filter(([row]) => table.get(keyBytes(row)) !== undefined);
    this.#byRow.clear();
    this.#rowOf.clear();
    // First out of each other's way: rows may exchange their keys.
    let number = table.rowCount;
    const waiting = moves.map(([row, next]) => {
      const key = placeholderKey(number++);
      table.rekey(keyBytes(row), { key, primary: next.primary });
      return { key, next };
    });
    for (const { key, next } of waiting) table.rekey(key, next);
    const left = table.keys({ from: Uint8Array.of(PLACEHOLDER) });
    if (left.length > 1) throw new RealmError("OBJECT_EXISTS", `Primary key property '${table.name}.${primary.name}' has duplicate values after migration.`);
    const zero = emptyOf(primary);
    for (const key of left) table.rekey(key, { key: encodeKey(primary.type as KeyType, zero as KeyValue), primary: zero });
  }
}
