/**
 * Verify from outside: any file, whole or damaged, open elsewhere or not, as far as it can be read. Changes nothing in it. And verify of
 * a handle, under the writer's lock or without.
 *
 * @module
 */
import { SecretKey } from "@holdfast/core-cipher";
import type { Database } from "./database.ts";
import { asStoreError, StoreError, type StoreErrorCode } from "./errors.ts";
import { refuseNoFile } from "./file-creation.ts";
import { newestSlot, readSlots } from "./file-opening.ts";
import { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { runAtOnce, runInSlices, type LongTaskOptions, type Steps } from "./sliced.ts";
import { surveyFile, type Survey } from "./survey.ts";
import { tolerantFile } from "./tolerant-file.ts";
import { UnitFile } from "./unit-file.ts";
import { verifyFile, type VerifyProblem, type VerifyReport, type VerifySource } from "./verify.ts";
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

/** While others write, the log is looked at this often before what is wrong with it is believed. */
const MOST_ATTEMPTS = 8;

/** An open read-only handle, as much of it as a check needs. */
export interface OpenForVerify {
  readonly database: Database;
  close(): void;
}

/** Checks the file of a handle that holds the writer's lock. */
export function verifyWriter(database: Database): VerifyReport {
  const problem = tryTo(() => database.catchUp());
  database.abandonCheckpoint();
  const report = runAtOnce(verifyFile(sourceNow(database)));
  return problem === undefined ? report : { ...report, isClean: false, problems: [problem, ...report.problems] };
}

/** Checks the file of a handle that only reads, while others write. */
export function verifyReader(database: Database): VerifyReport {
  return runAtOnce(readerSteps(database));
}

/**
 * The handle's own slot is pinned, so its pages stand still. The log behind it does so only until the next slot but one, and a slot that is
 * being written looks torn: what is found then counts only if no newer slot has come.
 */
function* readerSteps(database: Database): Steps<VerifyReport> {
  for (let attempt = 1; ; attempt++) {
    const problem = tryTo(() => settle(database));
    const { generation } = database.base;
    const report = yield* verifyFile(sourceNow(database));
    if (problem !== undefined) return { ...report, isClean: false, problems: [problem, ...report.problems] };
    const { file, checked } = database.input;
    if (report.isClean || attempt === MOST_ATTEMPTS || newestSlot(readSlots(file, checked))?.generation === generation) return report;
  }
}

/** Pins the newest slot; one that was being written when it was read looks torn. */
function settle(database: Database): void {
  for (let attempt = 0; ; attempt++) {
    database.refresh();
    const { file, checked, volume } = database.input;
    const slots = readSlots(file, checked);
    const isSettled = newestSlot(slots)?.generation === database.base.generation && !slots.includes(undefined);
    if (isSettled || attempt >= 5) return;
    volume.sleep(attempt);
  }
}

function sourceNow({ input: { file, checked }, units, log, base }: Database): VerifySource {
  const [even, odd] = readSlots(file, checked);
  return { units, log, isHeaderWhole: true, isSlotWhole: [even !== undefined, odd !== undefined], slot: base };
}

function tryTo(action: () => void): VerifyProblem | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { code: error.code, message: error.message, unit: error.code === "PAGE_DAMAGED" ? "page" : "record" };
  }
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
    const report = await runInSlices(readerSteps(opened.database), options, () => platform.volume.now());
    return { ...report, opens: true };
  } finally {
    opened.close();
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

/** Opens a file to be read. @throws {StoreError} `FILE_MISSING`, `NOT_A_FILE`. */
export function openFile(volume: Volume, path: string): StorageFile {
  refuseNoFile(volume, path);
  try {
    return volume.open(path, "read");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") throw new StoreError("FILE_MISSING", `there is no database at '${path}'`, { cause: error });
    throw asStoreError(error, `opening '${path}'`);
  }
}
