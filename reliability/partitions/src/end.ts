/**
 * The end of a run: everything that was written is everywhere, once, and nothing waits any more.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { SCHEMA } from "./content.ts";
import type { CellState, Role } from "./content.ts";
import { knownAgain } from "./forgetting.ts";
import type { ClientStatus, Dump, ServerMetrics } from "./messages.ts";
import { pause } from "./world.ts";
import type { ClientSlot, World } from "./world.ts";

type Row = Readonly<Record<string, unknown>>;

/** Waits until everything is quiet, and compares. Failures go to the world. */
export async function checkEnd(world: World, patienceMs: number): Promise<{ reads: number }> {
  const { clients, failures } = world;
  world.isLoaded = false;
  const ask = <Value = void>(client: ClientSlot, request: Parameters<ReturnType<World["hostOf"]>["process"]["ask"]>[0]): Promise<Value> => world.hostOf(client).process.ask<Value>(request);
  for (const client of clients) await ensureOpen(world, client);
  await Promise.all(clients.map((client) => ask(client, { do: "load", id: client.plan.id, isOn: false })));
  const failed = failures.length;
  for (const what of ["resume", "reconnect"] as const) await Promise.all(clients.map((client) => ask(client, { do: what, id: client.plan.id })));
  for (const what of ["uploaded", "view", "role", "downloaded", "downloaded"] as const) {
    const stuck = await Promise.all(clients.map((client) => ask(client, { do: what, id: client.plan.id, view: client.plan.view, role: client.role, patienceMs }).then(() => undefined, (error: unknown) => `${client.plan.id} is stuck: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`)));
    failures.push(...stuck.filter((text) => text !== undefined));
    if (failures.length > failed) return { reads: 0 };
  }
  failures.push(...(await stuckLines(world, patienceMs)));
  let reads = 0;
  for (const client of clients) {
    const status = await ask<ClientStatus>(client, { do: "status", id: client.plan.id });
    reads += status.reads;
    if (!status.isConnected) failures.push(`${client.plan.id} is not connected`);
    if (!status.isOutboxEmpty) failures.push(`${client.plan.id} has an outbox that is not empty`);
  }
  const rows = world.address === undefined ? sqliteRows(world.sqlitePath) : await postgresRows(world);
  for (const client of clients) compare(client, normalised(await ask<Dump>(client, { do: "dump", id: client.plan.id })), rows, failures);
  checkWritten(world, rows);
  for (const { plan: { id }, resets } of clients) if (resets.begun > resets.ended && resets.allowed === resets.begun) failures.push(`${id}: a client reset has begun, and not ended`);
  failures.push(...(await knownAgain(world)));
  const limited = clients.filter(({ plan, role }) => plan.view === "shown" || role !== "insider");
  for (const client of limited) failures.push(...(await ask<readonly string[]>(client, { do: "scan", id: client.plan.id, names: hiddenFrom(client, rows) })).slice(0, 3).map((text) => `${client.plan.id}: what it may not read is in its file: ${text}`));
  return { reads };
}

async function ensureOpen(world: World, client: ClientSlot): Promise<void> {
  await world.hostOf(client).work;
  await world.open(client);
}

/** Connections that nobody uses any more must not stay: of each client there is one. */
async function stuckLines(world: World, patienceMs: number): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const open = world.clients.map(({ proxy }) => proxy.connections);
    const metrics = await Promise.all(world.servers.map(({ process }) => process.ask<ServerMetrics>({ do: "metrics" })));
    const sessions = metrics.reduce((sum, each) => sum + each.sessions, 0);
    const isQuiet = open.every((count) => count === 1) && sessions === world.clients.length;
    if (isQuiet) return world.address === undefined ? [] : idleTransactions(world);
    if (performance.now() > deadline) return [`connections stay: clients have ${open.join()}, servers count ${sessions} sessions of ${world.clients.length} clients`];
    await pause(50);
  }
}

async function idleTransactions(world: World): Promise<readonly string[]> {
  for (const { database } of world.servers) database?.resetLost();
  await pause(100);
  const client = new pg.Client(world.address);
  await client.connect();
  const { rows } = await client.query<{ state: string; query: string }>("SELECT state, left(query, 60) AS query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND state_change < now() - interval '1 second'");
  await client.end();
  return rows.map(({ state, query }) => `a connection of the database is ${state} after ${query}`);
}

async function postgresRows(world: World): Promise<Dump> {
  const client = new pg.Client(world.address);
  await client.connect();
  const rows: Record<string, Row[]> = {};
  for (const { name } of SCHEMA) rows[name] = (await client.query<Row>(`SELECT * FROM app."${name}" ORDER BY _id COLLATE "C"`)).rows;
  await client.end();
  return normalised(rows);
}

function sqliteRows(path: string): Dump {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = Object.fromEntries(SCHEMA.map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}" ORDER BY _id`).all() as Row[]]));
  database.close();
  return normalised(rows);
}

/** One form for what SDK, PostgreSQL and SQLite give. */
function normalised(dump: Dump): Dump {
  return Object.fromEntries(SCHEMA.map(({ name, properties }) => [name, (dump[name] ?? []).map((row) => Object.fromEntries(Object.entries(properties).map(([property, type]) => [property, normalisedValue(row[property], type)])))]));
}

function normalisedValue(value: unknown, type: unknown): unknown {
  if (type === "string[]") return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
  if (type === "string<>") return [...((typeof value === "string" ? JSON.parse(value) : value) as string[])].toSorted();
  if (type === "int{}") return Object.fromEntries(Object.entries((typeof value === "string" ? JSON.parse(value) : value) as Record<string, number>).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  if (type === "bool") return value === true || value === 1 || value === 1n;
  if (type === "string") return value;
  if (type === "string?") return value ?? null;
  return Number(value);
}

/** Keys of objects that may not be in a client's file. */
function hiddenFrom({ plan, role }: ClientSlot, rows: Dump): readonly string[] {
  const things = (rows["Thing"] ?? []).filter((row) => row["isHidden"] === true && (plan.view === "shown" || role === "outsider"));
  // Keys of secrets are those of groups, too.
  return things.map((row) => row["_id"] as string);
}

/** A row as a role sees it; none if it does not. */
function seenBy(role: Role, name: string, row: Row): readonly Row[] {
  if (name === "Thing") return role === "outsider" && row["isHidden"] === true ? [] : [row];
  if (name !== "Secret" || role === "insider") return [row];
  return role === "clerk" ? [{ ...row, body: null }] : [];
}

function compare({ plan: { id, view }, role }: ClientSlot, dump: Dump, rows: Dump, failures: string[]): void {
  for (const { name } of SCHEMA) {
    const expected = (rows[name] ?? []).filter((row) => name !== "Thing" || view === "all" || row["isHidden"] === false).flatMap((row): readonly Row[] => seenBy(role, name, row));
    const found = dump[name] ?? [];
    if (isDeepStrictEqual(found, expected)) continue;
    const text = (list: readonly Row[]): readonly string[] => list.map((row) => JSON.stringify(row));
    const [missing, extra] = [text(expected).filter((row) => !text(found).includes(row)), text(found).filter((row) => !text(expected).includes(row))];
    failures.push(`${id} and the database differ in ${name}: the database alone has ${missing.join(" ").slice(0, 200) || "nothing"}, the client alone ${extra.join(" ").slice(0, 200) || "nothing"}`);
  }
}

/** Every transaction that returned is there; of one that did not return, because it was killed, either is right. */
function checkWritten({ clients, failures }: World, rows: Dump): void {
  const cells = new Map((rows["Cell"] ?? []).map((row) => [row["_id"] as string, JSON.parse(row["state"] as string) as CellState]));
  for (const { plan: { id }, own } of clients) {
    const n = cells.get(id)?.n ?? 0;
    if (n < own || n > own + 1) failures.push(`${id}: transaction ${own} was the last one that returned, the database has ${n}`);
  }
}
