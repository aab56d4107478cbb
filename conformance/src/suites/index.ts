/**
 * All suites, in the order in which they run and stand in the report.
 *
 * @module
 */
import type { Suite } from "../suite.ts";
import { acrossRuntimes } from "./across-runtimes.ts";
import { budget } from "./budget.ts";
import { copyAndRekey } from "./copy-and-rekey.ts";
import { crashAndReopen } from "./crash-and-reopen.ts";
import { durability } from "./durability.ts";
import { keyValidation } from "./key-validation.ts";
import { refusedKeys } from "./refused-keys.ts";
import { secrecy } from "./secrecy.ts";
import { severalProcesses } from "./several-processes.ts";
import { size } from "./size.ts";

/** Every suite. */
export const SUITES: readonly Suite[] = [
  keyValidation,
  refusedKeys,
  secrecy,
  copyAndRekey,
  severalProcesses,
  crashAndReopen,
  acrossRuntimes,
  durability,
  size,
  budget,
];
