/**
 * The backend: users and sync on one port over TLS, rows in an embedded database.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { syncSchemaOf } from "@holdfast/sync-client";
import { AuthService, localKeyProvider, oidcProvider, openSqliteUserDatabase, SqliteStore, SyncServer, usersOf } from "@holdfast/sync-server";
import type { Certificate } from "./certificate.ts";
import type { IdentityProvider } from "./identity-provider.ts";
import { NOTE, RULES } from "./notes.ts";

export const APP_ID = "notes";
/** Who is in the team; everybody else may log in and sees nothing. */
const MEMBERS: ReadonlySet<string> = new Set(["anna", "ben"]);
export const TEAM = "ward 3";

/** A started backend. */
export interface Backend {
  readonly baseUrl: string;
  /** The file with the rows. */
  readonly rowsPath: string;
  stop(): Promise<void>;
}

/** Starts it. `pageOrigins` are those of browsers' pages. */
export async function startBackend(folder: string, { certificate, identities, pageOrigins }: { readonly certificate: Certificate; readonly identities: IdentityProvider; readonly pageOrigins: readonly string[] }): Promise<Backend> {
  const rowsPath = join(folder, "rows.sqlite");
  const database = openSqliteUserDatabase(join(folder, "users.sqlite"));
  const service = new AuthService({
    appId: APP_ID,
    database,
    secrets: [randomBytes(32)],
    providers: [oidcProvider({ issuer: identities.issuer, clientIds: [identities.clientId] })],
    // The authentication trigger: each user's key is made at the first login, and stored wrapped under this one.
    key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] },
    onFirstLogin: ({ identity }) => ({ customData: MEMBERS.has(identity.subject) ? { team: TEAM } : {} }),
  });
  await service.start();
  const server = new SyncServer({
    store: new SqliteStore(rowsPath),
    authenticator: service.authenticator(),
    users: usersOf([service], { allowedOrigins: pageOrigins }),
    rules: RULES,
    schema: syncSchemaOf([NOTE]),
    tls: certificate,
    pollMs: 50,
  });
  await server.start();
  return {
    baseUrl: `https://127.0.0.1:${String(server.port)}`,
    rowsPath,
    async stop() {
      await server.stop();
      await database.close();
    },
  };
}
