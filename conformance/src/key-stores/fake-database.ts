/**
 * A database as the rules for keys see it: it is there or not, and knows which key is its own.
 *
 * @module
 */
import { hex } from "./hex.ts";

/** A database without data. */
export class FakeDatabase {
  key: Uint8Array | undefined;

  constructor(key?: Uint8Array) {
    this.key = key?.slice();
  }

  /** The key check. */
  readonly check = (key: Uint8Array): boolean => this.key !== undefined && hex(key) === hex(this.key);

  /** A re-key that is whole or has not happened. */
  readonly rekey = (oldKey: Uint8Array, newKey: Uint8Array): void => {
    if (!this.check(oldKey)) throw new Error("the database was asked to be re-keyed with a key that it does not have");
    this.key = newKey.slice();
  };
}
