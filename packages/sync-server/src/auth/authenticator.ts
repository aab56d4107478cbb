/**
 * Who a token belongs to.
 *
 * @module
 */

/** What a verified token says. Everything about the user comes from here and from the server's own tables, nothing from the client. */
export interface VerifiedUser {
  readonly userId: string;
  /** `%%user.custom_data` in rules. JSON. */
  readonly customData: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970; the session ends then unless a fresh token came. */
  readonly expiresAt: number;
}

/** Why a token is refused: an expired one is worth another try with a fresh one, the others are not. */
export type TokenRefusal = "expired" | "invalid" | "disabled";

/** Verifies tokens. */
export interface Authenticator {
  /** The user, or why not. Never throws for a bad token; throws if it cannot tell, and the client tries again. */
  verify(token: string): Promise<VerifiedUser | { readonly refused: TokenRefusal }>;
}
