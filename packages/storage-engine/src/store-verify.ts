/**
 * Verify from outside: any file, whole or damaged, open elsewhere or not, as far as it can be read. Changes nothing in it.
 *
 * @module
 */
import { SecretKey } from "@holdfast/core-cipher";
import type { Database } from "./database.ts";
import { asStoreError, StoreError, type StoreErrorCode } from "./errors.ts";
import { newestSlot, readSlots } from "./file-opening.ts";
import { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { runInSlices, type LongTaskOptions, type Steps } from "./sliced.ts";
import { surveyFile, type Survey } from "./survey.ts";
import { tolerantFile } from "./tolerant-file.ts";
import { UnitFile } from "./unit-file.ts";
import { verifyFile, type VerifyReport, type VerifySource } from "./verify.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

/** Which file to check. */
export interface VerifyOptions extends LongTaskOptions {
  readonly path: string;
  readonly volume?: Volume | undefined;
  readonly encryptionKey?: unknown;
}

/** What the check of a file that need not open found. */
export interface FileVerifyReport extends VerifyReport {
  /** False if opening the file as a store fails, with the code why. */
  readonly opens: boolean;
  readonly openErrorCode?: StoreErrorCode;
}

/** The codes of errors that mean damage; what else keeps a file from being opened, keeps it from being checked. */
const DAMAGE_CODES: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>(["HEADER_DAMAGED", "SLOT_DAMAGED", "LOG_DAMAGED", "PAGE_DAMAGED", "NOT_A_STORE"]);

/** True for an error that says that a file, or what is left of it, is damaged. */
export function isDamage(error: unknown): error is StoreError {
  return error instanceof StoreError && DAMAGE_CODES.has(error.code);
}

/** An open read-only handle, as much of it as a check needs. */
export interface OpenForVerify {
  readonly database: Database;
  /** Sees later commits. */
  refresh(): void;
  close(): void;
}

/** Checks a file that is opened read-only, or surveyed if it does not open. */
export async function verifyPath(options: VerifyOptions, platform: Platform, openReadOnly: () => OpenForVerify): Promise<FileVerifyReport> {
  let opened: OpenForVerify;
  try {
    opened = openReadOnly();
  } catch (error) {
    const isUnreadable = error instanceof StoreError && error.code === "IO_FAILED";
    if (!isDamage(error) && !isUnreadable) throw error;
    return verifyDamaged(options, platform, error.code);
  }
  try {
    const report = await runInSlices(verifyFile(sourceOf(opened)), options, () => platform.volume.now());
    return { ...report, opens: true };
  } finally {
    opened.close();
  }
}

/** The handle's own slot is pinned; the slots and the log are looked at as they are now. */
function sourceOf(opened: OpenForVerify): VerifySource {
  const { database } = opened;
  const { file, checked } = database.input;
  const { volume } = database.input;
  for (let attempt = 0; ; attempt++) {
    const slots = readSlots(file, checked);
    const isSlotWhole = [slots[0] !== undefined, slots[1] !== undefined] as const;
    const isSettled = newestSlot(slots)?.generation === database.base.generation && !isSlotWhole.includes(false);
    if (isSettled || attempt >= 5) return { units: database.units, log: database.log, isHeaderWhole: true, isSlotWhole, slot: database.base };
    // A slot that was being written when it was read looks torn; one that is newer wants to be pinned.
    volume.sleep(attempt);
    opened.refresh();
  }
}

async function verifyDamaged(options: VerifyOptions, platform: Platform, openErrorCode: StoreErrorCode): Promise<FileVerifyReport> {
  const key = options.encryptionKey === undefined ? undefined : SecretKey.from(options.encryptionKey);
  let file: StorageFile | undefined;
  let survey: Survey | undefined;
  try {
    file = tolerantFile(openFile(platform.volume, options.path));
    survey = surveyFile({ file, path: options.path, key, platform });
    const report = await runInSlices(verifySurvey(survey), options, () => platform.volume.now());
    return { ...report, opens: false, openErrorCode };
  } finally {
    survey?.seal.close();
    file?.close();
    key?.wipe();
  }
}

function verifySurvey(survey: Survey): Steps<VerifyReport> {
  const { file, seal, header, slots, isHeaderWhole, isSlotWhole } = survey;
  const units = new UnitFile(file, seal, header.fileId, 0);
  return verifyFile({ units, log: new Log(file, seal, header.fileId, header.logBytes), isHeaderWhole, isSlotWhole, slot: newestSlot(slots) });
}

/** Opens a file to be read. @throws {StoreError} `FILE_MISSING`. */
export function openFile(volume: Volume, path: string): StorageFile {
  try {
    return volume.open(path, "read");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") throw new StoreError("FILE_MISSING", `there is no database at '${path}'`, { cause: error });
    throw asStoreError(error, `opening '${path}'`);
  }
}
