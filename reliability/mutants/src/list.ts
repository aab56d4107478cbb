/**
 * All deliberate faults.
 *
 * @module
 */
import { DURABILITY_FAULTS } from "./durability-faults.ts";
import { FOLDING_FAULTS } from "./folding-faults.ts";
import { FORGERY_FAULTS } from "./forgery-faults.ts";
import { FRESHNESS_FAULTS } from "./freshness-faults.ts";
import { MERGE_FAULTS } from "./merge-faults.ts";
import type { Mutant } from "./mutant.ts";
import { SESSION_FAULTS } from "./session-faults.ts";
import { SHARING_FAULTS } from "./sharing-faults.ts";

export const MUTANTS: readonly Mutant[] = [...DURABILITY_FAULTS, ...FORGERY_FAULTS, ...SHARING_FAULTS, ...FRESHNESS_FAULTS, ...MERGE_FAULTS, ...FOLDING_FAULTS, ...SESSION_FAULTS];
