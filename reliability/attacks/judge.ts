/**
 * The judgement on an attacked file: open, read everything, verify, write one commit, open again, read again.
 *
 * @module
 */
import { StoreError } from "@holdfast/storage-engine";
import type { MemoryVolume, StorageFile } from "@holdfast/storage-engine/simulation";
import { contentHash, JUDGE_TREE } from "./content.ts";
import type { Attack } from "./families/attack.ts";
import { openVictim, PATH, volumeWith, type Victim } from "./victims.ts";

/**
 * `found`: an error with a code, or verify's report. `unread`: the content is right and nothing that was changed is ever read.
 * `redundant`: the content is right, also after a commit and another open, and verify is content: what was changed stands
 * elsewhere as well, or says nothing any more. `cut`: the log of a file that was not closed, shorter at its end. Each of the
 * others is a failure.
 */
export type Verdict = "found" | "unread" | "redundant" | "cut" | "WRONG DATA" | "UNEXPECTED ERROR" | "CHANGED BY A FAILED OPEN" | "MEMORY";

export interface Outcome {
  readonly verdict: Verdict;
  /** The code, or what went wrong. */
  readonly detail: string;
}

/** Codes that refuse a file: it is damaged, or not what it is opened as. */
export const REFUSALS: ReadonlySet<string> = new Set([
  "HEADER_DAMAGED", "SLOT_DAMAGED", "LOG_DAMAGED", "PAGE_DAMAGED", "NOT_A_STORE", "FORMAT_UNSUPPORTED",
  "KEY_WRONG", "KEY_MISSING", "KEY_SUPERFLUOUS", "FILE_MISSING",
]);
/** Memory that one judgement may take beside what the process had at its most. */
export const MEMORY_BYTES: number = 192 * 1024 * 1024;

/** Applies the attack to a copy of the victim and says what became of it. */
export function judge(victim: Victim, pristine: MemoryVolume, attack: Attack, isRead: Uint8Array): Outcome {
  const before = process.resourceUsage().maxRSS;
  const volume = pristine.fork();
  const file = volume.open(PATH, "write");
  for (const edit of attack.edits) file.write(edit.offset, edit.bytes);
  if (attack.sizeBytes !== undefined) file.truncate(attack.sizeBytes);
  file.close();
  const outcome = use(victim, volume, attack, isRead);
  const grownBytes = (process.resourceUsage().maxRSS - before) * 1024;
  return grownBytes > MEMORY_BYTES ? { verdict: "MEMORY", detail: `${Math.round(grownBytes / 1024 / 1024)} MiB more` } : outcome;
}

function use(victim: Victim, volume: MemoryVolume, attack: Attack, isRead: Uint8Array): Outcome {
  const untouched = volume.fork();
  let isOpen = false;
  try {
    const store = openVictim(volume, victim.isEncrypted);
    isOpen = true;
    let hash: string;
    try {
      hash = contentHash(store);
      const wrong = attack.isCrafted ? undefined : wrongContent(victim, attack, hash, store.commit);
      if (wrong !== undefined) return wrong;
      const problem = store.verify().problems[0];
      if (problem !== undefined) return REFUSALS.has(problem.code) ? { verdict: "found", detail: `verify: ${problem.code}` } : { verdict: "UNEXPECTED ERROR", detail: problem.code };
      const transaction = store.beginWrite();
      transaction.tree(JUDGE_TREE).put(Uint8Array.of(1), Uint8Array.of(2, 3));
      transaction.commit();
    } finally {
      store.close();
    }
    const again = openVictim(volume, victim.isEncrypted);
    try {
      const isKept = attack.isCrafted === true || contentHash(again) === hash && again.snapshot().tree(JUDGE_TREE)?.count === 1;
      if (!isKept) return { verdict: "WRONG DATA", detail: "after a commit and another open" };
      const later = again.verify().problems[0];
      if (later !== undefined && attack.isCrafted !== true) return { verdict: "WRONG DATA", detail: `verify after a commit: ${later.code} ${later.message}` };
    } finally {
      again.close();
    }
    if (hash !== victim.hash) return { verdict: attack.isCrafted ? "redundant" : "cut", detail: "" };
    return { verdict: touchesRead(attack, victim, isRead) ? "redundant" : "unread", detail: "" };
  } catch (error) {
    if (!(error instanceof StoreError) || (!REFUSALS.has(error.code) && attack.isCrafted !== true)) return { verdict: "UNEXPECTED ERROR", detail: describe(error) };
    if (!isOpen && !isSame(untouched, volume)) return { verdict: "CHANGED BY A FAILED OPEN", detail: error.code };
    return { verdict: "found", detail: error.code };
  }
}

/** Undefined if the content is all there, or is what a crash could have left of a log that was cut at its end. */
function wrongContent(victim: Victim, attack: Attack, hash: string, commit: number): Outcome | undefined {
  if (hash === victim.hash) return undefined;
  const floor = attack.mayLoseSlot === true ? Math.min(...victim.slotCommits) : Math.max(...victim.slotCommits);
  const isPrefix = !victim.isClosed && victim.commits.some((each) => each.hash === hash && each.commit === commit && each.commit >= floor);
  return isPrefix ? undefined : { verdict: "WRONG DATA", detail: `commit ${commit}` };
}

/** True if the attack changes a byte that the judgement reads, or takes it away. */
export function touchesRead(attack: Attack, victim: Victim, isRead: Uint8Array): boolean {
  if (attack.sizeBytes !== undefined && attack.sizeBytes < victim.bytes.length && isRead.subarray(attack.sizeBytes).includes(1)) return true;
  return attack.edits.some(({ offset, bytes }) => isRead.subarray(offset, offset + bytes.length).includes(1));
}

function isSame(before: MemoryVolume, after: MemoryVolume): boolean {
  const one = before.readFile(PATH);
  const two = after.readFile(PATH);
  return one.length === two.length && one.every((byte, index) => byte === two[index]);
}

/** An error in words, with where it came from. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  return `${error.name}${typeof code === "string" ? ` ${code}` : ""}: ${error.message}\n${error.stack?.split("\n").slice(1, 4).join("\n") ?? ""}`;
}

/** Which bytes of the untouched victim the judgement reads: 1 for each. What is 0 can have no effect. */
export function readMap(victim: Victim): Uint8Array {
  const isRead = new Uint8Array(victim.bytes.length);
  const volume = volumeWith(victim.bytes);
  const open = volume.open.bind(volume);
  volume.open = (path, mode) => {
    const file = open(path, mode);
    return path === PATH ? observed(file, isRead) : file;
  };
  const store = openVictim(volume, victim.isEncrypted);
  if (contentHash(store) !== victim.hash || !store.verify().isClean) throw new Error(`the victim "${victim.name}" is not what it should be`);
  const transaction = store.beginWrite();
  transaction.tree(JUDGE_TREE).put(Uint8Array.of(1), Uint8Array.of(2, 3));
  transaction.commit();
  store.close();
  return isRead;
}

function observed(file: StorageFile, isRead: Uint8Array): StorageFile {
  const read = file.read.bind(file);
  const write = file.write.bind(file);
  const written = new Set<number>();
  file.write = (offset, source) => {
    for (let page = Math.floor(offset / 64); page * 64 < offset + source.length; page++) written.add(page);
    write(offset, source);
  };
  file.read = (offset, target) => {
    const count = read(offset, target);
    // What it has written itself does not depend on what stood there.
    for (let at = offset; at < offset + count && at < isRead.length; at++) if (!written.has(Math.floor(at / 64))) isRead[at] = 1;
    return count;
  };
  return file;
}
