/**
 * Faults in the freshness anchor: older copies that pass, and crashes that are taken for them.
 *
 * @module
 */
import type { Mutant } from "./mutant.ts";

const JUDGEMENT = "storage-engine/test/freshness/judgement.test.ts";
const FRESHNESS = "storage-engine/test/freshness/freshness.test.ts";
const CRASH = "storage-engine/test/freshness/crash.test.ts";

export const FRESHNESS_FAULTS: readonly Mutant[] = [
  {
    name: "rollback-off-by-one",
    fault: "A file that lacks one commit passes for the anchored one",
    file: "storage-engine/src/freshness-judgement.ts",
    find: "if (found.commit < anchor.commit) return",
    replace: "if (found.commit < anchor.commit - 1) return",
    tests: [JUDGEMENT],
    quickTest: "a file is > one commit less",
  },
  {
    name: "fork-not-seen",
    fault: "The tag of the anchored commit is not compared",
    file: "storage-engine/src/freshness-judgement.ts",
    find: "(tag !== undefined && !equalBytes(tag, anchor.tag))",
    replace: "(tag !== undefined && tag.length !== anchor.tag.length)",
    tests: [FRESHNESS],
  },
  {
    name: "history-by-slots-only",
    fault: "The records in the log are not asked for the history of a file",
    file: "storage-engine/src/log.ts",
    find: "      if (header.commit <= commit) return tag;\n",
    replace: "      if (header.commit <= commit) return undefined;\n",
    tests: [FRESHNESS],
  },
  {
    name: "missing-file-made-anew",
    fault: "A file that is missing under a known name is created again",
    file: "storage-engine/src/store.ts",
    find: "    this.#freshness?.refuseMissing();\n",
    replace: "",
    tests: [FRESHNESS],
  },
  {
    name: "anchor-before-slot",
    fault: "The anchor may name a slot that is not yet synced",
    file: "storage-engine/src/freshness-hooks.ts",
    find: "generation: database.base.generation, slotTag: database.base.tag ?? NO_TAG }",
    replace: "generation: database.base.generation + 1, slotTag: database.base.tag ?? NO_TAG }",
    tests: [CRASH],
  },
  {
    name: "successor-not-announced",
    fault: "A compacted file is put in place before the anchor knows it",
    file: "storage-engine/src/store.ts",
    find: "copy.replace(() => this.#freshness?.announce(identityPoint(database), identityOf(copy.file)));",
    replace: "copy.replace(() => void identityOf(copy.file));",
    tests: [FRESHNESS],
  },
  {
    name: "restored-without-jump",
    fault: "An accepted backup goes on with the commit numbers of the history that it replaces",
    file: "storage-engine/src/freshness-hooks.ts",
    find: "database.skipTo(Math.max(head.commit, freshness.commitToPass(database.units.fileId)) + 1);",
    replace: "database.skipTo(head.commit + 1);",
    tests: [FRESHNESS],
  },
  {
    name: "anchor-moves-back",
    fault: "An older state replaces a newer one in the anchor",
    file: "storage-engine/src/freshness-deferred-anchor.ts",
    find: "isLater(ours, theirs)",
    replace: "!isLater(ours, ours)",
    tests: ["storage-engine/test/freshness/deferred.test.ts"],
  },
  {
    name: "anchor-file-not-synced",
    fault: "The file of an anchor gets its name before its text is durable",
    file: "storage-engine/src/freshness-anchors.ts",
    find: "  file.write(0, bytes);\n  file.sync();\n",
    replace: "  file.write(0, bytes);\n",
    tests: [CRASH],
  },
];
