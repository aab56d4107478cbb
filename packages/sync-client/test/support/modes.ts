/**
 * The two modes that tests run in, with files in a folder that goes with the test.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe } from "vitest";
import Realm from "@holdfast/realm";
import { setSyncProvider } from "@holdfast/realm/replica";
import { enableSync } from "../../src/index.ts";
import type { SyncConfiguration, SyncError, Transport } from "../../src/index.ts";
import { ALL, QUICK, SCHEMA, TEST_KEY, testUser } from "./clients.ts";

export interface World {
  readonly isEncrypted: boolean;
  path(name: string): string;
  /** A configuration; further fields of `sync` go over the usual ones. */
  config(name: string, transport: Transport, sync?: Partial<SyncConfiguration>): Realm.Configuration;
  readonly errors: SyncError[];
  folder(): string;
}

/** Runs a suite over plain and encrypted files. */
export function forEachMode(suite: (world: World) => void): void {
  inModes([false, true], suite);
}

/** Runs one in which the file plays no part over encrypted files alone. */
export function withEncryption(suite: (world: World) => void): void {
  inModes([true], suite);
}

function inModes(modes: readonly boolean[], suite: (world: World) => void): void {
  for (const isEncrypted of modes) {
    describe(isEncrypted ? "encrypted" : "plain", () => {
      let folder: string | undefined;
      const errors: SyncError[] = [];
      const folderNow = (): string => (folder ??= mkdtempSync(join(tmpdir(), "holdfast-sync-")));
      const path = (name: string): string => join(folderNow(), `${name}.realm`);
      beforeEach(() => enableSync());
      afterEach(() => {
        Realm.shutdown();
        setSyncProvider(undefined);
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
        folder = undefined;
        errors.length = 0;
      });
      suite({
        isEncrypted,
        path,
        errors,
        folder: folderNow,
        config: (name, transport, sync = {}) => ({
          path: path(name),
          schema: SCHEMA,
          ...(isEncrypted ? { encryptionKey: TEST_KEY } : {}),
          sync: { user: testUser(), flexible: true, transport, timing: QUICK, initialSubscriptions: ALL, onError: (_, error) => void errors.push(error), ...sync } as never,
        }),
      });
    });
  }
}
