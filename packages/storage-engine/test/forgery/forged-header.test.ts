/**
 * A header that was changed together with its clear copies in both slots, checksums and all: only the copies inside the
 * slots' sealed units tell.
 *
 * @module
 */
import { expect, it, vi } from "vitest";
import { writeU32, writeU64 } from "../../src/bytes.ts";
import { HEADER_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { portableCrc32 } from "../../src/plain-seal.ts";
import { DAMAGE_CODES, judge, smallFile, volumeWith, withBytes } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const FIELDS: readonly (readonly [string, (header: Uint8Array) => void])[] = [
  ["a longer log", (header) => writeU64(header, 16, 128 * 1024)],
  ["a shorter log", (header) => writeU64(header, 16, 64 * 1024 - 8192)],
  ["a compatible feature", (header) => writeU32(header, 24, 1)],
  ["a byte where zeros stand", (header) => header.fill(7, 200, 201)],
];

it.each(FIELDS)("%s is damage", (_name, change) => {
  const original = smallFile(0x4ead);
  const header = original.bytes.slice(0, HEADER_BYTES);
  change(header);
  writeU32(header, HEADER_BYTES - 4, portableCrc32(header.subarray(0, HEADER_BYTES - 4)));
  let forged = withBytes(original.bytes, 0, header);
  for (const offset of SLOT_OFFSETS) forged = withBytes(forged, offset + 16, header);
  expect(judge(volumeWith(forged), original.content)).toBeOneOf([...DAMAGE_CODES]);
});
