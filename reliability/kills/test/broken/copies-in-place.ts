/** Broken: a copy grows under its final name. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Realm from "@holdfast/realm";

export default class CopiesInPlace extends Realm {
  override writeCopyTo(config: Realm.Configuration): void {
    const { path = "" } = config;
    const folder = mkdtempSync(join(tmpdir(), "holdfast-broken-"));
    super.writeCopyTo({ ...config, path: join(folder, "whole") });
    const bytes = readFileSync(join(folder, "whole"));
    rmSync(folder, { recursive: true });
    const descriptor = openSync(path, "wx");
    for (let part = 0; part < 8; part += 1) {
      writeSync(descriptor, bytes.subarray(Math.floor((part * bytes.length) / 8), Math.floor(((part + 1) * bytes.length) / 8)));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15);
    }
    closeSync(descriptor);
  }
}
