/**
 * Faults that take forged or damaged bytes for good ones, or give away what is encrypted.
 *
 * @module
 */
import type { Mutant } from "./mutant.ts";

const FORGERIES = "storage-engine/test/forgery/forgeries.test.ts";
const UNITS = "core-cipher/test/unit-seal.test.ts";
const FORKS = "storage-engine/test/forgery/forks.test.ts";
const IVS = "storage-engine/test/forgery/ivs.test.ts";

export const FORGERY_FAULTS: readonly Mutant[] = [
  {
    name: "tag-not-checked",
    fault: "A unit is deciphered whatever its tag says",
    file: "core-cipher/src/unit-seal.ts",
    find: "      if (!verify(identity, sealed)) return undefined;\n",
    replace: "      verify(identity, sealed);\n",
    tests: [UNITS],
  },
  {
    name: "tag-half-checked",
    fault: "Only the first half of a tag is compared",
    file: "core-cipher/src/unit-seal.ts",
    find: "backend.equals(cipher.tag(sealed.subarray(0, tagOffset)), sealed.subarray(tagOffset))",
    replace: "backend.equals(cipher.tag(sealed.subarray(0, tagOffset)).subarray(0, 16), sealed.subarray(tagOffset, tagOffset + 16))",
    tests: [UNITS],
  },
  {
    name: "place-not-bound",
    fault: "The tag does not cover the place of a unit",
    file: "core-cipher/src/unit-identity.ts",
    find: "      setUint64(view, 32, identity.place);\n",
    replace: "",
    tests: ["core-cipher/test/vectors.test.ts", FORGERIES],
  },
  {
    name: "plain-checksum-ignored",
    fault: "A plain file's checksum is not compared",
    file: "storage-engine/src/plain-seal.ts",
    find: "    return readU32(sealed, tagOffset) === checksum(identity, sealed.subarray(0, tagOffset));\n",
    replace: "    return checksum(identity, sealed.subarray(0, tagOffset)) >= 0;\n",
    tests: ["storage-engine/test/simulation/crash-sweep.test.ts"],
  },
  {
    name: "reference-tag-ignored",
    fault: "A page is taken although its tag is not the one in its reference",
    file: "storage-engine/src/unit-file.ts",
    find: 'if (sealed[tagOffset + i] !== ref.tag[i]) throw damaged(ref, "its tag is not the one in its reference");',
    replace: "if (sealed[tagOffset + i] !== ref.tag[i]) break;",
    tests: [FORKS],
  },
  {
    name: "birth-not-bound",
    fault: "The tag does not cover the birth of a unit",
    file: "core-cipher/src/unit-identity.ts",
    find: "      setUint64(view, 40, identity.birth);\n",
    replace: "",
    tests: ["core-cipher/test/vectors.test.ts", FORGERIES],
  },
  {
    name: "key-check-one-half",
    fault: "The key check covers the MAC half of the key only",
    file: "core-cipher/src/key-check.ts",
    find: "backend.hmacSha256(encryptionHalf(key), message",
    replace: "backend.hmacSha256(macHalf(key), message",
    tests: [FORGERIES],
  },
  {
    name: "sealed-header-ignored",
    fault: "The copy of the header inside a slot's unit is not compared",
    file: "storage-engine/src/slot.ts",
    find: "opened !== undefined && equalBytes(opened.headerBytes, header) ? opened.slot",
    replace: "opened !== undefined && opened.headerBytes.length === header.length ? opened.slot",
    tests: ["storage-engine/test/forgery/forged-header.test.ts"],
  },
  {
    name: "chain-not-checked",
    fault: "A record is replayed although it is chained to another one",
    file: "storage-engine/src/log.ts",
    find: "if (found.plainBytes > this.maxPlainBytes || !equalBytes(found.previousTag, head.tag)) return undefined;",
    replace: "if (found.plainBytes > this.maxPlainBytes) return undefined;",
    tests: [FORKS],
  },
  {
    name: "record-iv-reused",
    fault: "Every record is encrypted under one IV",
    file: "storage-engine/src/log-record.ts",
    find: "plaintext, seal.randomBytes(16), bytes, RECORD_HEADER_BYTES",
    replace: "plaintext, new Uint8Array(16), bytes, RECORD_HEADER_BYTES",
    tests: [IVS],
    quickTest: "no two units of a file, its copies and its successors",
  },
  {
    name: "page-iv-reused",
    fault: "The pages of one checkpoint share an IV",
    file: "storage-engine/src/page-writer.ts",
    find: "    this.#ivs = this.#ivs.subarray(IV_BYTES);\n",
    replace: "    if (this.#ivs.length > IVS_PER_DRAW * IV_BYTES) this.#ivs = this.#ivs.subarray(IV_BYTES);\n",
    tests: [IVS],
  },
  {
    name: "slot-iv-reused",
    fault: "Every slot is encrypted under one IV",
    file: "storage-engine/src/slot.ts",
    find: "plain, seal.randomBytes(16), bytes, SLOT_CLEAR_BYTES",
    replace: "plain, new Uint8Array(16), bytes, SLOT_CLEAR_BYTES",
    tests: [IVS],
  },
  {
    name: "wrong-key-is-damage",
    fault: "A wrong key is called damage",
    file: "storage-engine/src/file-opening.ts",
    find: "if (fits(copy, seal) || opens) throw",
    replace: "if (fits(copy, seal) || opens || whole.length > 0) throw",
    tests: [FORGERIES],
  },
];
