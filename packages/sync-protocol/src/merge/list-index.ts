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

  /** Adds a position. `before`: the sibling that it stands before; undefined: it is the last one on its side. */
  add(item: Position, before: Node | undefined): Node {
    const node = this.#make(item);
    const siblings = sideOf(node);
    if (before === undefined) siblings.push(node);
    else siblings.splice(siblings.indexOf(before), 0, node);
    return node;
  }

  /** Notes that the element at a node has moved on, or had when the node came. */
  leave(node: Node): void {
    const element = elementOf(node.item);
    node.hasLeft = true;
    this.left.set(element, [...(this.left.get(element) ?? []), node]);
  }

  /** Where `item` stands in the array; looks near the last place first. */
  indexOf(positions: readonly Position[], item: Position): number {
    let down = Math.min(this.#near, positions.length - 1);
    let up = down + 1;
    while (down >= 0 || up < positions.length) {
      if (down >= 0 && positions[down] === item) return (this.#near = down);
      if (up < positions.length && positions[up] === item) return (this.#near = up);
      down -= 1;
      up += 1;
    }
    return -1;
  }

  /** The sibling before which something with stamp `h` goes, on one side of `parent`; undefined: behind all. */
  siblingAfter(parent: Node, isLeft: boolean, h: Stamp): Node | undefined {
    const siblings = (isLeft ? parent.lefts : parent.rights) ?? [];
    let index = siblings.length;
    while (index > 0 && stampOfPosition((siblings[index - 1] as Node).item) > h) index -= 1;
    return siblings[index];
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

/** The first position of a subtree, as the list reads. */
export function firstOf(node: Node): Node {
  let first = node;
  while (first.lefts?.[0] !== undefined) first = first.lefts[0];
  return first;
}

/** The last position of a subtree, as the list reads. */
export function lastOf(node: Node): Node {
  let last = node;
  for (let next = last.rights?.at(-1); next !== undefined; next = last.rights?.at(-1)) last = next;
  return last;
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
