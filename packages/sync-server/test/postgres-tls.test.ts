/**
 * The way to PostgreSQL: on another machine over TLS with a checked certificate, or not at all. A real PostgreSQL on addresses that are not
 * loopback's usual ones stands for the other machine.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PostgresStore, securedConnection } from "../src/index.ts";
import { postgresMissing, startCluster } from "./support/postgres.ts";
import type { Cluster, DatabaseAddress } from "./support/postgres.ts";

afterEach(() => vi.unstubAllEnvs());

const db = "postgres://app:secret@db.example.org/clinic";

describe("another machine is refused without TLS, and without a check of its certificate", () => {
  it.each<[string, pg.ClientConfig, Record<string, string>?]>([
    ["no ssl", { host: "db.example.org" }],
    ["ssl: false", { host: "db.example.org", ssl: false }],
    ["a connection string without a mode", { connectionString: db }],
    ...["disable", "allow", "prefer", "no-verify"].map((mode): [string, pg.ClientConfig] => [`sslmode=${mode}`, { connectionString: `${db}?sslmode=${mode}` }]),
    ["sslmode=require as libpq means it", { connectionString: `${db}?sslmode=require&uselibpqcompat=true` }],
    ["sslmode=prefer beside an ssl of its own", { connectionString: `${db}?sslmode=prefer`, ssl: { ca: "x" } }],
    ["ssl=no-verify", { connectionString: `${db}?ssl=no-verify` }],
    ["ssl=0", { connectionString: `${db}?ssl=0` }],
    ["a host that stands in the query", { connectionString: "postgres://app@localhost/clinic?host=db.example.org" }],
    ["a host from PGHOST", {}, { PGHOST: "db.example.org" }],
    ["PGSSLMODE=prefer", { host: "db.example.org" }, { PGSSLMODE: "prefer" }],
    ["PGSSLMODE=no-verify", { host: "db.example.org" }, { PGSSLMODE: "no-verify" }],
    ["rejectUnauthorized: false", { host: "db.example.org", ssl: { rejectUnauthorized: false } }],
    ["a check of its own", { host: "db.example.org", ssl: { checkServerIdentity: () => undefined } }],
    ["NODE_TLS_REJECT_UNAUTHORIZED=0", { host: "db.example.org", ssl: true }, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }],
    ["an address", { host: "127.0.0.2" }],
  ])("%s", (_title, connection, environment = {}) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(() => new PostgresStore({ connection })).toThrow(expect.objectContaining({ code: "TLS_REQUIRED", message: expect.not.stringContaining("secret") as string }) as Error);
  });
});

it("this machine may be reached without TLS: by name, address and socket", () => {
  for (const connection of [{}, { host: "localhost" }, { host: "127.0.0.1" }, { host: "::1" }, { host: "/run/postgresql" }, { connectionString: "postgres://app@localhost/clinic" }, { connectionString: "postgres:///clinic?host=/run/postgresql" }]) {
    expect(securedConnection(connection)).toBe(connection);
  }
});

it("a string that cannot be read is refused without showing it", () => {
  for (const connectionString of ["postgres://app:secret@db.example.org:port/clinic", `${db}?sslmode=verify-full&sslrootcert=/no/such/secret`]) {
    expect(() => securedConnection({ connectionString })).toThrow(expect.objectContaining({ code: "CONFIGURATION_INVALID", message: expect.not.stringContaining("secret") as string }) as Error);
  }
});

const missing = postgresMissing();

describe.skipIf(missing !== undefined)(`a real PostgreSQL${missing === undefined ? "" : ` (not run: ${missing})`}`, () => {
  let folder = "";
  let cluster: Cluster;
  let address: DatabaseAddress;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-pg-tls-"));
    // 127.0.0.3 is the same server under an address that its certificate does not have.
    cluster = await startCluster({ certificateName: "127.0.0.2", settings: { listen_addresses: "127.0.0.1,127.0.0.2,127.0.0.3" } });
    address = await cluster.createDatabase();
    writeFileSync(join(folder, "ca.crt"), cluster.ca);
  });
  afterAll(() => {
    cluster.stop();
    rmSync(folder, { recursive: true });
  });

  async function open(connection: pg.ClientConfig): Promise<unknown> {
    const store = new PostgresStore({ connection });
    try {
      await store.open();
      return "open";
    } catch (error) {
      return (error as { code?: unknown }).code ?? String(error);
    } finally {
      await store.close();
    }
  }

  const stringFor = (host: string, mode: string, ca = true): pg.ClientConfig => ({
    connectionString: `postgres://${address.user}:${address.password}@${host}:${String(address.port)}/${address.database}?sslmode=${mode}${ca ? `&sslrootcert=${join(folder, "ca.crt")}` : ""}`,
  });

  it("opens under the name in its certificate, by fields and by connection string", async () => {
    expect(await open(address)).toBe("open");
    expect(await open(stringFor("127.0.0.2", "verify-full"))).toBe("open");
    expect(await open(stringFor("127.0.0.2", "require"))).toBe("open");
  });

  it("another host name and an authority that is not trusted are refused", async () => {
    expect(await open({ ...address, host: "127.0.0.3" })).toBe("STORE_UNTRUSTED");
    expect(await open(stringFor("127.0.0.3", "require"))).toBe("STORE_UNTRUSTED");
    expect(await open({ ...address, ssl: true })).toBe("STORE_UNTRUSTED");
    expect(await open(stringFor("127.0.0.2", "require", false))).toBe("STORE_UNTRUSTED");
  });

  it("a server without TLS is refused before anything is sent to it", async () => {
    // What PostgreSQL with ssl = off answers to the request for TLS.
    let received = Buffer.alloc(0);
    const server = createServer((socket) => {
      socket.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
        socket.write("N");
      });
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.2", resolve));
    expect(await open({ ...address, port: (server.address() as AddressInfo).port })).toBe("TLS_REQUIRED");
    expect(received.toString("hex")).toBe("0000000804d2162f");
    server.close();
  });
});
