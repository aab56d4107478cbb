/**
 * A plain file has checksums, not tags: whoever can compute them may write what he likes. The reader must still end, stay
 * small and answer with a code.
 *
 * @module
 */
import type { SeededRandom } from "@holdfast/storage-engine/simulation";
import { view } from "../format.ts";
import { forge, unitsOf, type Unit } from "../plain-forger.ts";
import type { Family } from "./attack.ts";

const NUMBERS = [0, 1, 2, 7, 8, 63, 255, 1024, 1025, 2001, 8135, 8136, 8192, 0x7fff, 0xfffe, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff];

/** One to four changes inside one unit, numbers that are tried being those at which something ends; all checksums made to fit. */
export const crafted: Family = {
  name: "what a unit says forged, every checksum made to fit",
  forms: "plain",
  *attacks({ bytes }, { random, tries }) {
    const units = unitsOf(bytes);
    const kinds = [...new Set(units.map(({ kind }) => kind))];
    for (let attempt = 0; attempt < 4 * tries; attempt++) {
      // Each kind as often as the others: there are many more pages than slots.
      const kind = random.pick(kinds);
      const unit = random.pick(units.filter((each) => each.kind === kind));
      let what = "";
      const edits = forge(bytes, unit, (plain) => {
        for (let count = 1 + random.below(4); count > 0; count--) what += change(plain, unit, random);
      });
      yield { what: `${kind} at ${unit.offset}: ${what}`, edits, isCrafted: true };
    }
  },
};

function change(plain: Uint8Array, unit: Unit, random: SeededRandom): string {
  const end = random.chance(0.6) ? Math.min(plain.length, unit.kind === "page" ? 40 : 140) : plain.length;
  const width = random.pick([1, 2, 4, 6]);
  const offset = random.below(Math.max(1, end - width));
  const number = random.chance(0.7) ? random.pick(NUMBERS) : random.below(0x1_0000_0000);
  const fields = view(plain);
  if (offset + width > plain.length) return "";
  if (width === 1) plain[offset] = number;
  else if (width === 2) fields.setUint16(offset, number, true);
  else fields.setUint32(offset, number, true);
  if (width === 6) fields.setUint16(offset + 4, random.pick([0, 1, 0xffff]), true);
  return `${number} as u${width * 8} at ${offset}; `;
}
