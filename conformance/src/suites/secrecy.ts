/**
 * Secrecy: the raw files of an encrypted realm give nothing away, neither while it is open nor afterwards.
 *
 * The same search over a plain realm must find what it looks for; otherwise it would look for the wrong thing.
 *
 * @module
 */
import { claim, keyLeakIn } from "../claims.ts";
import { createItems, MARKER } from "../content.ts";
import { configurationOf, folderOf, makeRealm } from "../opening.ts";
import { need } from "../platform.ts";
import type { Suite, SuiteContext } from "../suite.ts";

const ITEM_COUNT = 2000;
const WORDS = [MARKER, "example.org", "person.", "Counter", "createdAt"];

/** The suite. */
export const secrecy: Suite = {
  name: "secrecy",
  title: "No plaintext and no key byte in any file",
  forms: ["plain and encrypted"],
  needs: ["files"],
  async run(context) {
    const { platform, key } = context;
    await context.check("no known word in any file of an encrypted realm, open, in a transaction or closed", (path) => {
      const realm = new platform.Realm(configurationOf(path, key));
      try {
        createItems(realm, 0, ITEM_COUNT);
        realm.beginTransaction();
        realm.create("Counter", { _id: `${MARKER} counter`, value: 1 });
        claimNothingKnown(context, folderOf(path), "in a transaction");
        realm.commitTransaction();
        claimNothingKnown(context, folderOf(path), "after the commit");
      } finally {
        realm.close();
      }
      claimNothingKnown(context, folderOf(path), "after the close");
    });
    await context.check("the same search finds the words of a plain realm", (path) => {
      makeRealm(platform, path, undefined, ITEM_COUNT);
      const found = WORDS.filter((word) => filesWith(context, folderOf(path), word).length > 0);
      claim(found.includes(MARKER) && found.includes("example.org"), `found only ${found.join(", ") || "nothing"}`);
    });
    await context.check("the used part of an encrypted file looks random", (path) => {
      makeRealm(platform, path, key, ITEM_COUNT);
      const entropy = lowestBlockEntropy(need(platform, "files").readBytes(path));
      context.figure("lowest entropy of a used 4 KiB block", `${entropy.toFixed(3)} bits a byte`);
      // 4096 random bytes measure 7.95 on average and practically never below 7.9; text stays under 6.
      claim(entropy > 7.8, `a block of 4 KiB has only ${entropy.toFixed(3)} bits a byte`);
    });
    await context.check("no key byte in any file, nor in what inspecting a realm shows", (path) => {
      const realm = new platform.Realm(configurationOf(path, key));
      try {
        createItems(realm, 0, 10);
        claim(key !== undefined && keyLeakIn(platform.inspect(realm), key) === undefined, "inspecting the realm shows key bytes");
      } finally {
        realm.close();
      }
      const half = key?.subarray(32, 48) ?? new Uint8Array(0);
      for (const bytes of [key?.subarray(0, 16) ?? half, half]) {
        claim(filesWith(context, folderOf(path), String.fromCharCode(...bytes)).length === 0, "a file holds key bytes");
      }
    });
  },
};

function claimNothingKnown(context: SuiteContext, folder: string, moment: string): void {
  for (const word of WORDS) {
    const names = filesWith(context, folder, word);
    claim(names.length === 0, `${moment}, "${word}" stands readable in ${names.join(", ")}`);
  }
}

function filesWith(context: SuiteContext, folder: string, word: string): string[] {
  const files = need(context.platform, "files");
  const forms = [bytesOf(word), utf16Of(word)];
  return files
    .listFiles(folder)
    .filter((path) => forms.some((form) => indexOf(files.readBytes(path), form) >= 0))
    .map((path) => path.slice(path.lastIndexOf("/") + 1));
}

function bytesOf(word: string): Uint8Array {
  return Uint8Array.from(word, (letter) => letter.charCodeAt(0));
}

function utf16Of(word: string): Uint8Array {
  return Uint8Array.from([...word].flatMap((letter) => [letter.charCodeAt(0), 0]));
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const first = wanted[0] ?? 0;
  for (let start = bytes.indexOf(first); start >= 0; start = bytes.indexOf(first, start + 1)) {
    let length = 1;
    while (length < wanted.length && bytes[start + length] === wanted[length]) length += 1;
    if (length === wanted.length) return start;
  }
  return -1;
}

/** Blocks with runs of zeros are not used to the full and say nothing; the header's is looked at by the word search. */
function lowestBlockEntropy(bytes: Uint8Array): number {
  let lowest = 8;
  for (let start = 4096; start + 4096 <= bytes.length; start += 4096) {
    const block = bytes.subarray(start, start + 4096);
    if (hasRunOfZeros(block)) continue;
    lowest = Math.min(lowest, entropyOf(block));
  }
  return lowest;
}

function hasRunOfZeros(block: Uint8Array): boolean {
  let run = 0;
  for (const byte of block) {
    run = byte === 0 ? run + 1 : 0;
    if (run >= 8) return true;
  }
  return false;
}

function entropyOf(block: Uint8Array): number {
  const counts = new Float64Array(256);
  for (const byte of block) counts[byte] = (counts[byte] ?? 0) + 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / block.length) * Math.log2(count / block.length);
  return bits;
}
