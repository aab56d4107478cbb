/**
 * Writes conformance/vectors/sync/, one file for each case.
 *
 * @module
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { VECTORS } from "./cases.ts";

const target = resolve(import.meta.dirname, "../../../../conformance/vectors/sync");
mkdirSync(target, { recursive: true });
for (const name of readdirSync(target)) rmSync(join(target, name));
for (const vector of VECTORS) writeFileSync(join(target, `${vector.name}.json`), `${JSON.stringify(vector, undefined, 2)}\n`);
process.stdout.write(`${VECTORS.length} vectors\n`);
