/**
 * A list being changed: its positions, copied when the first change comes, and the index over them.
 *
 * @module
 */
import type { Position, Slot } from "../object-state.ts";
import { idOf, type Content, type InsertAction, type MoveAction, type Operation, type RemoveAction } from "../operation.ts";
import type { Stamp } from "../stamp.ts";
import type { Owned } from "./fields.ts";
import { deadItem, earlierOf, handOn, indexOf, isBelow, movedBy, runId, stampOfPosition, type ListIndex, type Node } from "./list-index.ts";
import { isNewBox } from "./slot.ts";

/** A list may cost this many steps more than it has positions before it is written down at the end of a batch. */
const STEPS_MORE = 1000;

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
    this.index = indexOf(positions);
    this.#deferIfDear();
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
    const earlier = this.#left(action.element);
    const here: Position = { i: id, ...hangs(action), ...(id === h ? {} : { t: h }), e: action.element };
    const { item } = node;
    for (const each of earlier) if (stampOfPosition(each.item) < h) this.#die(each, h);
    if (this.index.isDeferred) this.index.deferMoves(action.element);
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
      this.#deferIfDear();
      this.#die(node, operation.h);
      for (const each of this.#left(element)) this.#die(each, operation.h);
      if (this.index.isDeferred) this.index.deferMoves(element);
    }
    if (missing.length === 0) return undefined;
    return missing.length === action.elements.length ? operation : { ...operation, do: { act: "remove", elements: missing } };
  }

  /** Puts consecutive positions where the first of them belongs. */
  #place(items: readonly Position[], parent: Node): void {
    const first = items[0];
    if (first === undefined) return;
    if (this.index.isDeferred) {
      this.isChanged = true;
      for (const item of items) this.index.addDeferred(item);
      return;
    }
    const isLeft = first.l === 1 && parent !== this.index.root;
    const siblings = (isLeft ? parent.lefts : parent.rights) ?? [];
    const place = this.index.placeAmong(siblings, stampOfPosition(first));
    const where = this.#placeOf(parent, isLeft, siblings[place]);
    const positions = this.#own();
    this.index.steps += movedBy(positions.length - where);
    insertAt(positions, where, items);
    this.index.add(first, place);
    for (const item of items.slice(1)) this.index.add(item, undefined);
  }

  #placeOf(parent: Node, isLeft: boolean, before: Node | undefined): number {
    if (before !== undefined) return this.index.indexOf(this.#positions, this.index.firstOf(before).item);
    if (isLeft) return this.index.indexOf(this.#positions, parent.item);
    return parent === this.index.root ? this.#positions.length : this.index.indexOf(this.#positions, this.index.lastOf(parent).item) + 1;
  }

  /** The positions that an element has left and that are brought up to date at once: none if that is done later, all together. */
  #left(element: string): readonly Node[] {
    if (this.index.isDeferred) return [];
    const earlier = this.index.left.get(element) ?? [];
    this.index.steps += earlier.length;
    return [...earlier];
  }

  #die(node: Node, h: Stamp): void {
    const dead = deadItem(node, h);
    if (dead !== node.item) this.#replace(node, dead);
  }

  #replace(node: Node, item: Position): void {
    const next = item.h !== undefined && item.h === stampOfPosition(item) ? withoutStamp(item) : item;
    if (!this.index.isDeferred) {
      const where = this.index.indexOf(this.#positions, node.item);
      this.#own()[where] = next;
    }
    this.isChanged = true;
    node.item = next;
  }

  #deferIfDear(): void {
    const { index } = this;
    const batch = this.#owned;
    if (!this.#isOwn || batch?.options.defers !== true || index.isDeferred || index.steps <= this.#positions.length + STEPS_MORE) return;
    index.isDeferred = true;
    batch.defer(this.#positions as Position[], index);
  }

  #own(): Position[] {
    this.isChanged = true;
    if (!this.#isOwn) {
      const copy = [...this.#positions];
      handOn(this.#positions, copy, this.index);
      this.index.steps = 0;
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
