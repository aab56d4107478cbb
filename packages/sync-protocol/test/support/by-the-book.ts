/**
 * Merging as docs/format/sync-wire.md, section 5 says it, rule by rule, from the set of operations, without any state in between.
 *
 * Slow, and written from the specification alone: it shares nothing with the merge core but the types.
 *
 * @module
 */
import type { BoxKind, BoxStep, Content, Operation, PlainObject, PlainValue, WireValue } from "../../src/index.ts";

/** A set or unset of a slot, or the insert that made an element. */
interface Write {
  readonly h: string;
  readonly isDefault: boolean;
  readonly content: Content | undefined;
}

/** What the object shows; undefined: it is not there. */
export function byTheBook(operations: readonly Operation[]): PlainObject | undefined {
  const all = [...new Map(operations.map((operation) => [operation.h, operation])).values()];
  // Rule 1.
  const newest = latest(all.flatMap(({ g = "", h, do: { act } }) => (act === "delete" ? [g, h] : [g])));
  const live = all.filter(({ g = "", do: { act } }) => act !== "delete" && g === newest);
  return live.some(({ do: { act } }) => act === "create") ? slots(live.filter(({ do: { act } }) => act !== "create"), 0) : undefined;
}

function slots(operations: readonly Operation[], depth: number): PlainObject {
  const entries = [...grouped(operations, depth)].map(([name, own]) => [name, slot(own, depth, [])] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, PlainValue] => entry[1] !== undefined));
}

/** Rules 3 and 4. */
function slot(operations: readonly Operation[], depth: number, made: readonly Write[]): PlainValue | undefined {
  const own = operations.filter(({ path }) => typeof path[depth] === "string");
  const writes: Write[] = [...made];
  for (const { h, do: action } of own) {
    if (action.act === "set") writes.push({ h, isDefault: action.isDefault === true, content: action.value });
    if (action.act === "unset") writes.push({ h, isDefault: false, content: undefined });
  }
  const explicit = writes.filter(({ isDefault }) => !isDefault);
  const counts = (explicit.length > 0 ? explicit : writes).toSorted((one, other) => (one.h < other.h ? 1 : -1))[0];
  const boxOf = (kind: BoxKind): PlainValue => box(kind, operations, depth);
  if (counts !== undefined && isBox(counts.content)) return boxOf(counts.content.$new);
  const increments = own.flatMap(({ h, do: action }) => (action.act === "inc" && h > (counts?.h ?? "") ? [BigInt(typeof action.by === "number" ? action.by : action.by.$int)] : []));
  if (counts === undefined) {
    if (own.some(({ do: { act } }) => act === "inc")) return sum(0n, increments);
    const used = (["list", "set", "dict", "object"] as const).find((kind) => operations.some(({ path }) => typeof path[depth] !== "string" && (path[depth] as BoxStep).box === kind));
    return used === undefined ? undefined : boxOf(used);
  }
  const value = counts.content as WireValue | undefined;
  const int = typeof value === "number" && Number.isInteger(value) ? BigInt(value) : typeof value === "object" && value !== null && "$int" in value ? BigInt(value.$int) : undefined;
  return int === undefined ? value : sum(int, increments);
}

/** Rule 2, then what is in the box. */
function box(kind: BoxKind, operations: readonly Operation[], depth: number): PlainValue {
  const steps = operations.filter(({ path }) => typeof path[depth] !== "string" && (path[depth] as BoxStep).box === kind);
  const isClear = ({ path, do: { act } }: Operation): boolean => act === "clear" && path.length === depth + 1;
  const fresh = operations.filter(({ path, do: action }) => typeof path[depth] === "string" && action.act === "set" && action.fresh === true && isBox(action.value) && action.value.$new === kind);
  const newest = latest([...steps.map(({ path }) => (path[depth] as BoxStep).seen ?? ""), ...steps.filter(isClear).map(({ h }) => h), ...fresh.map(({ h }) => h)]);
  const live = steps.filter((operation) => !isClear(operation) && ((operation.path[depth] as BoxStep).seen ?? "") === newest);
  if (kind === "list") return list(live, depth);
  if (kind === "set") return set(live);
  const inside = slots(live.filter(({ path }) => path.length > depth + 1), depth + 1);
  return kind === "dict" ? { $dict: inside } : { $object: inside };
}

/** Rule 5. */
function set(operations: readonly Operation[]): PlainValue {
  const byText = Map.groupBy(operations, ({ do: action }) => JSON.stringify("value" in action ? action.value : null));
  const isIn = (own: readonly Operation[]): boolean => own.toSorted((one, other) => (one.h < other.h ? 1 : -1))[0]?.do.act === "add";
  return { $set: [...byText].filter(([, own]) => isIn(own)).map(([text]) => JSON.parse(text) as WireValue) };
}

/** Rule 6. */
function list(operations: readonly Operation[], depth: number): PlainValue {
  const positions = new Map<string, { readonly h: string; readonly origin: string; readonly isLeft: boolean; readonly element: string; readonly made?: Write }>();
  const removed = new Set<string>();
  for (const { h, id: first = h, path, do: action } of operations) {
    if (path.length > depth + 1) continue;
    if (action.act === "remove") for (const element of action.elements) removed.add(element);
    if (action.act === "move") positions.set(first, { h, origin: action.origin ?? "", isLeft: action.side === "left", element: action.element });
    if (action.act !== "insert") continue;
    for (const [count, content] of action.values.entries()) {
      const id = count === 0 ? first : `${first}.${count}`;
      const origin = count === 0 ? (action.origin ?? "") : count === 1 ? first : `${first}.${count - 1}`;
      positions.set(id, { h, origin, isLeft: count === 0 && action.side === "left", element: id, made: { h, isDefault: false, content } });
    }
  }
  const isKnown = (id: string): boolean => {
    const position = positions.get(id);
    if (id === "") return true;
    return position !== undefined && isKnown(position.origin) && (position.made !== undefined || (positions.get(position.element)?.made !== undefined && isKnown(position.element)));
  };
  const known = [...positions].filter(([id]) => isKnown(id));
  const latestOf = new Map<string, string>();
  for (const [id, { element, h }] of known.toSorted(([, one], [, other]) => (one.h < other.h ? -1 : 1))) if (h !== "") latestOf.set(element, id);
  const inside = grouped(operations.filter(({ path }) => path.length > depth + 1), depth + 1);
  const read = (origin: string, isLeft: boolean): PlainValue[] =>
    known
      .filter(([, position]) => position.origin === origin && position.isLeft === isLeft)
      .toSorted(([, one], [, other]) => (one.h < other.h ? -1 : 1))
      .flatMap(([id, { element }]) => {
        const isShown = latestOf.get(element) === id && !removed.has(element);
        const made = positions.get(element)?.made;
        const value = isShown && made !== undefined ? [slot(inside.get(element) ?? [], depth + 1, [made]) ?? null] : [];
        return [...read(id, true), ...value, ...read(id, false)];
      });
  return read("", false);
}

function grouped(operations: readonly Operation[], depth: number): Map<string, Operation[]> {
  return Map.groupBy(operations, ({ path }) => {
    const step = path[depth];
    return typeof step === "string" ? step : (step as BoxStep).at;
  });
}

function latest(stamps: readonly string[]): string {
  return stamps.toSorted().at(-1) ?? "";
}

function isBox(content: Content | undefined): content is { readonly $new: BoxKind } {
  return typeof content === "object" && content !== null && "$new" in content;
}

function sum(value: bigint, increments: readonly bigint[]): WireValue {
  const total = BigInt.asIntN(64, increments.reduce((one, other) => one + other, value));
  return Number.isSafeInteger(Number(total)) ? Number(total) : { $int: String(total) };
}
