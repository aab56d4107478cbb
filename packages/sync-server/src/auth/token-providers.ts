/**
 * Login by tokens that others have signed: any OpenID Connect provider, and the application's own JWTs.
 *
 * @module
 */
import { createLocalJWKSet } from "jose";
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from "jose";
import { AuthError } from "./auth-error.ts";
import { checkedSubject, refused, textField } from "./credential-provider.ts";
import type { CredentialProvider, VerifiedCredentials } from "./credential-provider.ts";
import { checkAlgorithms, checkedUrl, publishedKeys, unavailable, verifyJwt } from "./jwt-check.ts";
import type { SignatureAlgorithm } from "./jwt-check.ts";
import { isSameText } from "./tokens.ts";
import type { CustomData } from "./user-records.ts";

/** The application's own tokens. */
export interface CustomJwtOptions {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  /** Where the public keys are published, or the keys themselves. */
  readonly keys: { readonly url: string } | JSONWebKeySet;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Value that the header's `typ` has to have; not looked at if absent. */
  readonly type?: string;
  readonly now?: () => number;
}

/** A provider of OpenID Connect. */
export interface OidcOptions {
  /** Part of a user's identity. Default "oidc"; "oauth2-google" and "oauth2-apple" are Realm's names for these two. */
  readonly name?: string;
  /** As the provider writes it in its tokens: `https://accounts.google.com`. */
  readonly issuer: string;
  /** The applications (web, iOS, Android) whose ID tokens are accepted. */
  readonly clientIds: readonly string[];
  /** Default RS256 and ES256. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** How old an ID token may be at login, in seconds. Default 600. */
  readonly maxTokenAgeSeconds?: number;
  /** For clients that send the code instead of the ID token: the server asks for the token, with the provider's secret if there is one. */
  readonly codeExchange?: { readonly clientId: string; readonly clientSecret?: string; readonly redirectUris: readonly string[] };
  readonly now?: () => number;
}

interface Discovered {
  readonly keys: JWTVerifyGetKey;
  readonly tokenEndpoint: string | undefined;
}

const ANSWER_TIMEOUT_MS = 5000;

/** Login by a JWT of the application's own: `{ token }`. @throws {AuthError} `AUTH_CONFIGURATION_INVALID` */
export function customJwtProvider({ issuer, audience, keys, algorithms, type, now = Date.now }: CustomJwtOptions): CredentialProvider {
  checkAlgorithms(algorithms);
  const source: JWTVerifyGetKey = "url" in keys ? publishedKeys(keys.url as string) : createLocalJWKSet(keys as JSONWebKeySet);
  const rules = { issuer, audience, algorithms, now, ...(type === undefined ? {} : { type }) };
  return {
    name: "custom-token",
    verify: async (payload) => verified(await verifyJwt(textField(payload, "token"), source, rules)),
  };
}

/**
 * Login by OpenID Connect: `{ id_token, nonce }`, or `{ code, code_verifier, redirect_uri, nonce }` where `codeExchange` is set.
 *
 * @throws {AuthError} `AUTH_CONFIGURATION_INVALID`
 */
export function oidcProvider({ name = "oidc", issuer, clientIds, algorithms = ["RS256", "ES256"], maxTokenAgeSeconds = 600, codeExchange, now = Date.now }: OidcOptions): CredentialProvider {
  checkAlgorithms(algorithms);
  checkedUrl(issuer);
  if (clientIds.length === 0) throw new AuthError("AUTH_CONFIGURATION_INVALID", "a provider needs at least one client id: without one, tokens for any other application would log in here");
  const discover = remembered(() => discoverProvider(issuer));
  return {
    name,
    async verify(payload) {
      const provider = await discover();
      const token = payload["code"] === undefined ? textField(payload, "id_token") : await exchangeCode(payload, provider, codeExchange);
      const claims = await verifyJwt(token, provider.keys, { issuer, audience: clientIds, algorithms, maxAgeSeconds: maxTokenAgeSeconds, now });
      // A token for several audiences names the one that asked for it (OpenID Connect Core 3.1.3.7).
      const { azp, nonce } = claims;
      if (azp !== undefined ? !clientIds.includes(String(azp)) : Array.isArray(claims.aud) && claims.aud.length > 1) throw refused(new Error("azp is none of the client ids"));
      if (typeof nonce !== "string" || !isSameText(nonce, textField(payload, "nonce"))) throw refused(new Error("the nonce differs"));
      return verified(claims);
    },
  };
}

async function discoverProvider(issuer: string): Promise<Discovered> {
  const document = await askJson(`${issuer.replace(/\/$/u, "")}/.well-known/openid-configuration`, { redirect: "error" });
  // Another issuer in the document could make tokens for this one (OpenID Connect Discovery 4.3).
  if (document["issuer"] !== issuer || typeof document["jwks_uri"] !== "string") throw unavailable(new Error("the provider's configuration is of another issuer, or incomplete"));
  const tokenEndpoint = document["token_endpoint"];
  return { keys: publishedKeys(document["jwks_uri"]), tokenEndpoint: typeof tokenEndpoint === "string" ? checkedUrl(tokenEndpoint).href : undefined };
}

async function exchangeCode(payload: Readonly<Record<string, unknown>>, { tokenEndpoint }: Discovered, exchange: OidcOptions["codeExchange"]): Promise<string> {
  const redirectUri = textField(payload, "redirect_uri");
  if (exchange === undefined || tokenEndpoint === undefined) throw new AuthError("REQUEST_INVALID", "this provider is configured for ID tokens, not for codes");
  if (!exchange.redirectUris.includes(redirectUri)) throw refused(new Error("the redirect URI is not one of the application's"));
  const form = new URLSearchParams({ grant_type: "authorization_code", code: textField(payload, "code"), code_verifier: textField(payload, "code_verifier"), redirect_uri: redirectUri, client_id: exchange.clientId });
  const { clientId, clientSecret } = exchange;
  const basic = clientSecret === undefined ? {} : { authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64")}` };
  const answer = await askJson(tokenEndpoint, { method: "POST", body: form, headers: { accept: "application/json", ...basic }, redirect: "error" });
  if (typeof answer["id_token"] !== "string") throw refused(new Error("the provider has given no ID token"));
  return answer["id_token"];
}

async function askJson(url: string, init: RequestInit): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch (error) {
    throw unavailable(error);
  }
  if (response.status >= 400 && response.status < 500 && init.method === "POST") throw refused(new Error(`the provider has refused the code with status ${response.status}`));
  if (!response.ok) throw unavailable(new Error(`the provider has answered with status ${response.status}`));
  const answer: unknown = await response.json().catch((error: unknown) => {
    throw unavailable(error);
  });
  return (answer ?? {}) as Record<string, unknown>;
}

/** Asks once for all who wait; a failure is not remembered. */
function remembered<Result>(ask: () => Promise<Result>): () => Promise<Result> {
  let pending: Promise<Result> | undefined;
  return () => {
    pending ??= ask().catch((error: unknown) => {
      pending = undefined;
      throw error;
    });
    return pending;
  };
}

const PROFILE: Readonly<Record<string, string>> = { name: "name", email: "email", picture: "pictureUrl", given_name: "firstName", family_name: "lastName", gender: "gender", birthdate: "birthday" };

function verified(claims: JWTPayload): VerifiedCredentials {
  const profile: Record<string, unknown> = {};
  for (const [claim, field] of Object.entries(PROFILE)) if (typeof claims[claim] === "string") profile[field] = claims[claim];
  return { subject: checkedSubject(claims.sub), profile: profile as CustomData, claims };
}
