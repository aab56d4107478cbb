/**
 * Verification of JWTs that others have signed: one algorithm list, one issuer, one audience, and keys that only ever verify.
 *
 * @module
 */
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { AuthError } from "./auth-error.ts";
import { refused } from "./credential-provider.ts";

/** Asymmetric algorithms only: a published key can never be taken for a shared secret. */
export type SignatureAlgorithm = "EdDSA" | "Ed25519" | "ES256" | "ES384" | "ES512" | "PS256" | "PS384" | "PS512" | "RS256" | "RS384" | "RS512";

const ALGORITHMS: ReadonlySet<string> = new Set(["EdDSA", "Ed25519", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]);

/** What a token has to be. */
export interface JwtRules {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Value of the header's `typ`; not looked at if absent. */
  readonly type?: string;
  /** Oldest `iat` that is accepted, in seconds. */
  readonly maxAgeSeconds?: number;
  readonly now: () => number;
}

const CLOCK_TOLERANCE_SECONDS = 30;
const FETCH_TIMEOUT_MS = 5000;
/** A token with an unknown `kid` makes the keys be fetched again, this often at the most. */
const COOLDOWN_MS = 30_000;
const CACHE_MS = 600_000;

/** @throws {AuthError} `AUTH_CONFIGURATION_INVALID` for an algorithm that is no signature, such as HS256 or none */
export function checkAlgorithms(algorithms: readonly string[]): void {
  const wrong = algorithms.find((algorithm) => !ALGORITHMS.has(algorithm));
  if (wrong !== undefined || algorithms.length === 0) throw new AuthError("AUTH_CONFIGURATION_INVALID", `algorithms of tokens have to be from ${[...ALGORITHMS].join(", ")}`);
}

/** A provider's published keys, cached, fetched again for a `kid` that is not among them. */
export function publishedKeys(url: string): JWTVerifyGetKey {
  return createRemoteJWKSet(checkedUrl(url), { timeoutDuration: FETCH_TIMEOUT_MS, cooldownDuration: COOLDOWN_MS, cacheMaxAge: CACHE_MS });
}

/** @throws {AuthError} `AUTH_CONFIGURATION_INVALID` for an address without TLS that is not of this machine */
export function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !(url.protocol === "https:" || (url.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)))) {
    throw new AuthError("AUTH_CONFIGURATION_INVALID", "a provider's address has to begin with https:// (http:// is for this machine alone)");
  }
  return url;
}

/** The claims of a token that holds to all rules. @throws {AuthError} `CREDENTIALS_REFUSED`, `PROVIDER_UNAVAILABLE` */
export async function verifyJwt(token: string, keys: JWTVerifyGetKey, { issuer, audience, algorithms, type, maxAgeSeconds, now }: JwtRules): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: typeof audience === "string" ? audience : [...audience],
      algorithms: [...algorithms],
      ...(type === undefined ? {} : { typ: type }),
      ...(maxAgeSeconds === undefined ? {} : { maxTokenAge: maxAgeSeconds }),
      requiredClaims: ["sub", "exp"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now()),
    });
    return payload;
  } catch (error) {
    throw isOfTheToken(error) ? refused(error) : unavailable(error);
  }
}

/** The error for a provider that was not reached. */
export function unavailable(cause: unknown): AuthError {
  return new AuthError("PROVIDER_UNAVAILABLE", "the provider of identities does not answer: try again later", { cause });
}

/** True for what is wrong with the token; false for keys that could not be had. */
function isOfTheToken(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  // The plain JOSEError is what jose throws for an answer of another status than 200.
  return error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC";
}
