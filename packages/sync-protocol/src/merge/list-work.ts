/**
 * A list being changed: its positions, copied when the first change comes, and the index over them.
 *
 * @module
 */
import type { Position, Slot } from "../object-state.ts";
import { idOf, type Content, type InsertAction, type MoveAction, type Operation, type RemoveAction } from "../operation.ts";
import type { Stamp } from "../stamp.ts";
import type { Owned } from "./fields.ts";
import { firstOf, isBelow, lastOf, ListIndex, runId, stampOfPosition, type Node } from "./list-index.ts";
import { isNewBox } from "./slot.ts";

/** The index of the newest version of each list. */
const indexes = new WeakMap<readonly Position[], ListIndex>();

/** Where something new hangs in a list. */
export interface Place {
  readonly origin?: string;
  readonly side?: "left";
}

/** One list while operations are applied to it. */
export class ListWork {
  readonly #owned: Owned;
  #positions: readonly Position[];
  #isOwn: boolean;
  readonly index: ListIndex;
  isChanged = false;

  constructor(positions: readonly Position[], owned: Owned) {
    this.#owned = owned;
    this.#positions = positions;
    this.#isOwn = owned?.has(positions) === true;
    const index = indexes.get(positions) ?? new ListIndex(positions);
    indexes.set(positions, index);
    this.index = index;
  }

  /** The positions as they are now. */
  get positions(): readonly Position[] {
    return this.#positions;
  }

  /** Applies an action on the list itself. Returns what has to wait for elements or positions that are not there yet. */
  act(operation: Operation): Operation | undefined {
    const action = operation.do;
    if (action.act === "insert") return this.#insert(operation, action) ? undefined : operation;
    if (action.act === "move") return this.#move(operation, action) ? undefined : operation;
    if (action.act === "remove") return this.#remove(operation, action);
    return undefined;
  }

  /** Changes what stands at an element. False if the element is not there yet; one that was removed stays as it is. */
  change(element: string, changed: (slot: Slot) => Slot | undefined): boolean {
    const node = this.index.elements.get(element);
    if (node === undefined) return false;
    if (node.item.r !== undefined) return true;
    const slot = withStamp(node.item);
    const next = changed(slot);
    if (next !== slot && next !== undefined) this.#replace(node, next as Position);
    return true;
  }

  /** The element that is shown behind a node, or first if there is none. */
  shownAfter(node: Node | undefined, isShown: (item: Position) => boolean): Node | undefined {
    const start = node === undefined ? 0 : this.index.indexOf(this.#positions, node.item) + 1;
    for (let each = start; each < this.#positions.length; each += 1) {
      const item = this.#positions[each] as Position;
      if (item.r === undefined && isShown(item)) return this.index.nodes.get(item.i);
    }
    return undefined;
  }

  #insert(operation: Operation, action: InsertAction): boolean {
    const first = idOf(operation);
    if (this.index.nodes.has(first)) return true;
    const parent = action.origin === undefined ? this.index.root : this.index.nodes.get(action.origin);
    if (parent === undefined) return false;
    const items = action.values.map((content, count) => newPosition(runId(first, count), operation.h, content, count === 0 ? action : {}));
    this.#place(items, parent);
    return true;
  }

  #move(operation: Operation, action: MoveAction): boolean {
    const id = idOf(operation);
    if (this.index.nodes.has(id)) return true;
    const node = this.index.elements.get(action.element);
    const parent = action.origin === undefined ? this.index.root : this.index.nodes.get(action.origin);
    if (node === undefined || parent === undefined) return false;
    const { h } = operation;
    const earlier = this.index.left.get(action.element) ?? [];
    const here: Position = { i: id, ...hangs(action), ...(id === h ? {} : { t: h }), e: action.element };
    const { item } = node;
    for (const each of earlier) if (stampOfPosition(each.item) < h) this.#die(each, h);
    if (stampOfPosition(item) < h) {
      const arrived = item.r === undefined ? { ...contentOf(item), ...here } : { ...here, r: item.r };
      this.index.leave(node);
      this.#die(node, h);
      this.#place([arrived], parent);
    } else {
      const next = [node, ...earlier].map((each) => stampOfPosition(each.item)).filter((stamp) => stamp > h).reduce(earlierOf);
      this.#place([{ ...here, m: 1, r: item.r === undefined ? next : earlierOf(next, item.r) }], parent);
    }
    return true;
  }

  #remove(operation: Operation, action: RemoveAction): Operation | undefined {
    const missing = action.elements.filter((element) => !this.index.elements.has(element));
    for (const element of action.elements) {
      const node = this.index.elements.get(element);
      if (node === undefined) continue;
      this.#die(node, operation.h);
      for (const each of this.index.left.get(element) ?? []) this.#die(each, operation.h);
    }
    if (missing.length === 0) return undefined;
    return missing.length === action.elements.length ? operation : { ...operation, do: { act: "remove", elements: missing } };
  }

  /** Puts consecutive positions where the first of them belongs. */
  #place(items: readonly Position[], parent: Node): void {
    const first = items[0];
    if (first === undefined) return;
    const isLeft = first.l === 1 && parent !== this.index.root;
    const before = this.index.siblingAfter(parent, isLeft, stampOfPosition(first));
    const where = this.#placeOf(parent, isLeft, before);
    insertAt(this.#own(), where, items);
    this.index.add(first, before);
    for (const item of items.slice(1)) this.index.add(item, undefined);
  }

  #placeOf(parent: Node, isLeft: boolean, before: Node | undefined): number {
    if (before !== undefined) return this.index.indexOf(this.#positions, firstOf(before).item);
    if (isLeft) return this.index.indexOf(this.#positions, parent.item);
    return parent === this.index.root ? this.#positions.length : this.index.indexOf(this.#positions, lastOf(parent).item) + 1;
  }

  /** A position whose element was removed, or has moved on: it keeps its place, since others may hang on it. */
  #die(node: Node, h: Stamp): void {
    const { i, o, l, t, e, r } = node.item;
    if (r !== undefined && r <= h && (node.item.m === 1) === node.hasLeft) return;
    const dead: Position = {
      i,
      ...(o === undefined ? {} : { o }),
      ...(l === undefined ? {} : { l }),
      ...(t === undefined ? {} : { t }),
      ...(e === undefined ? {} : { e }),
      ...(node.hasLeft ? { m: 1 as const } : {}),
      r: r === undefined ? h : earlierOf(r, h),
    };
    this.#replace(node, dead);
  }

  #replace(node: Node, item: Position): void {
    const where = this.index.indexOf(this.#positions, node.item);
    const next = item.h !== undefined && item.h === stampOfPosition(item) ? withoutStamp(item) : item;
    this.#own()[where] = next;
    node.item = next;
  }

  #own(): Position[] {
    this.isChanged = true;
    if (!this.#isOwn) {
      const copy = [...this.#positions];
      indexes.delete(this.#positions);
      indexes.set(copy, this.index);
      this.#owned?.add(copy);
      this.#positions = copy;
      this.#isOwn = true;
    }
    return this.#positions as Position[];
  }
}

/**
 * Where something hangs so that it reads between two elements that are shown.
 *
 * Only elements that are shown are named, never dead positions: so dead ones can be forgotten once everybody has seen them die. The new one's
 * stamp is later than all that its writer has seen, so among its siblings it comes last, which is next to its neighbour on either side.
 */
export function placeBetween(before: Node | undefined, after: Node | undefined): Place {
  if (after !== undefined && (before === undefined || isBelow(after, before))) return { origin: after.item.i, side: "left" };
  return before === undefined ? {} : { origin: before.item.i };
}

function hangs(action: Place): Pick<Position, "o" | "l"> {
  return { ...(action.origin === undefined ? {} : { o: action.origin }), ...(action.side === "left" ? { l: 1 } : {}) };
}

function newPosition(id: string, h: Stamp, content: Content, place: Place): Position {
  const value = isNewBox(content) ? { k: content.$new } : { v: content };
  return { i: id, ...hangs(place), ...(id.startsWith(h) ? {} : { t: h }), ...value };
}

function contentOf(item: Position): Slot {
  const { i: _i, o: _o, l: _l, t: _t, e: _e, m: _m, r: _r, ...content } = withStamp(item);
  return content;
}

function withStamp(item: Position): Position {
  return item.h === undefined ? { ...item, h: stampOfPosition(item) } : item;
}

function withoutStamp(item: Position): Position {
  const { h: _h, ...rest } = item;
  return rest;
}

function earlierOf(one: Stamp, other: Stamp): Stamp {
  return one < other ? one : other;
}

function insertAt(positions: Position[], index: number, items: readonly Position[]): void {
  if (items.length === 1) {
    positions.splice(index, 0, items[0] as Position);
    return;
  }
  // Not `splice(...items)`: a long run would be more arguments than a call can have.
  const tail = positions.splice(index);
  for (const item of items) positions.push(item);
  for (const item of tail) positions.push(item);
}
