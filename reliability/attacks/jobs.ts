/**
 * Which attacks there are: the same list, in the same order, in every process that was given the same seed.
 *
 * @module
 */
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import { slicesOf } from "./every-byte.ts";
import type { Attack } from "./families/attack.ts";
import { FAMILIES } from "./families/index.ts";
import type { Victim } from "./victims.ts";

/** What a run tries. Goes to the child processes as JSON. */
export interface Plan {
  readonly seed: number;
  /** Single flips for each victim; 0 stands for every byte. */
  readonly flips: number;
  readonly tries: number;
  /** Handles have the file open when it is attacked. */
  readonly isOpen: boolean;
  /** Slices of every byte and every length, instead of the families. */
  readonly everyByte?: { readonly done: readonly number[]; readonly endMs: number } | undefined;
}

/** One family on one victim. */
export interface Job {
  readonly family: string;
  readonly victim: number;
  attacks(): Iterable<Attack>;
}

/** Every family on every victim that it is for. */
export function jobsOf(victims: readonly Victim[], plan: Plan): Job[] {
  if (plan.everyByte !== undefined) return slicesOf(victims, plan);
  return FAMILIES.flatMap((family, row) =>
    victims.flatMap((victim, column) => {
      if (family.forms !== "both" && (family.forms === "encrypted") !== victim.isEncrypted) return [];
      const attacks = (): Iterable<Attack> =>
        family.attacks(victim, { random: new SeededRandom(plan.seed + row * 1000 + column), flips: flipsFor(victim, plan), tries: plan.tries });
      return [{ family: family.name, victim: column, attacks }];
    }),
  );
}

/** Small files are tried at every byte if asked; a large one at as many places as a small one has bytes. */
function flipsFor(victim: Victim, { flips }: Plan): number {
  if (flips > 0) return flips;
  return victim.bytes.length < 1_000_000 ? Infinity : 40_000;
}
