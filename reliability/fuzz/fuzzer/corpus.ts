/**
 * The inputs that are worth keeping: each has gone where none before it went, or as often as none before it.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** An input and what it reached. */
export interface CorpusEntry {
  readonly input: Uint8Array;
  /** Branch * 8 + class of how often it was taken. */
  readonly features: Uint32Array;
  picks: number;
}

/** How often a branch was taken, in the classes of AFL: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more. */
function classOf(count: number): number {
  if (count < 4) return count - 1;
  if (count < 8) return 3;
  if (count < 16) return 4;
  if (count < 32) return 5;
  return count < 128 ? 6 : 7;
}

/** Inputs, and all that they reached together. */
export class Corpus {
  readonly entries: CorpusEntry[] = [];
  /** One bit for each class of each branch. */
  readonly #seen: Uint8Array;

  constructor(maxBranches: number) {
    this.#seen = new Uint8Array(maxBranches);
  }

  /** Branches that were taken at least once. */
  get branches(): number {
    let count = 0;
    for (const bits of this.#seen) if (bits !== 0) count++;
    return count;
  }

  /** Classes of branches that were seen: what guides the search. */
  get features(): number {
    let count = 0;
    for (let bits of this.#seen) for (; bits !== 0; bits &= bits - 1) count++;
    return count;
  }

  /** Keeps the input if its counters show anything new. @returns True if it was kept. */
  offer(input: Uint8Array, hits: Uint32Array, branches: number): boolean {
    let isNew = false;
    for (let branch = 0; branch < branches; branch++) {
      const count = hits[branch] as number;
      if (count !== 0 && ((this.#seen[branch] as number) & (1 << classOf(count))) === 0) {
        isNew = true;
        break;
      }
    }
    if (!isNew) return false;
    const features: number[] = [];
    for (let branch = 0; branch < branches; branch++) {
      const count = hits[branch] as number;
      if (count === 0) continue;
      const bit = classOf(count);
      features.push(branch * 8 + bit);
      this.#seen[branch] = (this.#seen[branch] as number) | (1 << bit);
    }
    this.entries.push({ input: input.slice(), features: Uint32Array.from(features), picks: 0 });
    return true;
  }

  /** An input to change: new ones and those that were tried less go first. */
  pick(random: Random): CorpusEntry {
    const { entries } = this;
    const recent = random.oneIn(3) ? Math.max(0, entries.length - 16) : 0;
    let best = entries[recent + random.below(entries.length - recent)] as CorpusEntry;
    const rival = random.pick(entries);
    if (rival.picks * (rival.input.length + 64) < best.picks * (best.input.length + 64)) best = rival;
    best.picks++;
    return best;
  }

  /** A small set of inputs that reaches all that all inputs reach: for each feature, the shortest ones first. */
  minimised(): CorpusEntry[] {
    const byLength = [...this.entries].sort((a, b) => a.input.length - b.input.length);
    const owner = new Map<number, CorpusEntry>();
    for (const entry of byLength) for (const feature of entry.features) if (!owner.has(feature)) owner.set(feature, entry);
    // Entries that are needed anyway may cover what others were chosen for: rarest features first.
    const counts = new Map<number, number>();
    for (const entry of byLength) for (const feature of entry.features) counts.set(feature, (counts.get(feature) ?? 0) + 1);
    const chosen = new Set<CorpusEntry>();
    const covered = new Set<number>();
    for (const feature of [...owner.keys()].sort((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0))) {
      if (covered.has(feature)) continue;
      const entry = owner.get(feature) as CorpusEntry;
      chosen.add(entry);
      for (const each of entry.features) covered.add(each);
    }
    return [...chosen];
  }
}
