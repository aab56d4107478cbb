/**
 * All cases, by number. Case 54 tests the suite itself and stands in `../self-test.ts`.
 *
 * @module
 */
import type { KeyStoreCase } from "../case.ts";
import { FAULT_CASES } from "./faults.ts";
import { NAME_CASES } from "./names.ts";
import { OWN_CASES } from "./own.ts";
import { RULE_CASES } from "./rules.ts";
import { SECRECY_CASES } from "./secrecy.ts";
import { SHARING_CASES } from "./sharing.ts";
import { VALUE_CASES } from "./values.ts";

/** Cases 1 to 53. */
export const PLAIN_CASES: readonly KeyStoreCase[] = [...VALUE_CASES, ...NAME_CASES, ...SHARING_CASES, ...RULE_CASES, ...FAULT_CASES, ...SECRECY_CASES, ...OWN_CASES].toSorted((left, right) => left.number - right.number);
