/**
 * Faults between handles and processes: locks, pins, presence, caches, change lists.
 *
 * @module
 */
import type { Mutant } from "./mutant.ts";

const DATABASE = "storage-engine/src/database.ts";
const STORE = "storage-engine/src/store.ts";
const FAULTS = "storage-engine/test/simulation/faults.test.ts";
const SHARED = "storage-engine/test/simulation/shared-disk.test.ts";
const PROCESSES = "storage-engine/test/processes/processes.test.ts";
const HANDLES = "storage-engine/test/simulation/handles.test.ts";

export const SHARING_FAULTS: readonly Mutant[] = [
  {
    name: "lock-not-taken",
    fault: "A writer does not take the lock",
    file: STORE,
    find: "    this.#waitFor(database.input.file, lockTimeoutMs);\n",
    replace: "",
    tests: [HANDLES, SHARED, PROCESSES],
    quickTest: "two handles, plain > one writes at a time",
  },
  {
    name: "lock-kept",
    fault: "A transaction that was aborted keeps the lock",
    file: STORE,
    find: "      if (this.#freshness !== undefined) anchorIfDue(this.#freshness, database);\n    } finally {\n      database.input.file.unlock();\n    }",
    replace: "      if (this.#freshness !== undefined) anchorIfDue(this.#freshness, database);\n    } finally {\n      if (database.unanchored.record) database.input.file.unlock();\n    }",
    tests: [HANDLES, SHARED],
  },
  {
    name: "not-caught-up",
    fault: "A writer does not look for commits that others made",
    file: STORE,
    find: "        database.catchUp();\n      } catch (error) {\n        database.input.file.unlock();\n",
    replace: "        void database;\n      } catch (error) {\n        database.input.file.unlock();\n",
    tests: [SHARED],
  },
  {
    name: "replaced-file-written",
    fault: "A writer goes on in a file that is no longer at its path",
    file: STORE,
    find: "    if (this.#isInPlace(database.input.file)) return;\n    database.input.file.unlock();\n    throw",
    replace: "    if (this.#isInPlace(database.input.file) || database.view.head.commit >= 0) return;\n    throw",
    tests: [HANDLES],
  },
  {
    name: "pin-of-others-ignored",
    fault: "Pages that a reader in another process can reach are used again",
    file: DATABASE,
    find: "      if (pins.length > 0) pinned.push(...reachableGenerations(pins, generation));\n",
    replace: "",
    tests: [SHARED, PROCESSES],
  },
  {
    name: "own-pin-ignored",
    fault: "Pages that a snapshot of the same handle can reach are used again",
    file: DATABASE,
    find: "const pinned = [generation - 1, generation, ...reachableGenerations([...this.#pins.keys()], generation)];",
    replace: "const pinned = [generation - 1, generation];",
    tests: [SHARED],
  },
  {
    name: "pin-not-written",
    fault: "A reader does not write down which generations it reads from",
    file: "storage-engine/src/presence.ts",
    find: "    this.#file.write(0, bytes);\n    this.#pins = key;",
    replace: "    this.#pins = key;",
    tests: [SHARED, PROCESSES],
  },
  {
    name: "live-reader-taken-for-dead",
    fault: "A live reader's presence is taken for that of a dead one",
    file: "storage-engine/src/presence.ts",
    find: "      if (file.tryLock()) {",
    replace: "      if (file.tryLock() || path !== \"\") {",
    tests: [SHARED, PROCESSES],
  },
  {
    name: "compaction-beside-others",
    fault: "A file is compacted while another handle has it open",
    file: STORE,
    find: "        if (presence.others().length > 0) throw",
    replace: "        if (presence.others().length > 99) throw",
    tests: [HANDLES, FAULTS],
  },
  {
    name: "yield-forgotten",
    fault: "A handle writes pages to places that another handle has taken since",
    file: DATABASE,
    find: "    if (checkpointer === this.#checkpointer) return;\n    this.abandonCheckpoint();\n    this.#space = undefined;\n",
    replace: "    if (checkpointer === this.#checkpointer) return;\n",
    tests: [HANDLES],
  },
  {
    name: "published-before-sync",
    fault: "A commit is published to other processes before it was synced",
    file: DATABASE,
    find: "    try {\n      this.log.write(head.position, record.bytes);\n",
    replace: "    this.input.published?.write({ commit: head.commit + 1, generation: this.base.generation, isUnknown: false, checkpointer: this.#checkpointer });\n    try {\n      this.log.write(head.position, record.bytes);\n",
    tests: [HANDLES, FAULTS, SHARED],
  },
  {
    name: "cache-by-place-only",
    fault: "A cached page is taken by its place, whatever its birth and tag",
    file: "storage-engine/src/page-cache.ts",
    find: "    if (ref === undefined || ref.birth !== readU48(parent, offset + 6)) return undefined;\n    if (readU32(ref.tag, 0) !== readU32(parent, offset + 12) || readU16(ref.tag, 4) !== readU16(parent, offset + 16)) return undefined;\n",
    replace: "",
    tests: [HANDLES, SHARED],
  },
  {
    name: "changes-miss-deletions",
    fault: "A change list leaves out what was deleted",
    file: "storage-engine/src/changes.ts",
    find: "      changes.push({ key: leaf.key(index).slice(), before: leafValue(units, leaf, index) });\n",
    replace: "      void index;\n",
    tests: ["storage-engine/test/simulation/changes.test.ts"],
    quickTest: "change lists, plain > say exactly what differs between any two snapshots, seed 31",
  },
  {
    name: "abandoned-checkpoint-kept",
    fault: "What an abandoned checkpoint wrote counts as written",
    file: "storage-engine/src/checkpoint.ts",
    find: "    this.#writer.undo();\n",
    replace: "",
    tests: [FAULTS, SHARED],
  },
];
