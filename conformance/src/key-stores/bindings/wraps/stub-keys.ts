/**
 * What the stubs of key management services have in common: versions of a key that seal with AES-256-GCM, and a way to be asked to fail.
 *
 * They are stubs of this project, not the vendors' emulators: they check the documented form of requests (signature, token, versions, checksums) and
 * refuse others; they know nothing of identities and policies.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** How a service fails, on request. */
export type StubMode = "works" | "disabled" | "deleted" | "throttled" | "denied" | "broken" | "silent";

/** A stub that can be told how to behave. */
export interface ServiceStub {
  mode: StubMode;
  /** Begins a new version of the key; old ones still open what they sealed. */
  rotate(): void;
  close(): Promise<void>;
}

/** Versions of one symmetric key. */
export class StubKey {
  readonly #versions: Buffer[] = [randomBytes(32)];

  /** From 1. */
  get version(): number {
    return this.#versions.length;
  }

  rotate(): void {
    this.#versions.push(randomBytes(32));
  }

  seal(plaintext: Uint8Array, additional: Uint8Array): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#versions[this.version - 1] as Buffer, nonce).setAAD(additional);
    return Buffer.concat([Buffer.of(this.version), nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined if it does not open. */
  open(sealed: Buffer, additional: Uint8Array): Buffer | undefined {
    const key = this.#versions[(sealed[0] ?? 0) - 1];
    if (key === undefined || sealed.length < 29) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 13), { authTagLength: 16 });
    decipher.setAAD(additional).setAuthTag(sealed.subarray(sealed.length - 16));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(13, sealed.length - 16)), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}
