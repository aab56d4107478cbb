/**
 * What a list's positions are to each other: an index in memory beside the JSON that is stored.
 *
 * The positions form a tree (Weidner and Kleppmann, "The Art of the Fugue"): each hangs on the left or the right side of another, siblings
 * are in the order of their stamps, and the list reads in order: left side, position, right side. A list that changes hands its index on to
 * the next version; a version whose index is gone builds one anew.
 *
 * @module
 */
import type { Position } from "../object-state.ts";
import { ProtocolError } from "../protocol-error.ts";
import { STAMP_LENGTH, type Stamp } from "../stamp.ts";

/** The index of the newest version of each list. */
const indexes = new WeakMap<readonly Position[], ListIndex>();

/** The index over the positions of a list. */
export function indexOf(positions: readonly Position[]): ListIndex {
  const known = indexes.get(positions);
  if (known !== undefined) return known;
  const index = new ListIndex(positions);
  indexes.set(positions, index);
  return index;
}

/** The copy is the newest version from here on. */
export function handOn(positions: readonly Position[], copy: readonly Position[], index: ListIndex): void {
  indexes.delete(positions);
  indexes.set(copy, index);
}

/** A position in the tree. */
export interface Node {
  item: Position;
  /** Its element has moved on. */
  hasLeft: boolean;
  readonly parent: Node | undefined;
  readonly depth: number;
  readonly isLeft: boolean;
  /** Left and right side; absent: empty. */
  lefts?: Node[];
  rights?: Node[];
}

/** When a position was made; siblings are in this order. */
export function stampOfPosition(item: Position): Stamp {
  return item.t ?? item.i.slice(0, STAMP_LENGTH);
}

/** The element that stands, or stood, at a position. */
export function elementOf(item: Position): string {
  return item.e ?? item.i;
}

/** The id of the position that an item hangs on; `""` for the list. */
export function originOf(item: Position): string {
  if (item.o !== undefined) return item.o;
  if (item.i.length === STAMP_LENGTH) return "";
  const count = Number(item.i.slice(STAMP_LENGTH + 1));
  return runId(item.i.slice(0, STAMP_LENGTH), count - 1);
}

/** The id of the n-th element of a run. */
export function runId(first: Stamp, count: number): string {
  return count === 0 ? first : `${first}.${count}`;
}

/** An index over the positions of one list. */
export class ListIndex {
  readonly root: Node = { item: { i: "" }, hasLeft: false, parent: undefined, depth: 0, isLeft: false };
  readonly nodes: Map<string, Node> = new Map();
  /** Where each element stands, or stood when it was removed. */
  readonly elements: Map<string, Node> = new Map();
  /** Where elements stood before they moved. */
  readonly left: Map<string, Node[]> = new Map();
  /** What was done to places in the array and among siblings, in elements looked at and moved. */
  steps = 0;
  /** The positions are written down when the batch ends: until then this index alone knows the list. */
  isDeferred = false;
  readonly #unsorted = new Set<Node[]>();
  readonly #moved = new Set<string>();
  #near = 0;

  constructor(positions: readonly Position[]) {
    const items = new Map(positions.map((item) => [item.i, item]));
    // Positions may stand before what they hang on. Parents first, without recursion: a chain can be as long as the list.
    const chain: Position[] = [];
    for (const item of positions) {
      for (let each: Position | undefined = item; each !== undefined && !this.nodes.has(each.i); each = items.get(originOf(each))) {
        if (chain.push(each) > positions.length) throw new ProtocolError("STATE_INVALID", "positions of a list hang on each other in a circle");
      }
      for (let each = chain.pop(); each !== undefined; each = chain.pop()) this.#make(each);
    }
    for (const item of positions) this.#hang(this.nodes.get(item.i));
  }

  /** Adds a position. `before`: the place of the sibling that it stands before; undefined: it is the last one on its side, for now. */
  add(item: Position, before: number | undefined): void {
    const node = this.#make(item);
    const siblings = sideOf(node);
    if (before === undefined || before === siblings.length) siblings.push(node);
    else {
      this.steps += movedBy(siblings.length - before);
      siblings.splice(before, 0, node);
    }
  }

  /** Adds a position to a list that is written down later: its place among its siblings is found then. */
  addDeferred(item: Position): void {
    const node = this.#make(item);
    const siblings = sideOf(node);
    const last = siblings.at(-1);
    if (last !== undefined && stampOfPosition(last.item) > stampOfPosition(item)) this.#unsorted.add(siblings);
    siblings.push(node);
  }

  /** Positions that an element has left are brought up to date when the list is written down. */
  deferMoves(element: string): void {
    this.#moved.add(element);
  }

  /** Writes the list down into the array that stands for it, and is up to date again. */
  writeDown(positions: Position[]): void {
    for (const element of this.#moved) this.#endMoves(element);
    for (const siblings of this.#unsorted) siblings.sort(byStamp);
    this.#moved.clear();
    this.#unsorted.clear();
    positions.length = 0;
    readInto(positions, this.root);
    this.isDeferred = false;
    this.#near = 0;
  }

  /** Notes that the element at a node has moved on, or had when the node came. */
  leave(node: Node): void {
    const element = elementOf(node.item);
    node.hasLeft = true;
    const others = this.left.get(element);
    if (others === undefined) this.left.set(element, [node]);
    else others.push(node);
  }

  /** Where `item` stands in the array; looks near the last place first. */
  indexOf(positions: readonly Position[], item: Position): number {
    let down = Math.min(this.#near, positions.length - 1);
    let up = down + 1;
    while (down >= 0 || up < positions.length) {
      this.steps += 1;
      if (down >= 0 && positions[down] === item) return (this.#near = down);
      if (up < positions.length && positions[up] === item) return (this.#near = up);
      down -= 1;
      up += 1;
    }
    return -1;
  }

  /** The place among the siblings on one side of `parent` where something with stamp `h` goes: before the first one that is later. */
  placeAmong(siblings: readonly Node[], h: Stamp): number {
    let low = 0;
    let high = siblings.length;
    while (low < high) {
      this.steps += 1;
      const middle = Math.floor((low + high) / 2);
      if (stampOfPosition((siblings[middle] as Node).item) > h) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The first position of a subtree, as the list reads. */
  firstOf(node: Node): Node {
    let first = node;
    for (let next = first.lefts?.[0]; next !== undefined; next = first.lefts?.[0]) {
      this.steps += 1;
      first = next;
    }
    return first;
  }

  /** The last position of a subtree, as the list reads. */
  lastOf(node: Node): Node {
    let last = node;
    for (let next = last.rights?.at(-1); next !== undefined; next = last.rights?.at(-1)) {
      this.steps += 1;
      last = next;
    }
    return last;
  }

  /** A position that an element has left died when the element moved on from it, or was removed, whichever was first. */
  #endMoves(element: string): void {
    const node = this.elements.get(element);
    if (node === undefined) return;
    const earlier = (this.left.get(element) ?? []).toSorted(byStamp);
    let next = stampOfPosition(node.item);
    let own = next;
    for (const each of earlier.toReversed()) {
      const stamp = stampOfPosition(each.item);
      if (stamp < own) next = own;
      own = stamp;
      const died = node.item.r === undefined ? next : earlierOf(next, node.item.r);
      each.item = deadItem(each, died);
    }
  }

  #make(item: Position): Node {
    const parent = this.nodes.get(originOf(item)) ?? this.root;
    const node: Node = { item, hasLeft: item.m === 1, parent, depth: parent.depth + 1, isLeft: item.l === 1 && parent !== this.root };
    this.nodes.set(item.i, node);
    if (node.hasLeft) this.leave(node);
    else this.elements.set(elementOf(item), node);
    return node;
  }

  #hang(node: Node | undefined): void {
    if (node !== undefined) sideOf(node).push(node);
  }
}

/** True if `node` hangs, directly or not, on `above`. */
export function isBelow(node: Node, above: Node): boolean {
  let each: Node | undefined = node;
  while (each !== undefined && each.depth > above.depth) each = each.parent;
  return each === above;
}

function sideOf(node: Node): Node[] {
  const parent = node.parent as Node;
  if (node.isLeft) return (parent.lefts ??= []);
  return (parent.rights ??= []);
}

/** The dead position that is left of a node: it keeps its place, since others may hang on it. */
export function deadItem(node: Node, h: Stamp): Position {
  const { i, o, l, t, e, r } = node.item;
  if (r !== undefined && r <= h && (node.item.m === 1) === node.hasLeft) return node.item;
  return {
    i,
    ...(o === undefined ? {} : { o }),
    ...(l === undefined ? {} : { l }),
    ...(t === undefined ? {} : { t }),
    ...(e === undefined ? {} : { e }),
    ...(node.hasLeft ? { m: 1 as const } : {}),
    r: r === undefined ? h : earlierOf(r, h),
  };
}

/** The earlier of two stamps. */
export function earlierOf(one: Stamp, other: Stamp): Stamp {
  return one < other ? one : other;
}

/** What it costs to move elements of an array up or down, as against looking at one of them. */
export function movedBy(count: number): number {
  return Math.ceil(count / 32);
}

function byStamp(one: Node, other: Node): number {
  const [first, second] = [stampOfPosition(one.item), stampOfPosition(other.item)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Left side, position, right side; without recursion, since a chain can be as long as the list. */
function readInto(positions: Position[], root: Node): void {
  const stack: { readonly node: Node; readonly isRead: boolean }[] = [{ node: root, isRead: false }];
  for (let each = stack.pop(); each !== undefined; each = stack.pop()) {
    const { node, isRead } = each;
    if (isRead) {
      if (node !== root) positions.push(node.item);
      continue;
    }
    for (const right of node.rights?.toReversed() ?? []) stack.push({ node: right, isRead: false });
    stack.push({ node, isRead: true });
    for (const left of node.lefts?.toReversed() ?? []) stack.push({ node: left, isRead: false });
  }
}
