/**
 * Long lists, written down in runs.
 *
 * Each position of a list says what it is called and what it hangs on: twice 32 characters beside a value of perhaps ten. But who writes a list
 * mostly writes one element behind the other, and each hangs on the one before it: then all of it follows from the first one and from how
 * much later each of the others was written. A run is that, and the values; what is in no run stands there as it is.
 *
 * This is the store's own form: what leaves it is a state as in docs/format/sync-wire.md, section 7, with every position in it.
 * Layout: docs/architecture-sync.md, "Long lists". If the two disagree, this file is the bug.
 *
 * @module
 */
import { REPLICA_LENGTH, STAMP_LENGTH } from "@holdfast/sync-protocol";
import type { Boxes, Fields, ListBox, ObjectState, Position, Slot, WireValue } from "@holdfast/sync-protocol";

/** Lists below this are written as they are: most rows are handed to clients as they are stored. */
export const PACKED_MIN = 64;

/** A state in which some lists may be packed. Opaque, but that it is JSON. */
export type PackedState = { readonly "a packed state": never };

/**
 * A run: the first position's id, what that hangs on (null: not said; 0: the position before it in the list), 1 if on the left side of it, how the others follow, and the values.
 *
 * They follow in one of two ways. A number: the positions of one insert, I, I.1, I.2 and so on; it is that of the first one. A list of
 * numbers: each hangs on the one before it, and was written by the same replica; -n stands for n that are each one count later in the same
 * millisecond, any other number for milliseconds that passed, with the count behind it.
 */
type Run = readonly [head: string, origin: string | 0 | null, isLeft: 0 | 1, steps: number | readonly number[], values: readonly WireValue[]];

/** A list's positions: the replicas, which ids name by their number, then runs and single positions. */
interface PackedPositions {
  readonly replicas: readonly string[];
  readonly runs: readonly (Run | Position)[];
}

/** Characters of a stamp before the replica, and of the milliseconds in them. */
const TIME_LENGTH = STAMP_LENGTH - REPLICA_LENGTH;
const MS_LENGTH = 12;

/** The state with its long lists packed, and how many positions those have; undefined if it has none. */
export function packState(state: ObjectState): { readonly packed: PackedState; readonly count: number } | undefined {
  let count = 0;
  const packed = inLists(state, (box) => {
    if (box.p.length < PACKED_MIN) return box;
    count += box.p.length;
    return { ...box, p: packPositions(box.p) } as unknown as ListBox;
  });
  return packed === state ? undefined : { packed: packed as unknown as PackedState, count };
}

/** What {@link packState} was given. */
export function unpackState(packed: PackedState): ObjectState {
  return inLists(packed as unknown as ObjectState, (box) => (Array.isArray(box.p) ? box : { ...box, p: unpackPositions(box.p as unknown as PackedPositions) }));
}

/** The state with its lists replaced; the same one if none was. Lists that are elements of lists are not looked at. */
function inLists(state: ObjectState, replaced: (box: ListBox) => ListBox): ObjectState {
  if (state.f === undefined) return state;
  const fields = inFields(state.f, replaced);
  return fields === state.f ? state : { ...state, f: fields };
}

function inFields(fields: Fields, replaced: (box: ListBox) => ListBox): Fields {
  let entries: [string, Slot][] | undefined;
  let at = -1;
  for (const name of Object.keys(fields)) {
    at++;
    const slot = fields[name] as Slot;
    if (slot.b === undefined) continue;
    const boxes = inBoxes(slot.b, replaced);
    if (boxes === slot.b) continue;
    entries ??= Object.entries(fields);
    entries[at] = [name, { ...slot, b: boxes }];
  }
  // Keys of a dictionary may be anything, "__proto__" too.
  return entries === undefined ? fields : Object.fromEntries(entries);
}

function inBoxes(boxes: Boxes, replaced: (box: ListBox) => ListBox): Boxes {
  const { list, dict, object } = boxes;
  const newList = list === undefined ? undefined : replaced(list);
  const newDict = dict === undefined ? undefined : inFields(dict.f, replaced);
  const newObject = object === undefined ? undefined : inFields(object.f, replaced);
  if (newList === list && newDict === dict?.f && newObject === object?.f) return boxes;
  return {
    ...boxes,
    ...(newList === undefined ? {} : { list: newList }),
    ...(newDict === undefined || dict === undefined ? {} : { dict: { ...dict, f: newDict } }),
    ...(newObject === undefined || object === undefined ? {} : { object: { ...object, f: newObject } }),
  };
}

/** A run while it grows. */
interface OpenRun {
  steps: number | number[];
  readonly values: WireValue[];
  /** Of the first position: its stamp, and which one of its insert it is. */
  readonly stamp: string;
  readonly replica: string;
  readonly first: number;
  /** Of the last position: its id and what that says. */
  last: string;
  ms: number;
  count: number;
  /** Written down when nothing more follows. */
  readonly head: string;
  readonly origin: string | 0 | null;
  readonly isLeft: 0 | 1;
}

class Packer {
  readonly #replicas: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #runs: (Run | Position)[] = [];
  #open: OpenRun | undefined;
  #before: string | undefined;

  add(item: Position): void {
    const isTaken = this.#open !== undefined && isPlain(item) && (follows(this.#open, item) || chains(this.#open, item));
    if (!isTaken) {
      this.#close();
      this.#open = this.#begun(item);
      if (this.#open === undefined) this.#runs.push(item);
    }
    this.#before = item.i;
  }

  packed(): PackedPositions {
    this.#close();
    return { replicas: this.#replicas, runs: this.#runs };
  }

  #close(): void {
    if (this.#open === undefined) return;
    const { head, origin, isLeft, steps, values } = this.#open;
    this.#runs.push([head, origin, isLeft, steps, values]);
    this.#open = undefined;
  }

  /** A run that begins with a position; undefined if that has to stand there as it is. */
  #begun(item: Position): OpenRun | undefined {
    const { i: id, o: origin, l: isLeft, v: value } = item;
    const first = numberOf(id);
    if (first === undefined || !isPlain(item)) return undefined;
    const hangsOn = origin === undefined ? null : origin === "" ? "" : origin === this.#before ? 0 : this.#short(origin);
    if (hangsOn === undefined) return undefined;
    const head = this.#short(id);
    if (head === undefined) return undefined;
    // How it goes on is not known before the next one.
    return { head, origin: hangsOn, isLeft: isLeft ?? 0, steps: first === 0 ? [] : first, values: [value as WireValue], stamp: id.slice(0, STAMP_LENGTH), replica: id.slice(TIME_LENGTH, STAMP_LENGTH), first, last: id, ms: msOf(id), count: countOf(id) };
  }

  /** The id with its replica's number; undefined for what is none. */
  #short(id: string): string | undefined {
    if (numberOf(id) === undefined) return undefined;
    const replica = id.slice(TIME_LENGTH, STAMP_LENGTH);
    let number = this.#numbers.get(replica);
    if (number === undefined) {
      number = this.#replicas.push(replica) - 1;
      this.#numbers.set(replica, number);
    }
    return `${id.slice(0, TIME_LENGTH)}:${String(number)}${id.slice(STAMP_LENGTH)}`;
  }
}

/** Nothing but an id, an origin, a side and a value, in this order: what is read has to be what was written, to the letter. */
function isPlain(item: Position): boolean {
  let seen = 0;
  for (const key in item) {
    const place = key === "i" ? 1 : key === "o" ? 2 : key === "l" ? 3 : key === "v" ? 4 : 0;
    if (place <= seen) return false;
    seen = place;
  }
  return seen === 4 && item.v !== undefined;
}

/** Takes the next one of the same insert. */
function follows(open: OpenRun, { i: id, o: origin, l: isLeft, v: value }: Position): boolean {
  const { steps, values, stamp, first } = open;
  if (origin !== undefined || isLeft !== undefined || id.length <= STAMP_LENGTH || (typeof steps !== "number" && values.length > 1)) return false;
  if (!id.startsWith(stamp) || id.slice(STAMP_LENGTH) !== `.${String(first + values.length)}`) return false;
  open.steps = first;
  open.last = id;
  values.push(value as WireValue);
  return true;
}

/** Takes one that hangs on the one before it, and was written later by the same replica. */
function chains(open: OpenRun, { i: id, o: origin, l: isLeft, v: value }: Position): boolean {
  const { steps, last, replica } = open;
  if (typeof steps === "number" || isLeft !== undefined || id.length !== STAMP_LENGTH || origin !== last || !id.endsWith(replica)) return false;
  const ms = msOf(id);
  const count = countOf(id);
  if (ms < open.ms || count < 0) return false;
  // Neither a count nor a time is negative: what is negative is a repeat.
  const repeat = steps.at(-1) ?? 0;
  if (ms !== open.ms || count !== open.count + 1) steps.push(ms - open.ms, count);
  else if (repeat < 0) steps[steps.length - 1] = repeat - 1;
  else steps.push(-1);
  open.last = id;
  open.ms = ms;
  open.count = count;
  open.values.push(value as WireValue);
  return true;
}

function msOf(id: string): number {
  return timeOf(id, 0, MS_LENGTH);
}

function countOf(id: string): number {
  return timeOf(id, MS_LENGTH, TIME_LENGTH);
}

/** Hexadecimal digits in lower case, as a number; -1 for anything else. */
function timeOf(id: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const code = id.charCodeAt(at);
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return number;
}

/** Which one of its insert an id names; undefined if it is no id. */
function numberOf(id: string): number | undefined {
  if (msOf(id) < 0 || countOf(id) < 0 || id.length < STAMP_LENGTH) return undefined;
  if (id.length === STAMP_LENGTH) return 0;
  const number = Number(id.slice(STAMP_LENGTH + 1));
  return Number.isSafeInteger(number) && number > 0 && id.slice(STAMP_LENGTH) === `.${String(number)}` ? number : undefined;
}

function packPositions(positions: readonly Position[]): PackedPositions {
  const packer = new Packer();
  for (const item of positions) packer.add(item);
  return packer.packed();
}

function unpackPositions({ replicas, runs }: PackedPositions): Position[] {
  const positions: Position[] = [];
  const long = (short: string): string => {
    if (short === "") return "";
    const dot = short.indexOf(".", TIME_LENGTH);
    const number = Number(short.slice(TIME_LENGTH + 1, dot < 0 ? undefined : dot));
    return `${short.slice(0, TIME_LENGTH)}${replicas[number] ?? ""}${dot < 0 ? "" : short.slice(dot)}`;
  };
  for (const each of runs) {
    if (isRun(each)) unpackRun(each, positions, long);
    else positions.push(each);
  }
  return positions;
}

function isRun(each: Run | Position): each is Run {
  return Array.isArray(each);
}

function unpackRun([head, origin, isLeft, steps, values]: Run, positions: Position[], long: (short: string) => string): void {
  const first = long(head);
  const hangsOn = origin === null ? undefined : origin === 0 ? (positions.at(-1)?.i ?? "") : long(origin);
  positions.push({ i: first, ...(hangsOn === undefined ? {} : { o: hangsOn }), ...(isLeft === 1 ? { l: 1 } : {}), v: values[0] as WireValue });
  if (typeof steps === "number") {
    const stamp = first.slice(0, STAMP_LENGTH);
    for (let at = 1; at < values.length; at++) positions.push({ i: `${stamp}.${String(steps + at)}`, v: values[at] as WireValue });
    return;
  }
  const replica = first.slice(TIME_LENGTH);
  let last = first;
  let ms = msOf(first);
  let msText = first.slice(0, MS_LENGTH);
  let count = countOf(first);
  let taken = 1;
  const take = (): void => {
    const id = `${msText}${count.toString(16).padStart(TIME_LENGTH - MS_LENGTH, "0")}${replica}`;
    positions.push({ i: id, o: last, v: values[taken++] as WireValue });
    last = id;
  };
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] as number;
    if (step < 0) {
      for (let repeat = step; repeat < 0; repeat++) {
        count++;
        take();
      }
      continue;
    }
    if (step > 0) {
      ms += step;
      msText = ms.toString(16).padStart(MS_LENGTH, "0");
    }
    count = steps[++at] as number;
    take();
  }
}
