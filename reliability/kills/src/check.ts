/**
 * What must hold after a round of kills, looked at from another process.
 *
 * @module
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Realm from "@holdfast/realm";
import { Store } from "@holdfast/storage-engine";
import { notesDifference, schemaOfVersion } from "./actors/migrator.ts";
import { commitsOf, contentDifference, LANE_COUNT, SCHEMA, SHAPES, type Shape } from "./content.ts";
import { configurationOf, keyAfter, keyOfCopy, pathOfCopy } from "./job.ts";
import type { Process } from "./processes.ts";
import type { FileState, Round } from "./session.ts";

/** Something that was promised does not hold. */
export class PromiseBroken extends Error {
  override readonly name = "PromiseBroken";
}

/** What a round showed. */
export interface Findings {
  /** Steps (commits, copies, changes of the key, ...) that had been acknowledged, and are there. */
  readonly survived: number;
  /** Steps that are there although the process was killed before it could say so. */
  readonly unreturned: number;
}

/** Checks the file against what the processes said, and brings the state up to date. @throws {PromiseBroken} */
export function checkAfterKills(state: FileState, round: Round, kind: { shape: Shape; isMigration: boolean }): Findings {
  checkProcesses(round);
  const isCreated = round.crew[0]?.job?.actor === "creator";
  claim(isCreated || (existsSync(state.path) && statSync(state.path).size > 0), "the file is gone");
  const found = kind.isMigration ? checkMigration(state, round) : checkCommits(state, round, kind.shape);
  checkClean(state);
  checkFolder(state);
  return found;
}

function claim(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new PromiseBroken(otherwise);
}

/** Nobody complained, and the survivors ended in good order. */
function checkProcesses({ crew, victims }: Round): void {
  for (const process of crew) {
    const name = `${process.job?.actor} of lane ${process.job?.lane}`;
    claim(process.complaints === "", `${name} complained: ${process.complaints.slice(0, 900)}`);
    if (!victims.has(process)) claim(process.exitCode === 0 && process.lines.includes("done"), `${name} was not killed and ended with ${process.exitCode}`);
  }
}

// ---- Commits, copies, keys -----------------------------------------------------------------------------------------

function checkCommits(state: FileState, round: Round, shape: Shape): Findings {
  const keys = checkKeys(state, round);
  const realm = openRealm(state);
  let [survived, unreturned] = [keys.survived, keys.unreturned];
  try {
    for (const lane of Array.from({ length: LANE_COUNT }, (_, index) => index)) {
      const process = round.crew[lane];
      const before = state.lanes[lane] as number;
      const acknowledged = process?.lastNumber("committed") ?? before;
      const found = commitsOf(realm, lane);
      claim(found >= acknowledged, `lane ${lane}: ${acknowledged} commits were acknowledged, ${found} are there`);
      const most = acknowledged + (process !== undefined && mayHaveOneMore(round, process) ? 1 : 0);
      claim(found <= most, `lane ${lane}: ${found} commits are there, and ${most} could have been made`);
      survived += acknowledged - before;
      unreturned += found - acknowledged;
      state.lanes[lane] = found;
    }
    const difference = contentDifference(realm, shape, state.lanes);
    claim(difference === undefined, `a commit is half there: ${difference}`);
    const copies = checkCopies(state, round, realm);
    return { survived: survived + copies.survived, unreturned: unreturned + copies.unreturned };
  } finally {
    realm.close();
  }
}

/** Only a process that was killed while it worked can have made a step that it did not live to report. */
function mayHaveOneMore({ victims, isAtRest }: Round, process: Process): boolean {
  return victims.has(process) && !isAtRest;
}

function openRealm(state: FileState): Realm {
  return new Realm(configurationOf(state.path, keyAfter(state.rekeys, state.isEncrypted), { schema: SCHEMA }));
}

/** Exactly one of the old and the new key opens the file, and the other one is refused as a key. */
function checkKeys(state: FileState, round: Round): Findings {
  const [process] = round.crew;
  if (process?.job?.actor !== "rekeyer") return { survived: 0, unreturned: 0 };
  const acknowledged = process.lastNumber("rekeyed") ?? state.rekeys;
  const candidates = [acknowledged, ...(mayHaveOneMore(round, process) ? [acknowledged + 1] : [])];
  const opening = candidates.filter((rekeys) => isOpenedBy(state, rekeys));
  claim(opening.length === 1, `${opening.length} of ${candidates.length} keys open the file`);
  const [found] = opening as [number];
  const survived = acknowledged - state.rekeys;
  state.rekeys = found;
  return { survived, unreturned: found - acknowledged };
}

function isOpenedBy(state: FileState, rekeys: number): boolean {
  try {
    new Realm(configurationOf(state.path, keyAfter(rekeys, state.isEncrypted), { schema: SCHEMA })).close();
    return true;
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    claim(["KEY_WRONG", "KEY_MISSING", "KEY_SUPERFLUOUS"].includes(code), `a key was refused with ${code}`);
    return false;
  }
}

/** Copies that were acknowledged are whole; the one under way is whole or not there, and can be made again. */
function checkCopies(state: FileState, round: Round, realm: Realm): Findings {
  const [process] = round.crew;
  if (process?.job?.actor !== "copier") return { survived: 0, unreturned: 0 };
  const begun = process.said("copying").map((text) => text.split(" ").map(Number));
  const acknowledged = process.lastNumber("copied") ?? state.copies - 1;
  let unreturned = 0;
  for (const [copy = 0, ...lanes] of begun) {
    const path = pathOfCopy(state.path, copy);
    if (copy > acknowledged && existsSync(path)) unreturned += 1;
    if (copy <= acknowledged || existsSync(path)) checkCopy(path, keyOfCopy(copy), lanes);
    else remakeCopy(path, keyOfCopy(copy), { realm, lanes: state.lanes });
    rmSync(path);
  }
  const survived = acknowledged - state.copies + 1;
  state.copies = (begun.at(-1)?.[0] ?? acknowledged) + 1;
  return { survived, unreturned };
}

/** Where the killed copy left its beginning, an application tries again. */
function remakeCopy(path: string, key: readonly number[] | undefined, source: { realm: Realm; lanes: readonly number[] }): void {
  source.realm.writeCopyTo(configurationOf(path, key, {}));
  checkCopy(path, key, source.lanes);
}

function checkCopy(path: string, key: readonly number[] | undefined, lanes: readonly number[]): void {
  claim(existsSync(path), `${basename(path)} was acknowledged and is not there`);
  const realm = new Realm(configurationOf(path, key, { schema: SCHEMA }));
  try {
    const difference = contentDifference(realm, SHAPES.small, lanes);
    claim(difference === undefined, `${basename(path)} is not what was copied: ${difference}`);
  } finally {
    realm.close();
  }
}

// ---- Migrations ----------------------------------------------------------------------------------------------------

/** All objects are those of one version: the acknowledged one, or the one after it. */
function checkMigration(state: FileState, round: Round): Findings {
  const process = round.crew[0] as Process;
  const key = keyAfter(0, state.isEncrypted);
  const acknowledged = process.lastNumber("migrated") ?? state.schemaVersion;
  const found = Realm.schemaVersion(state.path, key === undefined ? undefined : Uint8Array.from(key));
  claim(found >= acknowledged, `version ${acknowledged} was acknowledged, the file says ${found}`);
  claim(found <= acknowledged + (mayHaveOneMore(round, process) ? 1 : 0), `the file says version ${found}, and ${acknowledged} was acknowledged`);
  const realm = new Realm(configurationOf(state.path, key, { schema: schemaOfVersion(found), schemaVersion: found }));
  try {
    const difference = notesDifference(realm, found);
    claim(difference === undefined, `a migration is half there: ${difference}`);
  } finally {
    realm.close();
  }
  const survived = acknowledged - state.schemaVersion;
  state.schemaVersion = found;
  return { survived, unreturned: found - acknowledged };
}

// ---- The file and what is beside it ----------------------------------------------------------------------------------

function checkClean(state: FileState): void {
  const encryptionKey = keyAfter(state.rekeys, state.isEncrypted);
  const store = Store.open({ path: state.path, create: false, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
  try {
    const report = store.verify();
    claim(report.isClean, `verify finds: ${report.problems.map((problem) => JSON.stringify(problem)).join("; ")}`);
  } finally {
    store.close();
  }
}

/** After the next open and close nothing is left but the file itself. */
function checkFolder(state: FileState): void {
  const folder = dirname(state.path);
  const left = readdirSync(folder).filter((name) => join(folder, name) !== state.path);
  claim(left.length === 0, `left beside the file: ${left.join(", ")}`);
}
