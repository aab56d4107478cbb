/**
 * What is asked of a replica whenever it changes: the guarantees that sync gives to every single reader, at every moment.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import { cellsOf, COUNTERS, isBefore, LOGS, REGISTERS } from "./content.ts";
import type { CellRow, CellState, RegisterValue, ThingRow, ViewName } from "./content.ts";

/** One reader's memory of what it has read. */
export class Reader {
  readonly #id: string;
  readonly #seen = new Map<string, number>();
  readonly #registers = new Map<string, RegisterValue>();
  /** Own transactions that have returned. */
  own = 0;
  /** Which things are shown; undefined while that changes. */
  view: ViewName | undefined;
  reads = 0;

  constructor(id: string, view: ViewName) {
    this.#id = id;
    this.view = view;
  }

  /** What is wrong; undefined if nothing is. */
  check(realm: Realm): string | undefined {
    this.reads++;
    const cells = cellsOf(realm);
    return this.#ownWrites(cells) ?? this.#monotonic(cells) ?? this.#causal(cells) ?? wholeCells(realm, cells) ?? counters(realm, cells) ?? logs(realm, cells) ?? groups(realm, cells) ?? this.#things(realm, cells) ?? this.#registersOf(realm, cells);
  }

  #ownWrites(cells: ReadonlyMap<string, CellState>): string | undefined {
    const n = cells.get(this.#id)?.n ?? 0;
    if (n < this.own) return `read your writes: own transaction ${this.own} has returned, the newest one that is read is ${n}`;
    return undefined;
  }

  #monotonic(cells: ReadonlyMap<string, CellState>): string | undefined {
    for (const [id, at] of this.#seen) if ((cells.get(id)?.n ?? 0) < at) return `monotonic reads: transaction ${at} of ${id} was read before, now ${cells.get(id)?.n ?? 0} is the newest`;
    for (const [id, { n }] of cells) this.#seen.set(id, n);
    return undefined;
  }

  #causal(cells: ReadonlyMap<string, CellState>): string | undefined {
    for (const [id, { n, seen }] of cells) {
      for (const [other, at] of Object.entries(seen)) {
        const there = cells.get(other)?.n ?? 0;
        if (there < at) return `writes follow reads: transaction ${n} of ${id} was written by who had read ${at} of ${other}, but here only ${there} is`;
      }
    }
    return undefined;
  }

  #things(realm: Realm, cells: ReadonlyMap<string, CellState>): string | undefined {
    const { view } = this;
    if (view === undefined) return undefined;
    const found = Map.groupBy([...realm.objects<ThingRow>("Thing")], ({ _id }) => _id.split("-")[0] as string);
    for (const [id, { things, hidden }] of cells) {
      const rows = found.get(id) ?? [];
      found.delete(id);
      const shown = rows.filter(({ isHidden }) => !isHidden).map(({ _id }) => _id);
      const wrong = difference("things", id, things, shown) ?? (view === "all" ? difference("hidden things", id, hidden, rows.filter(({ isHidden }) => isHidden).map(({ _id }) => _id)) : undefined);
      if (wrong !== undefined) return wrong;
      const stray = rows.find(({ isHidden }) => isHidden);
      if (view === "shown" && stray !== undefined && id !== this.#id) return `a thing out of view is shown: ${stray._id}`;
    }
    const [stray] = found.keys();
    return stray === undefined ? undefined : `half a transaction: things of ${stray} are there, its cell is not`;
  }

  #registersOf(realm: Realm, cells: ReadonlyMap<string, CellState>): string | undefined {
    for (const name of REGISTERS) {
      const text = realm.objectForPrimaryKey<{ value: string }>("Register", name)?.value;
      if (text === undefined || text === "") continue;
      const value = JSON.parse(text) as RegisterValue;
      const last = this.#registers.get(name);
      if (last !== undefined && isBefore(value, last)) return `monotonic reads: ${name} shows a value that was overwritten by one that was read before: ${text} after ${JSON.stringify(last)}`;
      this.#registers.set(name, value);
      for (const [id, { registers }] of cells) {
        const written = registers[name];
        if (written !== undefined && isBefore(value, written)) return `a write is lost: ${name} shows ${text}, which ${id} had overwritten with ${JSON.stringify(written)}`;
      }
    }
    return undefined;
  }
}

function wholeCells(realm: Realm, cells: ReadonlyMap<string, CellState>): string | undefined {
  for (const { _id, n } of realm.objects<CellRow>("Cell")) if (cells.get(_id)?.n !== n) return `half a transaction: cell ${_id} shows ${n} and ${cells.get(_id)?.n}`;
  return undefined;
}

function counters(realm: Realm, cells: ReadonlyMap<string, CellState>): string | undefined {
  for (const name of COUNTERS) {
    const value = realm.objectForPrimaryKey<{ value: { value: number } }>("Counter", name)?.value.value;
    const sum = [...cells.values()].reduce((total, { sums }) => total + (sums[name] ?? 0), 0);
    if ((value ?? 0) !== sum) return `counter ${name} is ${value}, the transactions that are there add ${sum}`;
  }
  return undefined;
}

function logs(realm: Realm, cells: ReadonlyMap<string, CellState>): string | undefined {
  for (const name of LOGS) {
    const entries = [...(realm.objectForPrimaryKey<{ entries: Iterable<string> }>("Log", name)?.entries ?? [])];
    const found = Map.groupBy(entries, (entry) => entry.split(":")[0] as string);
    for (const [id, { pushes }] of cells) {
      const expected = Array.from({ length: pushes[name] ?? 0 }, (_, index) => `${id}:${index + 1}`);
      if ((found.get(id) ?? []).join() !== expected.join()) return `list ${name} has of ${id}: ${(found.get(id) ?? []).join()}; expected 1 to ${expected.length}, each once and in order`;
      found.delete(id);
    }
    const [stray] = found.keys();
    if (stray !== undefined) return `half a transaction: list ${name} has entries of ${stray}, whose cell is not there`;
  }
  return undefined;
}

function groups(realm: Realm, cells: ReadonlyMap<string, CellState>): string | undefined {
  for (const [id, { group }] of cells) {
    if (group === 0) continue;
    const tokens = groupNames(id).map((name) => realm.objectForPrimaryKey<{ token: number }>("Group", name)?.token);
    if (tokens.some((token) => token !== group)) return `half a transaction: the group of ${id} shows ${tokens.join()}, its cell ${group}`;
  }
  return undefined;
}

/** The objects that a client changes together. */
export function groupNames(id: string): readonly string[] {
  return [0, 1, 2].map((index) => `${id}-${index}`);
}

function difference(what: string, id: string, expected: readonly string[], found: readonly string[]): string | undefined {
  const missing = expected.filter((name) => !found.includes(name));
  const extra = found.filter((name) => !expected.includes(name));
  return missing.length === 0 && extra.length === 0 ? undefined : `${what} of ${id}: missing ${missing.join() || "none"}, too many ${extra.join() || "none"}`;
}
