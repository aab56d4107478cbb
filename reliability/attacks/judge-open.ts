/**
 * The judgement on a file that is attacked while handles have it open: a reader with a snapshot and what it has cached, a reader without
 * a cache, and a writer. Each goes on, a new handle comes, all close, and the file is opened once more.
 *
 * What a handle has shown stays what it shows, or there is an error with a code. Never other data.
 *
 * @module
 */
import { StoreError, type Snapshot, type Store } from "@holdfast/storage-engine";
import type { MemoryVolume } from "@holdfast/storage-engine/simulation";
import { contentHash, hashOf, JUDGE_TREE } from "./content.ts";
import type { Attack } from "./families/attack.ts";
import { REFUSALS, touchesRead, describe as describeError, MEMORY_BYTES, type Outcome } from "./judge.ts";
import { openVictim, PATH, type Victim } from "./victims.ts";

/** What a handle may say beside that the file is damaged: it writes no more, or the other one holds the lock. */
const ALSO = new Set(["COMMIT_UNKNOWN", "STORE_LOCKED", "IO_FAILED"]);
/** A cache that holds one page: nearly everything is read from the file. */
const SMALL_CACHE_BYTES = 8192;

/** What is wrong; thrown to get out. */
class Wrong extends Error {
  readonly outcome: Outcome;
  constructor(outcome: Outcome) {
    super(outcome.detail);
    this.outcome = outcome;
  }
}

/** Applies the attack under open handles and says what became of them. */
export function judgeOpen(victim: Victim, pristine: MemoryVolume, attack: Attack, isRead: Uint8Array): Outcome {
  const before = process.resourceUsage().maxRSS;
  const outcome = new Trial(victim, pristine.fork(), attack).run(touchesRead(attack, victim, isRead));
  const grownBytes = (process.resourceUsage().maxRSS - before) * 1024;
  return grownBytes > MEMORY_BYTES ? { verdict: "MEMORY", detail: `${Math.round(grownBytes / 1024 / 1024)} MiB more` } : outcome;
}

class Trial {
  readonly #victim: Victim;
  readonly #volume: MemoryVolume;
  readonly #attack: Attack;
  #code: string | undefined;

  constructor(victim: Victim, volume: MemoryVolume, attack: Attack) {
    this.#victim = victim;
    this.#volume = volume;
    this.#attack = attack;
  }

  run(mayMatter: boolean): Outcome {
    const { isEncrypted } = this.#victim;
    const reader = openVictim(this.#volume, isEncrypted, { readOnly: true });
    const uncached = openVictim(this.#volume, isEncrypted, { cacheBytes: SMALL_CACHE_BYTES });
    const writer = openVictim(this.#volume, isEncrypted);
    const held = [reader.snapshot(), uncached.snapshot()];
    try {
      // From here on the reader has everything in its cache.
      if (hashOf(held[0] as Snapshot) !== this.#victim.hash) throw new Error("the victim is not what it should be");
      this.#strike();
      for (const snapshot of held) this.#try("a snapshot", () => this.#expectSame(hashOf(snapshot), "a snapshot"));
      for (const store of [reader, uncached]) this.#look(store);
      const hasWritten = this.#write(writer) !== undefined;
      for (const store of [reader, uncached, writer]) this.#look(store);
      this.#newcomer();
      this.#try("verify", () => void reader.verify());
      for (const snapshot of held) {
        this.#try("a snapshot", () => this.#expectSame(hashOf(snapshot), "a snapshot after a commit"));
        snapshot.close();
      }
      for (const store of [writer, uncached, reader]) this.#try("close", () => store.close());
      this.#openAgain(hasWritten);
      if (this.#code !== undefined) return { verdict: "found", detail: this.#code };
      return { verdict: mayMatter ? "redundant" : "unread", detail: "" };
    } catch (error) {
      if (error instanceof Wrong) return error.outcome;
      return { verdict: "UNEXPECTED ERROR", detail: describeError(error) };
    } finally {
      for (const store of [writer, uncached, reader]) closeAnyhow(store);
    }
  }

  #strike(): void {
    const file = this.#volume.open(PATH, "write");
    for (const edit of this.#attack.edits) file.write(edit.offset, edit.bytes);
    if (this.#attack.sizeBytes !== undefined) file.truncate(this.#attack.sizeBytes);
    file.close();
  }

  /** Runs a step; an error with a code that names damage counts as found. */
  #try<T>(doing: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (error instanceof Wrong) throw error;
      if (!(error instanceof StoreError)) throw new Wrong({ verdict: "UNEXPECTED ERROR", detail: `${doing}: ${describeError(error)}` });
      if (!REFUSALS.has(error.code) && !ALSO.has(error.code) && this.#attack.isCrafted !== true) throw new Wrong({ verdict: "UNEXPECTED ERROR", detail: `${doing}: ${describeError(error)}` });
      if (!ALSO.has(error.code)) this.#code ??= error.code;
      return undefined;
    }
  }

  #expectSame(hash: string, what: string): void {
    if (hash !== this.#victim.hash && this.#attack.isCrafted !== true) throw new Wrong({ verdict: "WRONG DATA", detail: `${what} shows other data` });
  }

  #look(store: Store): void {
    this.#try("a refresh", () => store.refresh());
    this.#try("a read", () => this.#expectSame(contentHash(store), "a handle"));
  }

  #write(store: Store): number | undefined {
    return this.#try("a commit", () => {
      const transaction = store.beginWrite();
      try {
        transaction.tree(JUDGE_TREE).put(Uint8Array.of(1), Uint8Array.of(2, 3));
        return transaction.commit();
      } finally {
        transaction.abort();
      }
    });
  }

  #newcomer(): void {
    const store = this.#try("an open", () => openVictim(this.#volume, this.#victim.isEncrypted));
    if (store === undefined) return;
    try {
      this.#try("a read", () => this.#expectSame(contentHash(store), "a handle that came later"));
    } finally {
      this.#try("close", () => store.close());
    }
  }

  /** With no handle left, the log of a file that was not closed may be shorter at its end: but not without what was committed since. */
  #openAgain(hasWritten: boolean): void {
    const store = this.#try("an open", () => openVictim(this.#volume, this.#victim.isEncrypted));
    if (store === undefined) return;
    try {
      this.#try("a read", () => {
        const { victim, hash } = { victim: this.#victim, hash: contentHash(store) };
        const isCut = !hasWritten && this.#code !== undefined && victim.commits.some((each) => each.hash === hash);
        if (!isCut) this.#expectSame(hash, "the file, opened again,");
        const isThere = store.snapshot().tree(JUDGE_TREE)?.count === 1;
        if (hasWritten && !isThere && this.#attack.isCrafted !== true) throw new Wrong({ verdict: "WRONG DATA", detail: "an acknowledged commit is gone" });
      });
    } finally {
      this.#try("close", () => store.close());
    }
  }
}

function closeAnyhow(store: Store): void {
  try {
    store.close();
  } catch {
    // It has been tried before, and what it said has been counted.
  }
}
