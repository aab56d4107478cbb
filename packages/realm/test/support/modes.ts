/**
 * The two modes that every test runs in, and fresh files for them.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe } from "vitest";
import Realm from "../../src/index.ts";

/** A published test key: 0, 1, 2, ... 63. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

export interface Mode {
  readonly name: string;
  /** Configuration for a file of this mode. */
  config(extra: Realm.Configuration): Realm.Configuration;
  /** A path in a folder that goes when the test ends. */
  path(name?: string): string;
}

/** Runs a suite over plain and encrypted files. */
export function forEachMode(suite: (mode: Mode) => void): void {
  for (const isEncrypted of [false, true]) {
    const name = isEncrypted ? "encrypted" : "plain";
    describe(name, () => {
      let folder: string | undefined;
      const path = (file = "test.realm"): string => {
        folder ??= mkdtempSync(join(tmpdir(), "holdfast-realm-"));
        return join(folder, file);
      };
      afterEach(() => {
        Realm.shutdown();
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
        folder = undefined;
      });
      suite({ name, path, config: (extra) => ({ path: path(), ...(isEncrypted ? { encryptionKey: TEST_KEY } : {}), ...extra }) });
    });
  }
}
