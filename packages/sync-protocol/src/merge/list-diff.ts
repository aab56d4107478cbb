/**
 * The difference of two lists: what stays, what moves, what is edited in place, what comes and what goes.
 *
 * @module
 */
import { LIMITS } from "../limits.ts";
import type { ListBox, Slot } from "../object-state.ts";
import type { Content, PathStep } from "../operation.ts";
import { kindOf, plainText, type PlainValue } from "../plain-object.ts";
import { NEVER } from "../stamp.ts";
import type { SyncProperty } from "../sync-schema.ts";
import type { WireValue } from "../wire-value.ts";
import { emptyBox } from "./apply.ts";
import { Batch } from "./batch.ts";
import type { Difference } from "./diff.ts";
import { elementOf, runId, stampOfPosition, type Node } from "./list-index.ts";
import { ListWork, placeBetween } from "./list-work.ts";
import { completedInside, isShown, plainSlot } from "./materialise.ts";
import { commonSubsequence, occurrences } from "./sequence-diff.ts";

/** A list in an object. */
export interface ListPlace {
  readonly box: ListBox;
  /** The path into the list. */
  readonly path: readonly PathStep[];
  /** What the schema says about its elements; undefined: mixed. */
  readonly property: SyncProperty | undefined;
}

/** What becomes of one wanted value: an old element stays or moves (by its index), or a new one is made (-1). */
interface Plan {
  readonly sources: readonly number[];
  readonly moved: ReadonlySet<number>;
  readonly edited: ReadonlySet<number>;
}

/** Emits the operations that make a list read as `wanted`. */
export function listDifference(difference: Difference, list: ListPlace, wanted: readonly PlainValue[]): void {
  const { isGone } = difference.options;
  const work = new ListWork(list.box.p, new Batch({ defers: false, waits: true }));
  const shown = list.box.p.filter((item) => isShown(item, isGone)).map((item) => work.index.nodes.get(item.i) as Node);
  // An embedded object may come with all its properties or with those alone that were ever written: both are the same element.
  const whole = (value: PlainValue): PlainValue => (list.property?.type === "object" ? completedInside(value, list.property, difference.options.schema) : value);
  const plan = planOf(
    shown.map((node) => whole(plainSlot(node.item, isGone) ?? null)),
    wanted.map(whole),
  );
  const used = new Set(plan.sources);
  const removed = shown.filter((_node, index) => !used.has(index)).map((node) => elementOf(node.item));
  for (let start = 0; start < removed.length; start += LIMITS.elementsPerOperation) {
    work.act(difference.emit(list.path, { act: "remove", elements: removed.slice(start, start + LIMITS.elementsPerOperation) }));
  }
  const elements = shown.map((node) => elementOf(node.item));
  let before: Node | undefined;
  for (let index = 0; index < wanted.length; ) {
    const source = plan.sources[index] as number;
    if (source < 0) {
      const end = endOfRun(plan.sources, index);
      before = insertRun({ difference, list, work, before }, wanted.slice(index, end));
      index = end;
      continue;
    }
    const element = elements[source] as string;
    if (plan.moved.has(source)) moveBehind({ difference, list, work, before }, element);
    before = work.index.elements.get(element) as Node;
    if (plan.edited.has(source)) difference.slot(slotOf(before), wanted[index] as PlainValue, { prefix: list.path, at: element, property: list.property, names: undefined });
    index += 1;
  }
}

interface Cursor {
  readonly difference: Difference;
  readonly list: ListPlace;
  readonly work: ListWork;
  /** The element behind which something goes; undefined: first. */
  readonly before: Node | undefined;
}

function insertRun({ difference, list, work, before }: Cursor, values: readonly PlainValue[]): Node | undefined {
  const { isGone } = difference.options;
  const after = work.shownAfter(before, (item) => isShown(item, isGone));
  const operation = difference.emit(list.path, { act: "insert", ...placeBetween(before, after), values: values.map(contentOf) });
  work.act(operation);
  for (const [count, value] of values.entries()) {
    const kind = kindOf(value);
    if (kind !== undefined) difference.box(kind, emptyBox(kind, NEVER), value, { prefix: list.path, at: runId(operation.h, count), property: list.property, names: undefined });
  }
  return work.index.nodes.get(runId(operation.h, values.length - 1));
}

function moveBehind({ difference, list, work, before }: Cursor, element: string): void {
  const { isGone } = difference.options;
  const after = work.shownAfter(before, (item) => isShown(item, isGone));
  if (after !== undefined && elementOf(after.item) === element) return;
  work.act(difference.emit(list.path, { act: "move", element, ...placeBetween(before, after) }));
}

function planOf(old: readonly PlainValue[], wanted: readonly PlainValue[]): Plan {
  const oldTexts = old.map(plainText);
  const wantedTexts = wanted.map(plainText);
  const sources = commonSubsequence(oldTexts, wantedTexts);
  const kept = new Set(sources);
  const leftOld = range(0, old.length).filter((index) => !kept.has(index));
  const leftWanted = range(0, wanted.length).filter((index) => sources[index] === -1);
  if (leftOld.length === 0 || leftWanted.length === 0) return { sources, moved: new Set(), edited: new Set() };
  const moved = new Set<number>();
  const pairs = occurrences(
    leftOld.map((index) => oldTexts[index] as string),
    leftWanted.map((index) => wantedTexts[index] as string),
  );
  const edited = new Set<number>();
  const staying = [...sources];
  for (const [oldAt, wantedAt] of pairs) {
    const source = leftOld[oldAt] as number;
    sources[leftWanted[wantedAt] as number] = source;
    moved.add(source);
  }
  for (const [source, target] of editsOf({ old, wanted, staying, isTaken: (source) => moved.has(source), isNew: (target) => sources[target] === -1 })) {
    sources[target] = source;
    edited.add(source);
  }
  return { sources, moved, edited };
}

interface Gaps {
  readonly old: readonly PlainValue[];
  readonly wanted: readonly PlainValue[];
  /** For each of the wanted, the old element that stays; -1: none. */
  readonly staying: readonly number[];
  readonly isTaken: (source: number) => boolean;
  readonly isNew: (target: number) => boolean;
}

/**
 * Between two elements that stay: as many gone as come are taken for values that were assigned by index, and a container for one of its kind.
 * Links are left alone: an element that somebody else removes would take the new link with it.
 */
function editsOf(gaps: Gaps): [source: number, target: number][] {
  const edits: [number, number][] = [];
  let oldStart = 0;
  let wantedStart = 0;
  for (let index = 0; index <= gaps.staying.length; index += 1) {
    const stays = index === gaps.staying.length ? gaps.old.length : (gaps.staying[index] as number);
    if (stays < 0) continue;
    const sources = range(oldStart, stays).filter((source) => !gaps.isTaken(source));
    const targets = range(wantedStart, index).filter(gaps.isNew);
    for (let each = 0; each < Math.min(sources.length, targets.length); each += 1) {
      const from = gaps.old[sources[each] as number] as PlainValue;
      const to = gaps.wanted[targets[each] as number] as PlainValue;
      const kind = kindOf(to);
      const isSameKind = kind !== undefined && kindOf(from) === kind;
      if (isSameKind || (sources.length === targets.length && !isLink(from) && !isLink(to))) edits.push([sources[each] as number, targets[each] as number]);
    }
    oldStart = stays + 1;
    wantedStart = index + 1;
  }
  return edits;
}

function endOfRun(sources: readonly number[], start: number): number {
  let end = start;
  while (end < sources.length && sources[end] === -1 && end - start < LIMITS.elementsPerOperation) end += 1;
  return end;
}

function contentOf(value: PlainValue): Content {
  const kind = kindOf(value);
  return kind === undefined ? (value as WireValue) : { $new: kind };
}

function slotOf(node: Node): Slot {
  return node.item.h === undefined ? { ...node.item, h: stampOfPosition(node.item) } : node.item;
}

function isLink(value: PlainValue): boolean {
  return typeof value === "object" && value !== null && "$link" in value;
}

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_each, index) => start + index);
}
