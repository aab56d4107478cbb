/**
 * The log for salvage: every whole record of the ring, which of them follow a state without a gap, and what they did.
 *
 * @module
 */
import { equalBytes } from "./bytes.ts";
import type { Log, LogEntry, LogHead } from "./log.ts";
import { OPERATION, readOperations, type Operation } from "./log-record.ts";
import type { WriteTransaction } from "./transaction.ts";

/** The records that follow a head, up to the first that is missing. */
export function chainFrom(log: Log, head: LogHead): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let entry = log.next(head); entry !== undefined; entry = log.next(entry.head)) entries.push(entry);
  return entries;
}

/** The records from one head up to another; undefined if they do not lead there. */
export function chainBetween(log: Log, from: LogHead, to: LogHead): LogEntry[] | undefined {
  const entries = from.position === to.position ? [] : chainFrom(log, from);
  const end = entries.findIndex(({ head }) => head.position === to.position);
  if (from.position !== to.position && end < 0) return undefined;
  const last = entries[end]?.head ?? from;
  // A transaction that went straight to pages has a number and no record.
  return last.commit === to.commit && equalBytes(last.tag, to.tag) ? entries.slice(0, end + 1) : undefined;
}

/**
 * Of all whole records, those since the last transaction that went straight to pages: it left no record, so whatever stands
 * before it says nothing about what it changed.
 */
export function recordsSincePages(records: readonly LogEntry[]): readonly LogEntry[] {
  let start = 0;
  for (let index = 1; index < records.length; index++) {
    const [before, entry] = [records[index - 1] as LogEntry, records[index] as LogEntry];
    if (entry.position === before.head.position && entry.head.commit !== before.head.commit + 1) start = index;
  }
  return records.slice(start);
}

/** Applies records to trees that are being written. */
export class Replay {
  readonly #transaction: WriteTransaction;
  /** Names by id. A tree that no catalog and no record names gets one that says so. */
  readonly names: Map<number, string>;
  /** Trees that were cleared or dropped. */
  readonly emptied: Set<string> = new Set<string>();

  constructor(transaction: WriteTransaction, names: Map<number, string>) {
    this.#transaction = transaction;
    this.names = names;
  }

  apply(entries: readonly LogEntry[]): void {
    for (const { plaintext } of entries) for (const operation of readOperations(plaintext)) this.#applyOne(operation);
  }

  #applyOne({ kind, treeId, key, value }: Operation): void {
    if (kind === OPERATION.createTree) this.names.set(treeId, new TextDecoder().decode(key));
    const name = this.#nameOf(treeId);
    if (kind === OPERATION.dropTree) this.#transaction.dropTree(name);
    else if (kind === OPERATION.put) this.#transaction.tree(name).put(key, value);
    else if (kind === OPERATION.delete) this.#transaction.tree(name).delete(key);
    else if (kind === OPERATION.clearTree) this.#transaction.tree(name).clear();
    else this.#transaction.tree(name);
    if (kind === OPERATION.dropTree || kind === OPERATION.clearTree) this.emptied.add(name);
  }

  #nameOf(treeId: number): string {
    const known = this.names.get(treeId);
    if (known !== undefined) return known;
    const name = lostName(treeId);
    this.names.set(treeId, name);
    return name;
  }
}

/** The name of a tree whose own name is lost. */
export function lostName(treeId: number): string {
  return `lost tree ${treeId}`;
}
