/**
 * Cases 40-43 and 47-52: properties that some adapters have. The binding brings what is done; the number and the sentence are the suite's.
 *
 * @module
 */
import type { KeyStoreCase } from "../case.ts";

/** The cases of this file. */
export const OWN_CASES: readonly KeyStoreCase[] = [
  own(40, "backups leave the key out: the generated rules and the storage class say so", "the store has no backup rules of its own"),
  own(41, "every option maps to its exact native constant, and what the platform lacks is UNSUPPORTED_OPTION", "the store has no options of a platform (an unknown one is refused: case 31)"),
  own(42, "synchronizable: false sends no field at all", "the store cannot synchronize"),
  own(43, "a write that is lost in a crash before the flush is found out", "writes are on the disk when they return"),
  own(47, "a wrong passphrase and an altered file are told apart; a hostile file cannot ask for gigabytes", "no passphrase"),
  own(48, "files are for their owner alone, links are refused, a read-only folder is IO", "no files of its own"),
  own(49, "a key management service: wrong context, disabled, deleted, throttled, offline", "no key management service"),
  own(50, "PKCS#11: a wrong PIN is told and never tried twice", "no PKCS#11 token"),
  own(51, "TPM: wrong authorization, changed PCRs and another TPM are refused", "no TPM"),
  own(52, "web: a second tab, cleared site data, insecure contexts, blocked storage, no PRF", "no browser"),
];

function own(number: number, title: string, otherwise: string): KeyStoreCase {
  return {
    number,
    title,
    scope: "can",
    isAlone: true,
    inapplicable: (_home, { ownCases }) => (ownCases?.[number] === undefined ? otherwise : undefined),
    run: async (context) => context.binding.ownCases?.[number]?.(context),
  };
}
