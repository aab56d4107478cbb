/**
 * The cluster that the other tests stand on.
 *
 * @module
 */
import pg from "pg";
import { describe, expect, it } from "vitest";
import { postgresMissing, sharedCluster } from "./support/postgres.ts";

describe.skipIf(postgresMissing() !== undefined)(`a scratch PostgreSQL (${postgresMissing() ?? "found"})`, () => {
  it("takes connections over TLS, each database empty and its own", async () => {
    const cluster = await sharedCluster();
    const client = new pg.Client(await cluster.createDatabase());
    await client.connect();
    const { rows } = await client.query("SELECT ssl, (SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public') AS tables FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    await client.end();
    expect(rows).toEqual([{ ssl: true, tables: 0 }]);
  });
});
