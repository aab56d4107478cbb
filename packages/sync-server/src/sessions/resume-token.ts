/**
 * Resume tokens: where a client goes on. Signed, and good for one user and one client only.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** What a token says. */
export interface ResumePoint {
  readonly epoch: string;
  readonly version: number;
  readonly salt: string;
  /** Of the view: another one needs another bootstrap. */
  readonly digest: string;
  /** Of an unfinished bootstrap: the class and key after which it goes on. */
  readonly boot?: { readonly page: number; readonly type: string; readonly after: string | null };
}

/** Whom a token is for. */
export interface TokenOwner {
  readonly user: string;
  readonly client: string;
}

/** Makes and reads tokens. */
export class ResumeTokens {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The text of a token. */
  seal(point: ResumePoint, owner: TokenOwner): string {
    const { epoch, version, salt, digest, boot } = point;
    const fields = boot === undefined ? [epoch, version, salt, digest] : [epoch, version, salt, digest, boot.page, boot.type, boot.after];
    const payload = Buffer.from(JSON.stringify(fields)).toString("base64url");
    return `${payload}.${this.#tag(payload, owner)}`;
  }

  /** What it says; undefined if this server's database has not made it for this user and client. */
  open(token: string, owner: TokenOwner): ResumePoint | undefined {
    const [payload = "", tag = "", ...rest] = token.split(".");
    const expected = Buffer.from(this.#tag(payload, owner));
    const given = Buffer.from(tag);
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const [epoch, version, salt, digest, page, type, after] = JSON.parse(Buffer.from(payload, "base64url").toString()) as [string, number, string, string, number?, string?, (string | null)?];
    return { epoch, version, salt, digest, ...(page === undefined || type === undefined ? {} : { boot: { page, type, after: after ?? null } }) };
  }

  #tag(payload: string, { user, client }: TokenOwner): string {
    return createHmac("sha256", this.#secret).update(JSON.stringify([payload, user, client])).digest("base64url");
  }
}
