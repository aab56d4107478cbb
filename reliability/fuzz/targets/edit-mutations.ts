/**
 * Changes to inputs that are lists of edits: whole edits are added, taken out, exchanged, or get another field.
 *
 * @module
 */
import type { Random } from "../fuzzer/random.ts";
import { EDIT_BYTES, editBytes } from "../images/edits.ts";
import { joined } from "../images/operations.ts";

const VALUES = [0, 1, 2, 3, 7, 8, 9, 26, 28, 255, 256, 1023, 1024, 1025, 2000, 2001, 4095, 8135, 8136, 8192, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const OFFSETS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 16, 24, 40, 48, 56, 60, 62, 68, 84, 88, 90, 96, 112, 120];

/** One or a few such changes; the first `headBytes` are left alone now and then changed. */
export function mutateEdits(input: Uint8Array, random: Random, headBytes: number): Uint8Array {
  const head = input.slice(0, headBytes);
  const edits: Uint8Array[] = [];
  for (let at = headBytes; at + EDIT_BYTES <= input.length; at += EDIT_BYTES) edits.push(input.slice(at, at + EDIT_BYTES));
  const rounds = 1 + random.below(3);
  for (let i = 0; i < rounds; i++) change(edits, random);
  if (head.length > 0 && random.oneIn(4)) head[random.below(head.length)] = random.below(16);
  return joined([head, ...edits]);
}

function change(edits: Uint8Array[], random: Random): void {
  const at = random.below(edits.length);
  const known = edits[at];
  switch (known === undefined ? 0 : random.below(6)) {
    case 0:
    case 1:
      edits.splice(at, 0, freshEdit(random));
      break;
    case 2:
      edits.splice(at, 1);
      break;
    case 3:
      edits.splice(at, 0, (known as Uint8Array).slice());
      break;
    default: {
      const copy = (known as Uint8Array).slice();
      const fresh = freshEdit(random);
      const [from, to] = random.pick([[0, 1], [1, 2], [2, 4], [4, 8]] as const);
      copy.set(fresh.subarray(from, to), from);
      edits[at] = copy;
    }
  }
}

function freshEdit(random: Random): Uint8Array {
  const value = random.oneIn(3) ? random.next() : random.oneIn(2) ? random.pick(VALUES) : random.below(64) + random.below(64) * 0x100 + random.below(16) * 0x10000;
  return editBytes({ unit: random.below(64), kind: random.below(32), offset: random.oneIn(2) ? random.pick(OFFSETS) : random.below(8192), value });
}
