/**
 * What somebody logs in with, in realm-js's shape.
 *
 * @module
 */
import { TypeAssertionError } from "@holdfast/realm";
import { AppError } from "./app-error.ts";

/** Realm's names of providers. A server may have others. */
export const ProviderType = {
  AnonUser: "anon-user",
  ApiKey: "api-key",
  LocalUserPass: "local-userpass",
  CustomFunction: "custom-function",
  CustomToken: "custom-token",
  OAuth2Google: "oauth2-google",
  OAuth2Facebook: "oauth2-facebook",
  OAuth2Apple: "oauth2-apple",
} as const;
export type ProviderType = (typeof ProviderType)[keyof typeof ProviderType];

/** An ID token of an OpenID Connect provider, and the nonce that it was asked for with. */
export interface OidcToken {
  readonly idToken: string;
  readonly nonce: string;
  /** The provider's name in the server. Default "oidc". */
  readonly provider?: string;
}

/** An authorization code that the server shall exchange. */
export interface OidcCode {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly nonce: string;
  /** The provider's name in the server. Default "oidc". */
  readonly provider?: string;
}

/** Credentials for `app.logIn` and `user.linkCredentials`. They print without what they hold. */
export class Credentials {
  /** Which provider they are for. */
  readonly provider: string;
  /** Of anonymous ones: whether an anonymous user who is logged in already is taken. */
  readonly isReused: boolean;
  readonly #payload: Readonly<Record<string, unknown>>;

  private constructor(provider: string, payload: Readonly<Record<string, unknown>>, isReused = false) {
    this.provider = provider;
    this.isReused = isReused;
    this.#payload = payload;
  }

  /** An anonymous user: the one of this device, or with `reuse` false a new one. */
  static anonymous(reuse = true): Credentials {
    return new Credentials(ProviderType.AnonUser, {}, reuse);
  }

  /** An e-mail address and its password. */
  static emailPassword(credentials: { email: string; password: string }): Credentials;
  static emailPassword(email: string, password: string): Credentials;
  static emailPassword(first: { email: string; password: string } | string, second?: string): Credentials {
    const { email, password } = typeof first === "string" ? { email: first, password: second } : first;
    return new Credentials(ProviderType.LocalUserPass, { email: text(email, "email"), password: text(password, "password") });
  }

  /** An API key of a user. */
  static apiKey(key: string): Credentials {
    return new Credentials(ProviderType.ApiKey, { key: text(key, "key") });
  }

  /** A token of the application's own. */
  static jwt(token: string): Credentials {
    return new Credentials(ProviderType.CustomToken, { token: text(token, "token") });
  }

  /** Whatever the application's function in the server looks at. */
  static function(payload: object): Credentials {
    if (typeof payload !== "object" || payload === null) throw new TypeAssertionError("an object", payload, "payload");
    return new Credentials(ProviderType.CustomFunction, { ...payload });
  }

  /** An ID token, or a code for the server to exchange, of any provider of OpenID Connect. `@holdfast/sync-client/oidc` gets them. */
  static oidc(credentials: OidcToken | OidcCode): Credentials {
    const { provider = "oidc", nonce } = credentials;
    if ("idToken" in credentials) return new Credentials(provider, { id_token: text(credentials.idToken, "idToken"), nonce: text(nonce, "nonce") });
    const { code, codeVerifier, redirectUri } = credentials;
    return new Credentials(provider, { code: text(code, "code"), code_verifier: text(codeVerifier, "codeVerifier"), redirect_uri: text(redirectUri, "redirectUri"), nonce: text(nonce, "nonce") });
  }

  /** Google's ID token. Realm has no nonce; here it is what keeps a token of another login out. */
  static google({ idToken, nonce }: { idToken: string; nonce: string }): Credentials {
    return Credentials.oidc({ provider: ProviderType.OAuth2Google, idToken, nonce });
  }

  /** Apple's ID token, with its nonce. */
  static apple(idToken: string, nonce: string): Credentials {
    return Credentials.oidc({ provider: ProviderType.OAuth2Apple, idToken, nonce });
  }

  /** Facebook gives no OpenID Connect token to a web page: an application verifies it in a function of its server. */
  static facebook(_token?: string): never {
    throw new AppError("NOT_SUPPORTED", "Facebook's tokens are not supported: use Credentials.function and verify them in the server");
  }

  /** @internal What is sent. */
  get payload(): Readonly<Record<string, unknown>> {
    return this.#payload;
  }
}

function text(value: unknown, name: string): string {
  if (typeof value !== "string") throw new TypeAssertionError("a string", value, name);
  return value;
}
