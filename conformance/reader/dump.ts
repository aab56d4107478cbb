/**
 * Prints every entry of every tree of a store file as one JSON line, keys and values as hex.
 *
 *     node --conditions=@holdfast/source conformance/reader/dump.ts FILE [KEY-AS-128-HEX-DIGITS]
 *
 * @module
 */
import { readFileSync, writeSync } from "node:fs";
import { readStore } from "./reader.ts";

const [path, hexKey] = process.argv.slice(2);
if (path === undefined) throw new TypeError("usage: dump.ts FILE [KEY-AS-128-HEX-DIGITS]");
const key = hexKey === undefined ? undefined : new Uint8Array(Buffer.from(hexKey, "hex"));
const store = readStore(new Uint8Array(readFileSync(path)), key);
for (const [tree, entries] of store.trees) {
  for (const [entryKey, value] of entries) {
    writeSync(1, `${JSON.stringify({ tree, key: hexOf(entryKey), value: hexOf(value) })}\n`);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
