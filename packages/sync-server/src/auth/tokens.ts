/**
 * The two tokens of a session: a short-lived JWT that opens sync sessions, and a refresh token that gives the next one.
 *
 * Both are authenticated under keys derived from the server's secret, which all servers of an application share. A refresh token
 * carries its session, its place in the session's sequence and a nonce that the client chose; the database holds no token, so that
 * who reads the database cannot log in.
 *
 * @module
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { AuthError } from "./auth-error.ts";

/** Fewest bytes of a server secret. */
export const SECRET_BYTES = 32;

/** What a valid access token says. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  /** In ms since 1970, by the server's clock. */
  readonly expiresAtMs: number;
}

/** What a genuine refresh token says. */
export interface RefreshClaims {
  readonly sessionId: string;
  readonly seq: number;
  readonly nonce: string;
}

/** How tokens are made. */
export interface TokensOptions {
  readonly appId: string;
  /** The first signs, all verify. At least 32 random bytes each. */
  readonly secrets: readonly Uint8Array[];
  readonly issuer: string;
  readonly accessSeconds: number;
  readonly now: () => number;
}

interface DerivedKeys {
  readonly name: string;
  readonly access: Uint8Array;
  readonly refresh: Uint8Array;
}

const ALGORITHM = "HS256";
const TYPE = "at+jwt";
const CLOCK_TOLERANCE_SECONDS = 5;
const REFRESH_FORMAT = "hr1";

/** Makes and verifies an application's tokens. */
export class Tokens {
  readonly #keys: readonly DerivedKeys[];
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    if (options.secrets.length === 0 || options.secrets.some((secret) => secret.length < SECRET_BYTES)) {
      throw new AuthError("AUTH_CONFIGURATION_INVALID", `a server needs a secret of at least ${SECRET_BYTES} random bytes for its users' tokens`);
    }
    this.#options = options;
    this.#keys = options.secrets.map((secret) => derive(secret, options.appId));
  }

  /** A JWT for one session. */
  signAccess({ userId, sessionId }: { readonly userId: string; readonly sessionId: string }): Promise<string> {
    const { issuer, accessSeconds, now } = this.#options;
    const [signing] = this.#keys as readonly [DerivedKeys];
    const issuedAt = Math.floor(now() / 1000);
    return new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: signing.name })
      .setIssuer(issuer)
      .setAudience(this.#audience())
      .setSubject(userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + accessSeconds)
      .sign(signing.access);
  }

  /** @throws {AuthError} `TOKEN_EXPIRED` for one of ours that is over, `TOKEN_INVALID` for everything else */
  async verifyAccess(token: string): Promise<AccessClaims> {
    const { issuer, now } = this.#options;
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#keyNamed(kid).access, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer,
        audience: this.#audience(),
        requiredClaims: ["sub", "sid", "exp", "iat"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now()),
      });
      const { sub, sid, exp } = payload;
      if (typeof sub !== "string" || typeof sid !== "string" || exp === undefined) throw new errors.JWTInvalid("claims of another type");
      return { userId: sub, sessionId: sid, expiresAtMs: exp * 1000 };
    } catch (error) {
      // jose looks at the time last: an expired token has a good signature.
      if (error instanceof errors.JWTExpired) throw new AuthError("TOKEN_EXPIRED", "the access token has expired", { cause: error });
      throw new AuthError("TOKEN_INVALID", "the access token is not valid", { cause: error });
    }
  }

  /** The text of a refresh token. The same three values always give the same token. */
  signRefresh({ sessionId, seq, nonce }: RefreshClaims): string {
    const [signing] = this.#keys as readonly [DerivedKeys];
    const body = [REFRESH_FORMAT, signing.name, sessionId, String(seq), nonce].join(".");
    return `${body}.${tagOf(signing, body)}`;
  }

  /** @throws {AuthError} `SESSION_INVALID` for everything that this application's servers did not make */
  verifyRefresh(token: string): RefreshClaims {
    const match = /^(?<body>hr1\.(?<name>[\w-]{11})\.(?<sessionId>[\w-]{22})\.(?<seq>\d{1,9})\.(?<nonce>[\w-]{22}))\.(?<tag>[\w-]{43})$/u.exec(token);
    const { body = "", name = "", sessionId = "", seq = "", nonce = "", tag = "" } = match?.groups ?? {};
    const key = this.#keys.find((candidate) => candidate.name === name);
    if (key === undefined || !isSameText(tag, tagOf(key, body))) throw new AuthError("SESSION_INVALID", "the refresh token is not valid: log in again");
    return { sessionId, seq: Number(seq), nonce };
  }

  #keyNamed(name: string | undefined): DerivedKeys {
    const key = this.#keys.find((candidate) => candidate.name === name);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  }

  #audience(): string {
    return `holdfast:${this.#options.appId}`;
  }
}

/** True for a nonce as clients have to send it: 16 random bytes in base64url. */
export function isNonce(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{22}$/u.test(value);
}

/** Compares without telling where the difference is. */
export function isSameText(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function tagOf({ refresh }: DerivedKeys, body: string): string {
  return createHmac("sha256", refresh).update(body).digest("base64url");
}

function derive(secret: Uint8Array, appId: string): DerivedKeys {
  const key = (purpose: string): Uint8Array => new Uint8Array(hkdfSync("sha256", secret, appId, `holdfast ${purpose} v1`, 32));
  return { name: createHash("sha256").update(key("token key name")).digest("base64url").slice(0, 11), access: key("access token"), refresh: key("refresh token") };
}
