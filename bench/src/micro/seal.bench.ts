/**
 * Micro rows: sealing, opening and verifying one unit, by size, with each backend of core-cipher.
 *
 * @module
 */
import { generateKey, IV_BYTES, SecretKey, UNIT_KIND, UNIT_OVERHEAD_BYTES, type UnitSeal } from "@holdfast/core-cipher";
import { createPortableUnitSeal } from "@holdfast/core-cipher";
import { createNodeUnitSeal, nodeBackend } from "@holdfast/core-cipher/node";
import { Bench } from "tinybench";

const SIZES_BYTES = [256, 8192, 65_536];
const bench = new Bench({ time: 200 });

function addRows(name: string, seal: UnitSeal, sizeBytes: number): void {
  const zeros = new Uint8Array(16);
  const identity = { kind: UNIT_KIND.page, fileId: zeros, place: 7, birth: 3, context: zeros };
  const plaintext = seal.randomBytes(sizeBytes);
  const sealed = new Uint8Array(sizeBytes + UNIT_OVERHEAD_BYTES);
  bench.add(`${name} seal ${sizeBytes} B`, () => seal.seal(identity, plaintext, seal.randomBytes(IV_BYTES), sealed, 0));
  // A unit of its own: the row above goes on sealing into its target.
  const opened = new Uint8Array(sealed.length);
  seal.seal(identity, plaintext, seal.randomBytes(IV_BYTES), opened, 0);
  bench.add(`${name} open ${sizeBytes} B`, () => {
    if (seal.open(identity, opened) === undefined) throw new Error("a unit did not open");
  });
  bench.add(`${name} verify ${sizeBytes} B`, () => {
    if (!seal.verify(identity, opened)) throw new Error("a unit did not verify");
  });
}

const key = SecretKey.from(generateKey(nodeBackend));
const seals = { node: createNodeUnitSeal(key), portable: createPortableUnitSeal(key) };
for (const sizeBytes of SIZES_BYTES) for (const [name, seal] of Object.entries(seals)) addRows(name, seal, sizeBytes);
await bench.run();
console.table(bench.table());
for (const seal of Object.values(seals)) seal.close();
if (bench.tasks.some((task) => task.result.state === "errored")) process.exitCode = 1;
