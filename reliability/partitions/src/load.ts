/**
 * One transaction of a client, drawn at random: registers, counters, lists, groups, things that come, hide and go, and objects on which everybody works.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import type { SeededRandom } from "@holdfast/storage-engine/simulation";
import { cellsOf, COUNTERS, emptyCell, GROUP_BODY_LENGTH, groupNames, LOGS, REGISTERS, SECRET_MARKER, secretNames, SHARED } from "./content.ts";
import type { CellState, RegisterValue, SecretRow, ThingRow } from "./content.ts";

/** Who writes. */
export interface Writer {
  readonly id: string;
  /** True if it hides things and writes secrets: then it may always read them. */
  readonly isHiding: boolean;
  readonly random: SeededRandom;
}

interface SharedRow {
  _id: string;
  note: string;
  count: { increment(by: number): void };
  tags: Set<string>;
  byName: Record<string, number>;
  entries: Realm.List<string>;
}

const THINGS_MAX = 12;

/** Makes what everybody works on; before all else, by one client. */
export function makeShared(realm: Realm, everybody: readonly string[]): void {
  realm.write(() => {
    for (const _id of everybody.flatMap(groupNames)) realm.create("Group", { _id, token: 0, body: _id.padEnd(GROUP_BODY_LENGTH, "x") });
    for (const _id of REGISTERS) realm.create("Register", { _id, value: "" });
    for (const _id of COUNTERS) realm.create("Counter", { _id, value: 0 } as never);
    for (const _id of LOGS) realm.create("Log", { _id, entries: [] });
    for (const _id of SHARED) realm.create("Shared", { _id, note: "", count: 0 } as never);
  });
}

/** Writes one transaction. @returns Its number. */
export function writeNext(realm: Realm, { id, isHiding, random }: Writer): number {
  return realm.write(() => {
    const cells = cellsOf(realm);
    const cell = cells.get(id) ?? emptyCell();
    cell.n++;
    cell.seen = Object.fromEntries([...cells].filter(([other]) => other !== id).map(([other, { n }]) => [other, n]));
    const count = 1 + random.below(3);
    for (let step = 0; step < count; step++) change(realm, cell, { id, isHiding, random });
    realm.create("Cell", { _id: id, n: cell.n, state: JSON.stringify(cell) }, "modified" as never);
    return cell.n;
  });
}

function change(realm: Realm, cell: CellState, { id, isHiding, random }: Writer): void {
  switch (random.below(12)) {
    case 0:
    case 1:
      return writeRegister(realm, cell, id, random.pick(REGISTERS));
    case 2:
    case 3:
      return increment(realm, cell, random.pick(COUNTERS), 1 + random.below(5));
    case 4:
    case 5:
      return push(realm, cell, id, random.pick(LOGS));
    case 6:
      cell.group = cell.n;
      for (const _id of groupNames(id)) realm.create("Group", { _id, token: cell.n }, "modified" as never);
      return;
    case 7:
    case 8:
      return changeThings(realm, cell, { id, isHiding, random });
    case 9:
      return changeSecrets(realm, cell, { id, isHiding, random });
    default:
      return changeShared(realm, random);
  }
}

/** Who may not write them leaves a note on those that it can see. */
function changeSecrets(realm: Realm, cell: CellState, { id, isHiding, random }: Writer): void {
  if (isHiding) {
    cell.secret = cell.n;
    for (const _id of secretNames(id)) {
      const isNew = realm.objectForPrimaryKey("Secret", _id) === null;
      realm.create("Secret", { _id, token: cell.n, body: `${SECRET_MARKER} ${_id} ${cell.n}`, ...(isNew ? { note: "" } : {}) } as never, "modified" as never);
    }
    return;
  }
  const rows = [...realm.objects<SecretRow>("Secret")];
  if (rows.length > 0) random.pick(rows).note = `${id}:${cell.n}`;
}

function writeRegister(realm: Realm, cell: CellState, id: string, name: string): void {
  const row = realm.objectForPrimaryKey<{ value: string }>("Register", name);
  if (row === null) return;
  const before = row.value === "" ? undefined : (JSON.parse(row.value) as RegisterValue);
  const own = cell.registers[name];
  const value: RegisterValue = { writer: id, past: { ...before?.past, [id]: Math.max(own?.past[id] ?? 0, before?.past[id] ?? 0) + 1 } };
  row.value = JSON.stringify(value);
  cell.registers[name] = value;
}

function increment(realm: Realm, cell: CellState, name: string, by: number): void {
  const row = realm.objectForPrimaryKey<{ value: { increment(by: number): void } }>("Counter", name);
  if (row === null) return;
  row.value.increment(by);
  cell.sums[name] = (cell.sums[name] ?? 0) + by;
}

function push(realm: Realm, cell: CellState, id: string, name: string): void {
  const row = realm.objectForPrimaryKey<{ entries: Realm.List<string> }>("Log", name);
  if (row === null) return;
  const number = (cell.pushes[name] ?? 0) + 1;
  row.entries.push(`${id}:${number}`);
  cell.pushes[name] = number;
}

function changeThings(realm: Realm, cell: CellState, { id, isHiding, random }: Writer): void {
  const own = cell.things.length === 0 ? undefined : random.pick(cell.things);
  const draw = random.below(6);
  if (own === undefined || (draw < 2 && cell.things.length < THINGS_MAX)) {
    const _id = `${id}-${cell.n}`;
    if (cell.things.includes(_id) || cell.hidden.includes(_id)) return;
    realm.create("Thing", { _id, isHidden: false, note: "" });
    cell.things.push(_id);
  } else if (draw < 4) {
    const row = realm.objectForPrimaryKey("Thing", own);
    // Taken out of view and back by writes that the server has not answered: it is on its way.
    if (row === null) return;
    realm.delete(row);
    cell.things = cell.things.filter((name) => name !== own);
  } else if (draw === 4 && isHiding) {
    const isBack = cell.hidden.length > 0 && random.below(2) === 0;
    const name = isBack ? random.pick(cell.hidden) : own;
    const row = realm.objectForPrimaryKey<ThingRow>("Thing", name);
    if (row === null) return;
    row.isHidden = !isBack;
    if (isBack) cell.returned = [...new Set([...cell.returned, name])];
    cell.things = isBack ? [...cell.things, name] : cell.things.filter((other) => other !== name);
    cell.hidden = isBack ? cell.hidden.filter((other) => other !== name) : [...cell.hidden, name];
  } else {
    const rows = [...realm.objects<ThingRow>("Thing")];
    if (rows.length > 0) random.pick(rows).note = `${id}:${cell.n}`;
  }
}

function changeShared(realm: Realm, random: SeededRandom): void {
  const name = random.pick(SHARED);
  const row = realm.objectForPrimaryKey<SharedRow>("Shared", name);
  const text = `t${random.below(100)}`;
  if (row === null) {
    realm.create("Shared", { _id: name, note: text, count: random.below(3), entries: [text] } as never, "modified" as never);
    return;
  }
  switch (random.below(8)) {
    case 0:
      realm.delete(row);
      return;
    case 1:
      row.note = text;
      return;
    case 2:
      row.count.increment(1);
      return;
    case 3:
      row.tags.add(text);
      return;
    case 4:
      row.byName[text] = random.below(9);
      return;
    case 5:
      if (row.entries.length > 0) row.entries.remove(random.below(row.entries.length));
      return;
    case 6:
      if (row.entries.length > 1) row.entries.move(0, row.entries.length - 1);
      return;
    default:
      row.entries.splice(random.below(row.entries.length + 1), 0, text, `${text}+`);
  }
}
