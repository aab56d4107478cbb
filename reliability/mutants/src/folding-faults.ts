/**
 * Faults in finding out what may be forgotten: the floor of folding.
 *
 * @module
 */
import type { Mutant } from "./mutant.ts";

const FLOOR = "sync-server/src/store/fold-floor.ts";
const COMPACT = "sync-server/src/store/sqlite/compact.ts";
const FOLDING = "sync-server/test/folding.test.ts";

export const FOLDING_FAULTS: readonly Mutant[] = [
  {
    name: "fold-one-too-high",
    fault: "The floor is as high as the oldest operation that somebody does not have",
    file: FLOOR,
    find: "lastStampBefore(partsOf(oldestAbove).ms)",
    replace: "lastStampBefore(partsOf(oldestAbove).ms + 1)",
    tests: [FOLDING],
    quickTest: "the floor stays behind the time",
  },
  {
    name: "fold-forgets-a-client",
    fault: "The floor forgets one of the clients",
    file: COMPACT,
    find: "min(seen_v) AS v FROM sync_client",
    replace: "min(seen_v) AS v FROM sync_client WHERE client > (SELECT min(client) FROM sync_client)",
    tests: [FOLDING],
  },
  {
    name: "fold-ignores-bases",
    fault: "The floor takes it that what lies above a version was written by somebody who had that version",
    file: FLOOR,
    find: "Math.min(seen, leastBase ?? seen)",
    replace: "seen",
    tests: [FOLDING],
  },
  {
    name: "fold-above-the-slowest",
    fault: "The floor looks at what the slowest client does not have, and not at what the writers of that did not have",
    file: COMPACT,
    find: ".get(base ?? version)",
    replace: ".get(floor)",
    tests: [FOLDING],
  },
  {
    name: "fold-by-time-alone",
    fault: "The floor does not look at the stamps in the log",
    file: FLOOR,
    find: "laterOf(folded, byTime < byLog ? byTime : byLog)",
    replace: "laterOf(folded, byTime)",
    tests: [FOLDING],
  },
  {
    name: "fold-without-margin",
    fault: "The floor takes it that no clock is ever behind",
    file: FLOOR,
    find: "lastStampBefore(Math.floor(seenAtMs - marginMs))",
    replace: "lastStampBefore(Math.floor(seenAtMs))",
    tests: [FOLDING],
  },
];
