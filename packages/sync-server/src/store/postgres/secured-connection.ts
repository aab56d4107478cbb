/**
 * The way to a database on another machine: TLS, with the certificate's chain and its name checked, or none.
 *
 * What counts is what `pg` would do in the end, whether that comes from fields, a connection string or `PG…` variables.
 *
 * @module
 */
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { SyncServerError } from "../../errors.ts";

/** What `pg` has made of a configuration. */
interface Effective {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly password: pg.ClientConfig["password"];
  readonly ssl: boolean | ConnectionOptions | undefined;
  readonly options: string | undefined;
}

const LOOPBACK: ReadonlySet<string> = new Set(["", "localhost", "127.0.0.1", "::1"]);
/** Modes that ask for TLS and get all of it: `pg` 8 checks chain and name for each. */
const CHECKED_MODES: ReadonlySet<string> = new Set(["require", "verify-ca", "verify-full"]);
const UNTRUSTED: ReadonlySet<string> = new Set(["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "CERT_REVOKED", "CERT_UNTRUSTED", "ERR_TLS_CERT_ALTNAME_INVALID"]);

/**
 * The same connection, over TLS with a checked certificate unless it stays on this machine.
 *
 * @throws {SyncServerError} `TLS_REQUIRED` for another machine without TLS, or without a check of the certificate
 */
export function securedConnection(connection: pg.ClientConfig): pg.ClientConfig {
  const effective = effectiveOf(connection);
  const { host, ssl } = effective;
  if (LOOPBACK.has(host) || host.startsWith("/")) return connection;
  const mode = modeOf(connection);
  if (ssl === undefined || ssl === false || (mode !== undefined && !CHECKED_MODES.has(mode))) {
    throw required(mode === undefined || mode === "disable" ? "a database on another machine is reached over TLS only: give `ssl`, `caFile`, or sslmode=verify-full" : `sslmode=${mode} may end without TLS, or without a check of the certificate: say sslmode=verify-full`);
  }
  const given = ssl === true ? {} : ssl;
  if (given.rejectUnauthorized === false || given.checkServerIdentity !== undefined || process.env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0") {
    throw required("the database's certificate would not be checked: name its authority in `ssl.ca`, `caFile` or sslrootcert, and leave rejectUnauthorized, checkServerIdentity, uselibpqcompat and NODE_TLS_REJECT_UNAUTHORIZED out");
  }
  const { connectionString: _string, ...rest } = connection;
  const { port, user, database, password, options } = effective;
  return {
    ...rest,
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    ...(password === undefined || password === null ? {} : { password }),
    ...(options === undefined ? {} : { options }),
    ssl: { ...given, rejectUnauthorized: true, minVersion: "TLSv1.2" },
  };
}

/** An error of ours for a server without TLS, or with a certificate that is not to be trusted; others stay as they are. */
export function connectionFailure(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof message === "string" && message.includes("does not support SSL")) return new SyncServerError("TLS_REQUIRED", "the database's server does not speak TLS: switch it on there (ssl = on); nothing was sent", { cause: error });
  if (typeof code !== "string" || !UNTRUSTED.has(code)) return error;
  const why = code === "ERR_TLS_CERT_ALTNAME_INVALID" ? "is for another host name" : code === "CERT_HAS_EXPIRED" ? "has expired" : "was not issued by an authority that is trusted here";
  return new SyncServerError("STORE_UNTRUSTED", `the certificate of the database's server ${why} (${code}); nothing was sent`, { cause: error });
}

function effectiveOf(connection: pg.ClientConfig): Effective {
  try {
    // Connects to nothing yet.
    const { connectionParameters } = new pg.Client(connection) as unknown as { readonly connectionParameters: Effective & { readonly password: pg.ClientConfig["password"] } };
    const { host, port, user, database, password, ssl, options } = connectionParameters;
    return { host: host ?? "", port, user, database, password, ssl, options };
  } catch (cause) {
    // The message may hold the whole string, and with it the password.
    throw new SyncServerError("CONFIGURATION_INVALID", `the connection to PostgreSQL cannot be read: ${(cause as { code?: string }).code ?? "its form is wrong, or a file that it names is not there"}`);
  }
}

/** The mode that was asked for in so many words. */
function modeOf({ connectionString, ssl }: pg.ClientConfig): string | undefined {
  const asked = connectionString === undefined ? undefined : /[?&]sslmode=([\w-]*)/iu.exec(connectionString)?.[1];
  return asked ?? (ssl === undefined ? process.env["PGSSLMODE"] : undefined);
}

function required(message: string): SyncServerError {
  return new SyncServerError("TLS_REQUIRED", message);
}
