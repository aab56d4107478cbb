/**
 * Log records: operations of any bytes under right tags and chained as they should be, and records that lie about themselves.
 *
 * @module
 */
import type { Random } from "../fuzzer/random.ts";
import { baseFile, headOf, volumeWith } from "../images/base-image.ts";
import type { BaseFile } from "../images/base-image.ts";
import { exercise } from "../images/exercise.ts";
import { closeHeader, copyImage, ringParts, sealRecord } from "../images/file-image.ts";
import type { Part } from "../images/file-image.ts";
import { SMALL_LOG_BYTES, viewOf } from "../images/layout.ts";
import { joined, operation } from "../images/operations.ts";
import { TEST_KEY } from "../images/seals.ts";
import type { FuzzTarget } from "../target.ts";

const bases = new Map<boolean, BaseFile>();
const MAX_RECORDS = 12;

/**
 * The target. Byte 0: bit 0 encrypted, bit 1 the log begins near the end of the ring, bit 2 written to. Then records: flags, length (u16), plaintext.
 *
 * Flags: 1 another commit number, 2 another tag before it, 4 another position, 8 a broken tag, 16 a length that lies, 32 not
 * written at all, 64 the plaintext is repeated up to the longest that there may be.
 */
export const target: FuzzTarget = {
  name: "log-records",
  what: "records of any content under right tags, and records that lie about number, place, length or chain: replayed, verified, read, written, opened again",
  maxBytes: 2048,
  limits: { steps: 2_500_000, bytes: 64_000_000 },
  dictionary: [
    ...[1, 2, 3, 4, 5].flatMap((kind) => [1, 2, 3, 4, 5, 6, 7].map((tree) => operation([{ kind, tree, key: "k", value: kind === 1 ? "v" : "" }]))),
    operation([{ kind: 1, tree: 1, key: "key 0001" }]), operation([{ kind: 2, tree: 1, key: "key 0004" }]), "key 00", "large 1", "deep", "wide", "\0",
  ],
  seeds: () => [
    Uint8Array.of(0),
    inputOf(1, [[0, operation([{ kind: 1, tree: 1, key: "key 0001", value: "x" }])], [0, operation([{ kind: 3, tree: 6, key: "new" }, { kind: 1, tree: 6, key: "a", value: "b" }])]]),
    inputOf(2, [[0, operation([{ kind: 4, tree: 3, key: "" }])], [8, operation([{ kind: 5, tree: 1, key: "" }])], [0, operation([{ kind: 2, tree: 2, key: "x" }])]]),
    ...[1, 2, 4, 8, 16, 32, 64].map((flag) => inputOf(4 + (flag % 4), [[0, operation([{ kind: 1, tree: 1, key: "a", value: "b" }])], [flag, operation([{ kind: 1, tree: 2, key: "c", value: "d" }])], [0, operation([{ kind: 5, tree: 4, key: "" }])]])),
  ],
  mutate: mutateRecords,
  run(input) {
    const mode = input[0] ?? 0;
    const isEncrypted = (mode & 1) === 1;
    const base = bases.get(isEncrypted) ?? baseFile(isEncrypted);
    bases.set(isEncrypted, base);
    exercise(volumeWith(base, partsOf(base, input, (mode & 2) !== 0)), { encryptionKey: isEncrypted ? TEST_KEY : undefined, isWritten: (mode & 4) !== 0 });
  },
};

function partsOf(base: BaseFile, input: Uint8Array, isNearEnd: boolean): Part[] {
  const image = copyImage(base.image);
  const position = SMALL_LOG_BYTES * 6 - 192;
  if (isNearEnd) for (const slot of image.slots) viewOf(slot.plaintext).setBigUint64(16, BigInt(position), true);
  closeHeader(image);
  let head = headOf(image);
  const records: Part[] = [];
  for (const { flags, plaintext } of readRecords(input)) {
    const has = (flag: number): boolean => (flags & flag) !== 0;
    const content = has(64) && plaintext.length > 0 ? repeated(plaintext) : plaintext;
    const header = { commit: head.commit + (has(1) ? 2 : 1), position: head.position + (has(4) ? 64 : 0), previousTag: has(2) ? new Uint8Array(16).fill(1) : head.tag };
    const record = sealRecord({ ...header, plaintext: content }, base.seal, base.fileId);
    head = { commit: header.commit, position: head.position + record.bytes.length, tag: record.tag };
    if (has(32)) continue;
    if (has(8)) record.bytes[64] = (record.bytes[64] as number) ^ 1;
    if (has(16)) viewOf(record.bytes).setUint32(4, content.length * 0x101 + 1, true);
    records.push(...ringParts(header.position, record.bytes, SMALL_LOG_BYTES));
  }
  return [...base.writer.write(image, false), ...records];
}

function repeated(plaintext: Uint8Array): Uint8Array {
  const longest = SMALL_LOG_BYTES / 4 - 256;
  return joined(Array.from({ length: Math.floor(longest / plaintext.length) }, () => plaintext));
}

function readRecords(input: Uint8Array): { flags: number; plaintext: Uint8Array }[] {
  const records: { flags: number; plaintext: Uint8Array }[] = [];
  for (let at = 1; at + 3 <= input.length && records.length < MAX_RECORDS; ) {
    const length = viewOf(input).getUint16(at + 1, true);
    records.push({ flags: input[at] as number, plaintext: input.slice(at + 3, at + 3 + length) });
    at += 3 + length;
  }
  return records;
}

function inputOf(mode: number, records: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  return joined([Uint8Array.of(mode), ...records.map(([flags, plaintext]) => joined([Uint8Array.of(flags, plaintext.length % 256, Math.floor(plaintext.length / 256)), plaintext]))]);
}

/** Records are added, taken out, split, joined; operations in them are added. */
function mutateRecords(input: Uint8Array, random: Random): Uint8Array {
  const records = readRecords(input).map(({ flags, plaintext }): [number, Uint8Array] => [flags, plaintext]);
  const at = random.below(records.length);
  const [flags, plaintext] = records[at] ?? [0, new Uint8Array(0)];
  const extra = operation(Array.from({ length: 1 + random.below(3) }, () => freshOperation(random)));
  switch (random.below(6)) {
    case 0:
      records.splice(at, 0, [random.oneIn(4) ? random.below(128) : 0, extra]);
      break;
    case 1:
      records.splice(at, 1);
      break;
    case 2:
      records.splice(at, 1, [flags ^ (1 << random.below(7)), plaintext]);
      break;
    case 3:
      records.splice(at, 1, [flags, joined([extra, plaintext])]);
      break;
    case 4:
      records.splice(at, 1, [flags, joined([plaintext, extra])]);
      break;
    default: {
      const cut = random.below(plaintext.length + 1);
      records.splice(at, 1, [flags, plaintext.slice(0, cut)], [0, plaintext.slice(cut)]);
    }
  }
  return inputOf(random.oneIn(8) ? random.below(8) : (input[0] ?? 0), records);
}

function freshOperation(random: Random): Parameters<typeof operation>[0][0] {
  const key = random.pick(["", "a", "key 0001", "key 0045", "key 0090", "large 0", "entry 1", "wide", "\0", "k".repeat(1023), "k".repeat(1025), `001${"k".repeat(980)}`]);
  return { kind: random.oneIn(12) ? random.below(256) : random.pick([1, 1, 1, 2, 2, 3, 4, 5]), tree: random.oneIn(12) ? random.next() : random.below(11), key, value: "v".repeat(random.pick([0, 1, 300, 1999, 2000, 2001])) };
}
