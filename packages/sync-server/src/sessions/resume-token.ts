/**
 * Resume tokens: where a client goes on. Sealed, and good for one user and one client only.
 *
 * Versions count what everybody writes, so a client must not be able to read them: a token is encrypted (AES-256-GCM), and its length says nothing either.
 * Each client has a key of its own (HKDF-SHA-256 of the database's secret), so that its tokens stay far below the 2^32 that random nonces
 * allow for one key (NIST SP 800-38D, section 8.3), and nobody else's token opens.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
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

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Every token but those of unfinished bootstraps is one such block long. */
const BLOCK_BYTES = 80;

/** Makes and reads the tokens of a database's clients. */
export class ResumeTokens {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** Those of one client. */
  of({ user, client }: TokenOwner): ClientTokens {
    // A digest: what HKDF takes is limited, and what a user is called is not.
    const owner = createHash("sha256").update(JSON.stringify([user, client])).digest("hex");
    const key = hkdfSync("sha256", this.#secret, "", `holdfast resume token v2 ${owner}`, 32);
    return new ClientTokens(createSecretKey(new Uint8Array(key)));
  }
}

/** Makes and reads the tokens of one client. */
export class ClientTokens {
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** The text of a token. */
  seal(point: ResumePoint): string {
    const { epoch, version, salt, digest, boot } = point;
    const json = Buffer.from(JSON.stringify(boot === undefined ? [epoch, version, salt, digest] : [epoch, version, salt, digest, boot.page, boot.type, boot.after]));
    // Spaces behind JSON mean nothing.
    const content = Buffer.alloc(Math.ceil(json.length / BLOCK_BYTES) * BLOCK_BYTES, " ");
    content.set(json);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: TAG_BYTES });
    return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  }

  /** What it says; undefined if this server's database has not made it for this user and client. */
  open(token: string): ResumePoint | undefined {
    const sealed = Buffer.from(token, "base64url");
    if (sealed.length <= NONCE_BYTES + TAG_BYTES || sealed.toString("base64url") !== token) return undefined;
    const cipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    let content: Buffer;
    try {
      content = Buffer.concat([cipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()]);
    } catch {
      return undefined;
    }
    const [epoch, version, salt, digest, page, type, after] = JSON.parse(content.toString()) as [string, number, string, string, number?, string?, (string | null)?];
    return { epoch, version, salt, digest, ...(page === undefined || type === undefined ? {} : { boot: { page, type, after: after ?? null } }) };
  }
}
