/**
 * Why a peer is ahead, row by row, or encrypted Holdfast over its limit against plain. Shown below the losses of a run; a row without a
 * sentence is asked for. A sentence says what was found out, not what is hoped; it goes when the row is no loss any more.
 *
 * @module
 */

const INSERT = "Each object is encoded and put into its trees in JavaScript (about 9 us of a cold process, most of it in the object layer); the trees of the peers are native code.";
const WHOLE = "The list and the date of an object cost most, not the look-up: two fields of it cost a fifth to a third. A list is an object of its own behind a Proxy, as Realm's is.";
const HANDED_OUT = "For each match an object with accessors is handed out, as Realm does; the peers give rows, or what they decoded.";
const UPDATES = "The updates scatter, so nearly every leaf is copied and written anew (10k updates of 100k objects: about 1,400 pages of 8 KiB), in JavaScript; against plain the difference is the sealing of these pages on the main thread.";
const MEMORY = "Not profiled: page cache, objects and code are in JavaScript's heap, whose collector gives memory back late; the caches of the peers are small and native.";
const PROCESSES = "Another process's commit is learned from the side file and its record replayed, in JavaScript; the peers share a memory map or the pages of the system's cache. Not profiled further.";

/** By the row's id. */
export const REASONS: Readonly<Record<string, string>> = {
  "W1-ordered": INSERT,
  "W1-random": INSERT,
  "W1-indexed": `${INSERT} The index is one more tree.`,
  W2: "One append and one sync, as in the peers; what comes on top is the object layer, the seal of the record, and the 32 bytes of the side file that tell other processes.",
  "W3-whole": WHOLE,
  "W3-pair": "The search in the pages of a tree is JavaScript. The row is close to even and noisy.",
  "W4-count": "Every record is tested in JavaScript, page by page; the peers that are ahead do it in native code.",
  "W4-count-indexed":
    "The branches of an index hold no counts of what is below them, so a range is counted entry by entry; the peers that are ahead count without leaving native code. Counts in branches would change the file format.",
  "W4-sum": HANDED_OUT,
  "W4-sum-indexed": HANDED_OUT,
  "W5-one": "A process that has opened a realm before opens one and reads an object in about 1.5 ms (conformance, suite size); the rest is code that runs for the first time.",
  "W5-all": `${WHOLE} Here the code runs for the first time, too.`,
  "W6-20k": UPDATES,
  "W6-20k-indexed": UPDATES,
  "W7-file": "The log (1 MiB) and the reserve that deleting on a full disk needs (0.2 to 0.7 MB in files below 500 MB) are part of the file and do not grow with the data.",
  "W7-write": MEMORY,
  "W7-read": MEMORY,
  "W8-write": PROCESSES,
  "W8-read": PROCESSES,
  "W8-turns": PROCESSES,
  "W9-list": "The short form measures one pair. All pages are in the cache when the row is measured: nothing is opened or sealed in it.",
  "W9-links": "Each step is a look-up by key in JavaScript, and an object is handed out; a join in native code hands out none.",
  "W9-filter": "Each record is tested on its bytes in JavaScript, in the peers in native code: about even.",
  "W9-filter-indexed": "The candidates of the index (about 400) are looked up in the table one after the other, in JavaScript, then tested and put in order.",
  W10: "The short form measures one pair; in the full form (RESULTS-W9-W10.md) it is at the limit. A commit here is one small record to seal, as in W2: most of the row is the sync of the disk.",
};
