/**
 * Salvage from outside: a damaged file in, a new file and a report out. The source is read, never written.
 *
 * @module
 */
import { SecretKey } from "@holdfast/core-cipher";
import { asStoreError, StoreError } from "./errors.ts";
import { NewStore } from "./new-store.ts";
import type { Platform } from "./platform.ts";
import { isSameState, Salvage, type SalvageReport } from "./salvage.ts";
import { runInSlices, type LongTaskOptions, type Steps } from "./sliced.ts";
import { openFile } from "./store-verify.ts";
import { surveyFile, type Survey } from "./survey.ts";
import { tolerantFile } from "./tolerant-file.ts";
import type { WriteTransaction } from "./transaction.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

export interface SalvageOptions extends LongTaskOptions {
  /** The damaged file. */
  readonly from: string;
  readonly encryptionKey?: unknown;
  /** 16 bytes, for a file whose header and slots are gone: those that a backup names as its origin, say. */
  readonly fileId?: Uint8Array | undefined;
  /** The file that is made. It must not exist. */
  readonly path: string;
  /** Key of the new file; that of the damaged one unless said otherwise. */
  readonly newEncryptionKey?: unknown;
  readonly volume?: Volume | undefined;
  /** Puts right what was brought out before it is committed; what it throws ends the salvage. For layers with an order of their own. */
  readonly repair?: ((transaction: WriteTransaction, report: SalvageReport) => Steps<void>) | undefined;
}

/** Indexes are written in the order of their objects, which is not that of their keys. */
const SALVAGE_MEMORY_BYTES: number = 32 * 1024 * 1024;

export async function salvagePath(options: SalvageOptions, platform: Platform): Promise<SalvageReport> {
  const { from, path, fileId, encryptionKey, newEncryptionKey = encryptionKey } = options;
  if (fileId !== undefined && fileId.length !== 16) throw Object.assign(new RangeError(`expected a file id of 16 bytes, got ${fileId.length}`), { code: "ARGUMENT_INVALID" });
  const key = encryptionKey === undefined ? undefined : SecretKey.from(encryptionKey);
  const newKey = newEncryptionKey === undefined ? undefined : SecretKey.from(newEncryptionKey);
  let file: StorageFile | undefined;
  let survey: Survey | undefined;
  try {
    file = tolerantFile(openFile(platform.volume, from));
    const input = { file, path: from, key, platform, fileId };
    survey = surveyFile(input);
    const store = NewStore.begin({ path, key: newKey, platform }, { isNew: true, dirtyBytes: SALVAGE_MEMORY_BYTES });
    const look = (): Survey["slots"] => {
      const again = surveyFile(input);
      again.seal.close();
      return again.slots;
    };
    return await runInSlices(salvageSteps(survey, store, { look, repair: options.repair, from }), options, () => platform.volume.now());
  } finally {
    survey?.seal.close();
    file?.close();
    key?.wipe();
    newKey?.wipe();
  }
}

function* salvageSteps(survey: Survey, store: NewStore, how: { look: () => Survey["slots"]; repair: SalvageOptions["repair"]; from: string }): Steps<SalvageReport> {
  let isPlacing = false;
  try {
    const report = yield* new Salvage(survey, store).run();
    if (!isSameState(survey.slots, how.look())) throw new StoreError("STORE_IN_USE", `'${how.from}' was written during the salvage: close it everywhere first`);
    if (report.state === "nothing") {
      store.drop();
      isPlacing = true;
      return report;
    }
    if (how.repair !== undefined) yield* how.repair(store.transaction, report);
    store.finish();
    isPlacing = true;
    store.place();
    return report;
  } catch (error) {
    if (!isPlacing) store.drop();
    throw (error as { name?: unknown }).name === "VolumeError" ? asStoreError(error, "salvaging") : error;
  }
}
