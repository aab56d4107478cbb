/**
 * What a batch of changes means for a view: operations on what it shows before and after, states of what enters, names of what leaves.
 *
 * @module
 */
import type { ObjectState, WireKey } from "@holdfast/sync-protocol";
import type { Image } from "../merge/image.ts";
import { opsText } from "../store/log-codec.ts";
import { objectName } from "../store/store.ts";
import type { ChangeEntry } from "../store/store.ts";
import { visibleOperations, visibleState } from "./view.ts";
import type { ClassView, View } from "./view.ts";

/** Changes of some versions, in order, and how to find the states of objects after them. */
export class ChangeBatch {
  readonly entries: readonly ChangeEntry[];
  /** The version that whoever has applied the batch is at. */
  readonly version: number;
  readonly salt: string;
  /** By object: from what to what all of its changes together lead. */
  readonly objects: readonly ObjectSpan[];

  constructor(entries: readonly ChangeEntry[], at: { readonly version: number; readonly salt: string }) {
    this.entries = entries;
    this.version = at.version;
    this.salt = at.salt;
    const spans = new Map<string, { -readonly [Key in keyof ObjectSpan]: ObjectSpan[Key] }>();
    for (const [place, entry] of entries.entries()) {
      const name = objectName(entry.type, entry.pk);
      const span = spans.get(name);
      if (span === undefined) {
        spans.set(name, { name, type: entry.type, pk: entry.pk, before: entry.before, after: entry.after, writer: entry.client, entries: [entry], places: [place] });
      } else {
        span.after = entry.after;
        span.entries.push(entry);
        span.places.push(place);
        if (span.writer !== entry.client) span.writer = undefined;
      }
    }
    this.objects = [...spans.values()];
  }
}

/** One object over a batch. */
export interface ObjectSpan {
  readonly name: string;
  readonly type: string;
  readonly pk: WireKey;
  readonly before: Image | undefined;
  readonly after: Image | undefined;
  /** The client that made all of these changes; undefined if there was more than one. */
  readonly writer: string | undefined;
  readonly entries: ChangeEntry[];
  /** Where they stand among those of the batch. */
  readonly places: number[];
}

/** One object over a batch, as a view sees it before and after. */
export interface SpanInView {
  readonly span: ObjectSpan;
  wasShown: boolean;
  isShown: boolean;
}

/** The clients that changed an object. */
export function writersOf({ writer, entries }: ObjectSpan): ReadonlySet<string> {
  return new Set(writer === undefined ? entries.map(({ client }) => client) : [writer]);
}

/** What is new for a view, as parts of a message: each session leaves its own operations out. */
export interface Delta {
  readonly version: number;
  readonly salt: string;
  readonly txs: readonly { readonly client: string; readonly json: string }[];
  /** `own`: made by this client alone, from nothing. */
  readonly rows: readonly { readonly own: string | undefined; readonly json: string }[];
  readonly out: readonly string[];
  /** What came and went within the batch: those who wrote on it have it still, and nobody else ever had it. */
  readonly gone: readonly { readonly writers: ReadonlySet<string>; readonly row?: string; readonly out?: string }[];
  readonly size: number;
}

/** Every object of the batch that is of one of the view's classes. */
export function spansInView(batch: ChangeBatch, view: View): readonly SpanInView[] {
  const found: SpanInView[] = [];
  for (const span of batch.objects) {
    const shown = view.classes.get(span.type);
    if (shown !== undefined) found.push({ span, wasShown: span.before !== undefined && shown.shows(span.before), isShown: span.after !== undefined && shown.shows(span.after) });
  }
  return found;
}

/** Objects whose state is needed: those that enter the view, or left it and are back. */
export function entering(spans: readonly SpanInView[], view: View): readonly ObjectSpan[] {
  return spans.flatMap((each) => {
    const shown = view.classes.get(each.span.type);
    return shown !== undefined && fateOf(each, shown) === "row" ? [each.span] : [];
  });
}

/** How a span is told: by its operations, its state, its delete alone, its leaving; or, to those who wrote on it, that it is not there. */
type Fate = "operations" | "row" | "delete" | "out" | "gone";

/** What was written while an object was out of view is none of the viewer's business, even if it has come back or is deleted by now. */
function fateOf({ span: { after, entries }, wasShown, isShown }: SpanInView, { shows }: ClassView): Fate {
  // Where a container shows again, who has come since it was replaced does not have what is in it.
  if (isShown) return wasShown && isShownThroughout(entries, shows) && !entries.some(({ bringsBack }) => bringsBack) ? "operations" : "row";
  if (!wasShown) return "gone";
  if (after !== undefined) return "out";
  if (isShownThroughout(entries, shows)) return "operations";
  return isDeletedInView(entries, shows) ? "delete" : "out";
}

function isShownThroughout(entries: readonly ChangeEntry[], shows: ClassView["shows"]): boolean {
  return entries.every(({ after }, index) => index === entries.length - 1 || after === undefined || shows(after));
}

/** Whether the viewer saw the object when it was deleted. */
function isDeletedInView(entries: readonly ChangeEntry[], shows: ClassView["shows"]): boolean {
  const last = entries.findLast(({ before, after }) => before !== undefined && after === undefined);
  return last === undefined || shows(last.before as Image);
}

/** The delta of a batch. `spans` has, in order, what the view shows before or after, and what those wrote who follow it; `states` those of all that enter. */
export function deltaOf(batch: ChangeBatch, view: View, spans: readonly SpanInView[], states: ReadonlyMap<string, ObjectState>): Delta {
  const places: number[] = [];
  const rows: { own: string | undefined; json: string }[] = [];
  const out: string[] = [];
  const gone: { writers: ReadonlySet<string>; row?: string; out?: string }[] = [];
  for (const each of spans) {
    const { span } = each;
    const shown = view.classes.get(span.type);
    if (shown === undefined) continue;
    switch (fateOf(each, shown)) {
      case "operations":
        places.push(...span.places);
        break;
      case "row": {
        const state = states.get(span.name);
        // Gone again by the time its state was read: what made it go comes next.
        if (state !== undefined) rows.push({ own: span.before === undefined ? span.writer : undefined, json: rowJson(span.type, span.pk, visibleState(state, shown)) });
        break;
      }
      case "delete":
        rows.push({ own: undefined, json: deletedRow(span) as string });
        break;
      case "out":
        out.push(nameJson(span));
        break;
      case "gone":
        gone.push(goneOf(span, shown));
    }
  }
  // Everything is applied at once. In the order of the changes it would tell which object somebody has touched before, out of view or in hidden fields.
  rows.sort((left, right) => (left.json < right.json ? -1 : 1));
  out.sort();
  gone.sort((left, right) => ((left.row ?? left.out ?? "") < (right.row ?? right.out ?? "") ? -1 : 1));
  const txs = transactions(batch, places.sort((left, right) => left - right), view);
  const size = txs.reduce((sum, { json }) => sum + json.length, 0) + rows.reduce((sum, { json }) => sum + json.length, 0) + out.reduce((sum, json) => sum + json.length, 0);
  return { version: batch.version, salt: batch.salt, txs, rows, out, gone, size };
}

/** What a session knows of itself at the version of a delta. */
export interface SessionPoint {
  readonly resume: () => string;
  /** The newest of the client's own transactions that rows have in them. */
  readonly cseq: () => number;
}

/** The text of a `down` for one session; undefined if there is nothing in it for this client: then it is not asked for its point. */
export function downText(delta: Delta, client: string, { resume, cseq }: SessionPoint): string | undefined {
  const txs = delta.txs.filter((tx) => tx.client !== client).map(({ json }) => json);
  const rows = delta.rows.filter(({ own }) => own !== client).map(({ json }) => json);
  const gone = delta.gone.filter(({ writers }) => writers.has(client));
  for (const { row } of gone) if (row !== undefined) rows.push(row);
  const out = [...delta.out, ...gone.flatMap((entry) => (entry.out === undefined ? [] : [entry.out]))];
  if (txs.length === 0 && rows.length === 0 && out.length === 0) return undefined;
  const more = `${rows.length === 0 ? "" : `,"rows":[${rows.join(",")}],"cseq":${String(cseq())}`}${out.length === 0 ? "" : `,"out":[${out.join(",")}]`}`;
  return `{"msg":"down","resume":${JSON.stringify(resume())},"txs":[${txs.join(",")}]${more}}`;
}

/** For those who may have an object that is not shown: its delete, if they could see that, or that it is out of view. */
export function goneOf(span: ObjectSpan, { shows }: Pick<ClassView, "shows">): { writers: ReadonlySet<string>; row?: string; out?: string } {
  const writers = writersOf(span);
  const row = span.after === undefined && isDeletedInView(span.entries, shows) ? deletedRow(span) : undefined;
  return row === undefined ? { writers, out: nameJson(span) } : { writers, row };
}

/** Whether the view showed an object at a moment behind the beginning of the batch. */
export function cameIntoView({ entries }: ObjectSpan, { shows }: Pick<ClassView, "shows">): boolean {
  return entries.some(({ after }) => after !== undefined && shows(after));
}

/** The newest delete of an object, as a row; undefined if there was none. */
function deletedRow({ type, pk, entries }: ObjectSpan): string | undefined {
  // A delete of what was dead names the delete that it found, which may be the later one.
  const deletes = entries.flatMap(({ ops }) => ops.filter((operation) => operation.do.act === "delete").flatMap(({ h, g }) => (g === undefined ? [h] : [h, g])));
  const newest = deletes.toSorted().at(-1);
  return newest === undefined ? undefined : rowJson(type, pk, { d: newest });
}

/** An object as a row of a message. */
export function rowJson(type: string, pk: WireKey, state: ObjectState): string {
  return `{"type":${JSON.stringify(type)},"pk":${JSON.stringify(pk)},"state":${JSON.stringify(state)}}`;
}

/** An object's name as it stands in messages. */
function nameJson({ type, pk }: ObjectSpan): string {
  return `{"type":${JSON.stringify(type)},"pk":${JSON.stringify(pk)}}`;
}

function transactions(batch: ChangeBatch, places: readonly number[], view: View): { client: string; json: string }[] {
  const txs: { client: string; json: string }[] = [];
  let parts: string[] = [];
  let current: ChangeEntry | undefined;
  const close = (): void => {
    if (current !== undefined && parts.length > 0) txs.push({ client: current.client, json: `{"ops":[${parts.join(",")}]}` });
    parts = [];
  };
  for (const place of places) {
    const entry = batch.entries[place] as ChangeEntry;
    if (current === undefined || current.version !== entry.version || current.ordinal !== entry.ordinal) close();
    current = entry;
    const hidden = view.classes.get(entry.type)?.hidden;
    const json = (hidden === undefined || hidden.size === 0 ? opsText(entry) : JSON.stringify(visibleOperations(entry.ops, hidden))).slice(1, -1);
    if (json !== "") parts.push(json);
  }
  close();
  return txs;
}
