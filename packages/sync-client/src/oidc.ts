/**
 * `@holdfast/sync-client/oidc`: login at any OpenID Connect provider, by authorization code with PKCE.
 *
 * Two steps, because a browser's page or a phone's system browser lies between them: `beginOidcLogin` gives the address to open and a
 * text to keep, `finishOidcLogin` takes the address that came back and that text. State, nonce and issuer are checked.
 *
 * @module
 */
import * as oidc from "openid-client";
import { AppError } from "./app/app-error.ts";
import { Credentials } from "./app/credentials.ts";

/** A provider, and this application there. */
export interface OidcLoginOptions {
  /** As the provider writes it: `https://accounts.google.com`. */
  readonly issuer: string;
  readonly clientId: string;
  /** Where the provider sends the user back to: an address of the page, or `com.example.app:/callback`. */
  readonly redirectUri: string;
  /** Default "openid email profile". */
  readonly scope?: string;
  /** The provider's name in the server. Default "oidc". */
  readonly provider?: string;
  /** Who exchanges the code: "client" (default), or "server" where the provider wants a secret. */
  readonly exchange?: "client" | "server";
  /** More parameters of the authorization request, such as `prompt` and `login_hint`. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A login that was begun. */
export interface BegunLogin {
  /** The address to open. */
  readonly url: string;
  /** For `finishOidcLogin`. Keep it where only this application reads it (`sessionStorage`, memory): it holds the PKCE verifier. */
  readonly pending: string;
}

interface Pending {
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

/** Begins a login. @throws {AppError} `NETWORK_UNAVAILABLE`, `APP_CONNECTION_INSECURE` */
export async function beginOidcLogin(options: OidcLoginOptions): Promise<BegunLogin> {
  const configuration = await discover(options);
  const pending: Pending = { verifier: oidc.randomPKCECodeVerifier(), state: oidc.randomState(), nonce: oidc.randomNonce() };
  const url = oidc.buildAuthorizationUrl(configuration, {
    scope: "openid email profile",
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...options.parameters,
    redirect_uri: options.redirectUri,
    code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: "S256",
    state: pending.state,
    nonce: pending.nonce,
  });
  return { url: url.href, pending: JSON.stringify(pending) };
}

/**
 * Finishes a login.
 *
 * @param callbackUrl - The whole address that the provider sent the user back to.
 * @throws {AppError} `LOGIN_MISMATCH` if it belongs to another login, the user said no, or the provider's token is not right; `NETWORK_UNAVAILABLE`
 */
export async function finishOidcLogin(options: OidcLoginOptions, { callbackUrl, pending }: { readonly callbackUrl: string; readonly pending: string }): Promise<Credentials> {
  const { verifier, state, nonce } = JSON.parse(pending) as Pending;
  const { provider = "oidc", redirectUri } = options;
  const url = new URL(callbackUrl);
  if (options.exchange === "server") {
    const code = url.searchParams.get("code");
    const issuer = url.searchParams.get("iss");
    if (code === null || url.searchParams.get("state") !== state || (issuer !== null && issuer !== options.issuer)) throw mismatch();
    return Credentials.oidc({ provider, code, codeVerifier: verifier, redirectUri, nonce });
  }
  const configuration = await discover(options);
  let idToken: string | undefined;
  try {
    idToken = (await oidc.authorizationCodeGrant(configuration, url, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true })).id_token;
  } catch (error) {
    if (isNetwork(error)) throw unreached(error);
    // What the library throws may hold the provider's answer: its name and code are enough.
    throw mismatch(error);
  }
  if (idToken === undefined) throw mismatch();
  return Credentials.oidc({ provider, idToken, nonce });
}

async function discover({ issuer, clientId }: OidcLoginOptions): Promise<oidc.Configuration> {
  const url = new URL(issuer);
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isHere)) throw new AppError("APP_CONNECTION_INSECURE", "'issuer' has to begin with https:// (http:// is for this machine alone)");
  try {
    return await oidc.discovery(url, clientId, undefined, oidc.None(), url.protocol === "http:" ? { execute: [oidc.allowInsecureRequests] } : {});
  } catch (error) {
    throw unreached(error);
  }
}

function isNetwork(error: unknown): boolean {
  const { name, message } = error as Partial<Error>;
  return (name === "TypeError" && /fetch failed|Failed to fetch|Load failed|NetworkError|Network request failed/u.test(message ?? "")) || name === "TimeoutError";
}

function unreached(error: unknown): AppError {
  return new AppError("NETWORK_UNAVAILABLE", "the provider of identities cannot be reached: try again when there is a network", { cause: summary(error) });
}

function mismatch(error?: unknown): AppError {
  return new AppError("LOGIN_MISMATCH", "the provider's answer does not belong to this login, or the login was refused: begin again", error === undefined ? {} : { cause: summary(error) });
}

function summary(error: unknown): Error {
  const { name = "Error", code } = error as { name?: string; code?: unknown };
  return Object.assign(new Error(typeof code === "string" ? code : name), { name });
}
