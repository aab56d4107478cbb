/**
 * Resume tokens: where a client goes on. Sealed, and good for one user and one client only.
 *
 * Versions count what everybody writes, so a client must not be able to read them: a token is encrypted, and its length says nothing either.
 * The tag is made of the content and is the counter's start as well (as SIV, RFC 5297, is built): no random number can repeat.
 *
 * @module
 */
import { createCipheriv, createHmac, createSecretKey, hkdfSync, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";

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

const TAG_BYTES = 16;
/** Every token but those of unfinished bootstraps is one such block long. */
const BLOCK_BYTES = 80;

/** Makes and reads tokens. */
export class ResumeTokens {
  // Handles: of bytes, one would be made for each token.
  readonly #tagKey: KeyObject;
  readonly #cipherKey: KeyObject;

  constructor(secret: Uint8Array) {
    const key = (purpose: string): KeyObject => createSecretKey(new Uint8Array(hkdfSync("sha256", secret, "", `holdfast resume token ${purpose} v1`, 32)));
    this.#tagKey = key("tag");
    this.#cipherKey = key("cipher");
  }

  /** The text of a token. */
  seal(point: ResumePoint, owner: TokenOwner): string {
    const { epoch, version, salt, digest, boot } = point;
    const json = Buffer.from(JSON.stringify(boot === undefined ? [epoch, version, salt, digest] : [epoch, version, salt, digest, boot.page, boot.type, boot.after]));
    // Spaces behind JSON mean nothing.
    const content = Buffer.alloc(Math.ceil(json.length / BLOCK_BYTES) * BLOCK_BYTES, " ");
    content.set(json);
    const tag = this.#tag(content, owner);
    return Buffer.concat([tag, this.#crypt(content, tag)]).toString("base64url");
  }

  /** What it says; undefined if this server's database has not made it for this user and client. */
  open(token: string, owner: TokenOwner): ResumePoint | undefined {
    const sealed = Buffer.from(token, "base64url");
    if (sealed.length <= TAG_BYTES || sealed.toString("base64url") !== token) return undefined;
    const tag = sealed.subarray(0, TAG_BYTES);
    const content = this.#crypt(sealed.subarray(TAG_BYTES), tag);
    if (!timingSafeEqual(tag, this.#tag(content, owner))) return undefined;
    const [epoch, version, salt, digest, page, type, after] = JSON.parse(content.toString()) as [string, number, string, string, number?, string?, (string | null)?];
    return { epoch, version, salt, digest, ...(page === undefined || type === undefined ? {} : { boot: { page, type, after: after ?? null } }) };
  }

  /** Counter mode: both ways are one. */
  #crypt(bytes: Uint8Array, tag: Uint8Array): Buffer {
    const cipher = createCipheriv("aes-256-ctr", this.#cipherKey, tag);
    return Buffer.concat([cipher.update(bytes), cipher.final()]);
  }

  #tag(content: Uint8Array, { user, client }: TokenOwner): Buffer {
    // The owner's length before it, so that nothing can be shifted between the two.
    const name = JSON.stringify([user, client]);
    return createHmac("sha256", this.#tagKey).update(`${String(name.length)}:${name}`).update(content).digest().subarray(0, TAG_BYTES);
  }
}
