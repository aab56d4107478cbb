/**
 * The log's form of images: the newer one whole, of the older one only what differs.
 *
 * @module
 */
import type { Operation, WireKey } from "@holdfast/sync-protocol";
import { changedValues } from "../merge/image.ts";
import type { Image } from "../merge/image.ts";
import type { ChangeEntry } from "./store.ts";

/** The texts of an entry. */
export interface LoggedImages {
  readonly old: string | null;
  readonly new: string | null;
}

/** A row of the log. */
export interface LogRow {
  readonly v: string | number;
  readonly ordinal: number;
  readonly client: string;
  readonly typ: string;
  readonly pk: string;
  readonly ops: string;
  readonly old: string | null;
  readonly new: string | null;
}

/** An entry's operations as JSON; made once. */
export function opsText(entry: ChangeEntry): string {
  entry.text.ops ??= JSON.stringify(entry.ops);
  return entry.text.ops;
}

/** Before operations that bring a container back. JSON of operations begins with a bracket. */
const BRINGS_BACK = "B";

/** An entry's operations as they stand in the log. */
export function loggedOps(entry: ChangeEntry): string {
  return entry.bringsBack === true ? BRINGS_BACK + opsText(entry) : opsText(entry);
}

/** Writes both images. */
export function loggedImages({ before, after }: Pick<ChangeEntry, "before" | "after">): LoggedImages {
  return {
    old: before === undefined ? null : JSON.stringify(after === undefined ? before : changedValues(before, after)),
    new: after === undefined ? null : JSON.stringify(after),
  };
}

/** Reads a row of the log. */
export function entryOf(row: LogRow): ChangeEntry {
  const after = row.new === null ? undefined : (JSON.parse(row.new) as Image);
  const changed = row.old === null ? undefined : (JSON.parse(row.old) as Image);
  const bringsBack = row.ops.startsWith(BRINGS_BACK);
  const ops = bringsBack ? row.ops.slice(BRINGS_BACK.length) : row.ops;
  return {
    version: Number(row.v),
    ordinal: row.ordinal,
    client: row.client,
    type: row.typ,
    pk: JSON.parse(row.pk) as WireKey,
    ops: JSON.parse(ops) as readonly Operation[],
    text: { ops },
    ...(bringsBack ? { bringsBack } : {}),
    before: changed === undefined ? undefined : { ...after, ...changed },
    after,
  };
}
