/**
 * The first of several stores that this machine has. The application lists them; nothing is chosen that it did not list.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import type { KeyStore } from "@holdfast/key-store";

/** The store that was chosen, and why those before it were not. */
export interface ChosenStore {
  readonly store: KeyStore;
  /** One sentence for each store that was passed over, in order. */
  readonly passedOver: readonly string[];
}

/**
 * Opens the stores in their order until one is there.
 *
 * Only `STORE_UNAVAILABLE` leads to the next one. A store that is there and locked, damaged or refusing ends the choice: going on would
 * look for the key where it is not.
 */
export async function chooseStore(candidates: readonly (() => Promise<KeyStore>)[]): Promise<ChosenStore> {
  const passedOver: string[] = [];
  for (const open of candidates) {
    try {
      return { store: await open(), passedOver };
    } catch (error) {
      if ((error as Partial<KeyStoreError>).code !== "STORE_UNAVAILABLE") throw error;
      passedOver.push((error as Error).message);
    }
  }
  throw new KeyStoreError("STORE_UNAVAILABLE", `none of the ${candidates.length} stores is there: ${passedOver.join("; ")}`);
}
