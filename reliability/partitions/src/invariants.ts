/**
 * What is asked of a replica whenever it changes: the guarantees that sync gives to every single reader, at every moment.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import { cellsOf, COUNTERS, groupNames, isBefore, LOGS, REGISTERS, secretNames } from "./content.ts";
import type { CellRow, CellState, RegisterValue, Role, SecretRow, ThingRow, ViewName } from "./content.ts";

/** One reader's memory of what it has read. */
export class Reader {
  readonly #id: string;
  readonly #seen = new Map<string, number>();
  readonly #registers = new Map<string, RegisterValue>();
  /** Own transactions that have returned. */
  own = 0;
  /** Which things are shown; undefined while that changes. */
  view: ViewName | undefined;
  /** What it may read; undefined while that changes: then it is one of the roles, as a whole. */
  role: Role | undefined;
  reads = 0;

  constructor(id: string, view: ViewName, role: Role | undefined) {
    this.#id = id;
    this.view = view;
    this.role = role;
  }

  /** What is wrong; undefined if nothing is. */
  check(realm: Realm): string | undefined {
    this.reads++;
    const cells = cellsOf(realm);
    return this.#ownWrites(cells) ?? this.#monotonic(cells) ?? this.#causal(cells) ?? wholeCells(realm, cells) ?? counters(realm, cells) ?? logs(realm, cells) ?? groups(realm, cells) ?? this.#things(realm, cells) ?? this.#secrets(realm, cells) ?? this.#registersOf(realm, cells);
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
    const found = Map.groupBy([...realm.objects<ThingRow>("Thing")], ({ _id }) => _id.split("-")[0] as string);
    // While view or role changes, hidden things are shown to it or not, but all in one way.
    const { view, role } = this;
    let isShown: boolean | undefined = view === "shown" || role === "outsider" ? false : view === "all" && role !== undefined ? true : undefined;
    for (const [id, { things, hidden, returned }] of cells) {
      const rows = found.get(id) ?? [];
      found.delete(id);
      const shownHidden = rows.flatMap(({ _id, isHidden }) => (isHidden ? [_id] : []));
      const shown = rows.flatMap(({ _id, isHidden }) => (isHidden ? [] : [_id]));
      // What its own writes took out of view and back in, before the server had answered, comes back with the answer.
      const due = id === this.#id && isShown !== true ? things.filter((name) => !returned.includes(name) || shown.includes(name)) : things;
      const wrong = difference("things", id, due, shown);
      if (wrong !== undefined) return wrong;
      // Own ones that were hidden out of sight are shown until the server has answered.
      if (id === this.#id && isShown !== true) continue;
      if (isShown === false && shownHidden.length > 0) return `a thing out of view is shown: ${shownHidden.join()}`;
      if (isShown === undefined && hidden.length > 0) isShown = shownHidden.length > 0;
      const half = isShown === true ? difference("hidden things", id, hidden, shownHidden) : shownHidden.length > 0 ? `half a view: hidden things of ${id} are shown, others are not` : undefined;
      if (half !== undefined) return half;
    }
    const [stray] = found.keys();
    return stray === undefined ? undefined : `half a transaction: things of ${stray} are there, its cell is not`;
  }

  /** All secrets are shown, or none, or all without what stands in them. */
  #secrets(realm: Realm, cells: ReadonlyMap<string, CellState>): string | undefined {
    let { role } = this;
    let left = realm.objects("Secret").length;
    for (const [id, { secret }] of cells) {
      if (secret === 0) continue;
      const rows = secretNames(id).map((name) => realm.objectForPrimaryKey<SecretRow>("Secret", name));
      const there = rows.filter((row) => row !== null);
      left -= there.length;
      const shown: Role = there.length === 0 ? "outsider" : there.every(({ body }) => body === null) ? "clerk" : "insider";
      role ??= shown;
      if (shown !== role) return `a role sees what it may not, or does not see what it may: secrets of ${id} as of ${shown}, expected as of ${role}`;
      const isWhole = there.length === 0 || rows.every((row) => row !== null && row.token === secret && (row.body === null) === (role === "clerk"));
      if (!isWhole) return `half a transaction: secrets of ${id} show ${rows.map((row) => row?.token ?? "nothing").join()}, its cell ${secret}`;
    }
    return left === 0 ? undefined : `half a transaction: ${left} secrets are there whose writer's cell knows none`;
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

function difference(what: string, id: string, expected: readonly string[], found: readonly string[]): string | undefined {
  const missing = expected.filter((name) => !found.includes(name));
  const extra = found.filter((name) => !expected.includes(name));
  return missing.length === 0 && extra.length === 0 ? undefined : `${what} of ${id}: missing ${missing.join() || "none"}, too many ${extra.join() || "none"}`;
}
