/**
 * What a key store holds: the texts of entries, values and names, as they are and with a check that fits.
 *
 * @module
 */
import { decodeKeyEntry, decodeName, encodeKeyEntry, encodeName, encodeValue, KeyStoreError, openText, sealText, tryDecodeValue } from "@holdfast/key-store";
import type { KeyEntry } from "@holdfast/key-store";
import { PromiseBroken } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const KEY_ID = "AAECAwQFBgcICQoLDA0ODw";
const RAW = "A".repeat(86);

/** The target. Input: a text; every text is also tried with a check that fits. */
export const target: FuzzTarget = {
  name: "key-entry",
  what: "entries, values and names of key stores: refused with KEY_CORRUPT or as no value, or written again as the same text",
  maxBytes: 1024,
  limits: { steps: 400_000, bytes: 4_000_000 },
  isText: true,
  literalsOf: ["key-store"],
  dictionary: ["k1", "v1", "i1", ".", ":", "raw:", "pass:", "kms:", "incomplete", "w:", "p:", KEY_ID, RAW, "_", "-", "~", "=", "A", "B"],
  seeds: () =>
    [`k1.${KEY_ID}.raw:${RAW}`, `k1.${KEY_ID}.raw:${RAW}.pass:${"A".repeat(166)}`, `v1.${RAW}`, "v1.", "i1.w:mfrgg.p:mfrgg", "mfrgg", sealText(["k1", KEY_ID, `raw:${RAW}`]), sealText(["v1", "AAAA"])].map((text) => encoder.encode(text)),
  run(input) {
    const text = decoder.decode(input);
    tryText(text);
    tryText(sealText(text.split(".")));
    const name = decodeName(text);
    if (name !== undefined && encodeName(name) !== text) throw new PromiseBroken("NAME_NOT_STABLE", text);
  },
};

function tryText(text: string): void {
  const parts = openText(text);
  if (parts !== undefined && sealText(parts) !== text) throw new PromiseBroken("TEXT_NOT_STABLE", text);
  const value = tryDecodeValue(text);
  if (value !== undefined && encodeValue(value) !== text) throw new PromiseBroken("VALUE_NOT_STABLE", text);
  const entry = entryOf(text);
  if (entry !== undefined && encodeKeyEntry(entry) !== text) throw new PromiseBroken("ENTRY_NOT_STABLE", text);
}

/** An entry that does not parse must say KEY_CORRUPT, without a word of what it holds: it may hold a key. */
function entryOf(text: string): KeyEntry | undefined {
  try {
    return decodeKeyEntry(text);
  } catch (error) {
    if (!(error instanceof KeyStoreError) || error.code !== "KEY_CORRUPT") throw error;
    const longest = text.split(/[.:]/u).toSorted((one, two) => two.length - one.length)[0] ?? "";
    if (longest.length >= 8 && !/^[a-z ]*$/u.test(longest) && error.message.includes(longest)) throw new PromiseBroken("SECRET_IN_ERROR", error.message);
    return undefined;
  }
}
