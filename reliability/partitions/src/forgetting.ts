/**
 * Clients that were away for so long that the server knows them no more: what it notes of them is made old, and then it compacts.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { pause } from "./world.ts";
import type { ClientSlot, World } from "./world.ts";

/** The same on both databases: names of a user's clients, made old, made new again. */
interface Clients {
  named(users: readonly string[]): Promise<readonly ClientRow[]>;
  makeOld(users: readonly string[]): Promise<unknown>;
  makeNew(users: readonly string[]): Promise<unknown>;
  close(): Promise<unknown>;
}

interface ClientRow {
  readonly client: string;
  readonly usr: string;
}

const ATTEMPTS = 40;

/** Has the servers forget clients. Each that is forgotten may begin one reset; the others none. */
export async function forgetClients(world: World, away: readonly ClientSlot[]): Promise<void> {
  // Another fault may have had it forgotten meanwhile: a reset within a reset is not what is asked about here.
  const slots = away.filter(({ resets }) => resets.allowed === resets.ended);
  for (const { resets } of slots) resets.allowed++;
  const users = slots.map(({ plan }) => plan.id);
  const before = await inDatabase(world, (clients) => clients.named(users));
  if (before === undefined || before.length === 0) {
    for (const { resets } of slots) resets.allowed--;
    return;
  }
  await inDatabase(world, (clients) => clients.makeOld(users));
  const [server] = world.servers;
  await Promise.race([server?.process.ask({ do: "compact" }).catch(() => undefined), pause(5000)]);
  // A compaction that comes later than this must not find them old.
  const after = await inDatabase(world, async (clients) => {
    await clients.makeNew(users);
    return clients.named(users);
  });
  if (after === undefined) return;
  const left = new Set(after.map(({ client }) => client));
  for (const { plan, resets } of slots) {
    const gone = before.filter(({ usr, client }) => usr === plan.id && !left.has(client));
    for (const { client } of gone) world.forgotten.push(client);
    if (gone.length === 0) resets.allowed--;
    else world.orderedResets++;
  }
}

/** Whom the servers should have forgotten and know all the same. */
export async function knownAgain(world: World): Promise<readonly string[]> {
  const users = world.clients.map(({ plan }) => plan.id);
  const known = await inDatabase(world, (clients) => clients.named(users));
  return (known ?? []).flatMap(({ client, usr }) => (world.forgotten.includes(client) ? [`${usr}: the client ${client} was forgotten, and is known again`] : []));
}

/** Tries again while the database is down. Undefined: it was for long. */
async function inDatabase<Value>(world: World, work: (clients: Clients) => Promise<Value>): Promise<Value | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let clients: Clients | undefined;
    try {
      clients = await (world.address === undefined ? ofSqlite(world.sqlitePath) : ofPostgres(world.address));
      return await work(clients);
    } catch {
      await pause(100);
    } finally {
      await clients?.close().catch(() => undefined);
    }
  }
  return undefined;
}

async function ofPostgres(address: object): Promise<Clients> {
  const client = new pg.Client({ ...address, query_timeout: 3000 });
  client.on("error", () => undefined);
  await client.connect();
  return {
    named: async (users) => (await client.query<ClientRow>("SELECT client, usr FROM sync.client WHERE usr = ANY($1::text[])", [users])).rows,
    makeOld: (users) => client.query("UPDATE sync.client SET seen_at = '2000-01-01' WHERE usr = ANY($1::text[])", [users]),
    makeNew: (users) => client.query("UPDATE sync.client SET seen_at = now() WHERE usr = ANY($1::text[]) AND seen_at < '2001-01-01'", [users]),
    close: () => client.end(),
  };
}

function ofSqlite(path: string): Promise<Clients> {
  const database = new DatabaseSync(path, { timeout: 3000 });
  const each = (sql: string, users: readonly string[], ...values: number[]): Promise<unknown> => {
    const statement = database.prepare(sql);
    for (const user of users) statement.run(...values, user);
    return Promise.resolve();
  };
  return Promise.resolve({
    named: (users: readonly string[]) => Promise.resolve(database.prepare("SELECT client, usr FROM sync_client").all().filter((row) => users.includes((row as unknown as ClientRow).usr)) as unknown as ClientRow[]),
    makeOld: (users: readonly string[]) => each("UPDATE sync_client SET seen_at = 0 WHERE usr = ?", users),
    makeNew: (users: readonly string[]) => each("UPDATE sync_client SET seen_at = ? WHERE usr = ? AND seen_at = 0", users, Date.now()),
    close: () => Promise.resolve(database.close()),
  });
}
