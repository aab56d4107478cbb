/**
 * A way to log in: turns what a client presents into who that is.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import type { CustomData } from "./user-records.ts";

/** Who somebody is to a provider. Comes from what was verified, never from what the client says of itself. */
export interface VerifiedCredentials {
  readonly subject: string;
  /** Name, e-mail address and the like, under the names that Realm's `user.profile` has. */
  readonly profile?: CustomData;
  /** Everything that the provider vouches for; handed to the application's triggers. */
  readonly claims?: CustomData;
}

/** One way to log in. */
export interface CredentialProvider {
  /** Part of a user's identity: renaming a provider makes strangers of its users. */
  readonly name: string;
  /**
   * @param payload - The request's fields; nothing of it is trusted.
   * @throws {AuthError} `CREDENTIALS_REFUSED`, `PROVIDER_UNAVAILABLE`, `REQUEST_INVALID`
   */
  verify(payload: Readonly<Record<string, unknown>>): Promise<VerifiedCredentials>;
}

/** Longest text of a field, in UTF-16 units. ID tokens with many claims have a few thousand. */
const MAX_TEXT = 16_384;
/** Longest name of somebody at a provider. */
const MAX_SUBJECT = 255;

/** Users without credentials: each login makes a new one. */
export function anonymousProvider(): CredentialProvider {
  return { name: "anon-user", verify: async () => ({ subject: randomBytes(16).toString("hex") }) };
}

/**
 * Login by a function of the application: it looks at the payload and says who that is.
 *
 * @param authenticate - Gives undefined, or throws, to refuse. What it throws stays in the server.
 */
export function functionProvider(authenticate: (payload: Readonly<Record<string, unknown>>) => Promise<VerifiedCredentials | undefined> | VerifiedCredentials | undefined): CredentialProvider {
  return {
    name: "custom-function",
    async verify(payload) {
      let verified: VerifiedCredentials | undefined;
      try {
        verified = await authenticate(payload);
      } catch (error) {
        throw refused(error);
      }
      if (verified === undefined) throw refused();
      return { ...verified, subject: checkedSubject(verified.subject) };
    },
  };
}

/** The error for credentials that log nobody in; says nothing about why. */
export function refused(cause?: unknown): AuthError {
  return new AuthError("CREDENTIALS_REFUSED", "the credentials are not valid", { cause });
}

/** A text field of a request. @throws {AuthError} `REQUEST_INVALID` */
export function textField(payload: Readonly<Record<string, unknown>>, field: string): string {
  const value = payload[field];
  if (typeof value !== "string" || value === "" || value.length > MAX_TEXT || value.includes("\0")) throw new AuthError("REQUEST_INVALID", `expected '${field}' to be a text of 1 to ${MAX_TEXT} characters, none of them NUL`);
  return value;
}

/** A subject that can be stored. @throws {AuthError} `CREDENTIALS_REFUSED` */
export function checkedSubject(subject: unknown): string {
  if (typeof subject !== "string" || subject === "" || subject.length > MAX_SUBJECT || subject.includes("\0")) throw refused(new Error(`a subject has to be a text of 1 to ${MAX_SUBJECT} characters`));
  return subject;
}
