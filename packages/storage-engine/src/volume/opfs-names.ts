/**
 * The record that says in which of two files a database is: docs/format/opfs.md.
 *
 * Two slots, written in turn, so that a torn write leaves the other one. Each: magic u32 | number u64 | state u32 | CRC-32 of the bytes before it.
 *
 * @module
 */
import { readU32, readU64, writeU32, writeU64 } from "../bytes.ts";
import { portableCrc32 } from "../plain-seal.ts";
import type { SyncAccessHandle } from "./opfs-api.ts";
import { call } from "./opfs-errors.ts";
import { VolumeError } from "./volume.ts";

/** `main`: the file under the database's own name. `spare`: the other one, unless it is empty or missing. */
export type NamesState = "main" | "spare";

const MAGIC = 0x4e464c48;
const SLOT_BYTES = 20;
/** Far enough apart that no sector holds both. */
const SLOT_DISTANCE = 4096;
const STATES: readonly NamesState[] = ["main", "spare"];

/** The record, open. */
export class NamesRecord {
  readonly #handle: SyncAccessHandle;
  #number: number;
  #state: NamesState;

  /** Reads the newest slot that is whole; without one the state is `main`. */
  constructor(handle: SyncAccessHandle) {
    this.#handle = handle;
    const slots = [0, 1].map((index) => readSlot(handle, index * SLOT_DISTANCE)).filter((slot) => slot !== undefined);
    const newest = slots.toSorted((left, right) => right.number - left.number)[0];
    this.#number = newest?.number ?? 0;
    this.#state = newest?.state ?? "main";
  }

  get state(): NamesState {
    return this.#state;
  }

  /** Durable when it returns. */
  write(state: NamesState): void {
    const number = this.#number + 1;
    const bytes = new Uint8Array(SLOT_BYTES);
    writeU32(bytes, 0, MAGIC);
    writeU64(bytes, 4, number);
    writeU32(bytes, 12, STATES.indexOf(state));
    writeU32(bytes, 16, portableCrc32(bytes.subarray(0, 16)));
    call("write the names record", () => {
      const count = this.#handle.write(bytes, { at: (number % 2) * SLOT_DISTANCE });
      if (count !== bytes.length) throw new VolumeError("EIO", `write the names record: ${count} of ${bytes.length} bytes`);
      this.#handle.flush();
    });
    this.#number = number;
    this.#state = state;
  }

  close(): void {
    this.#handle.close();
  }
}

function readSlot(handle: SyncAccessHandle, at: number): { number: number; state: NamesState } | undefined {
  const bytes = new Uint8Array(SLOT_BYTES);
  if (call("read the names record", () => handle.read(bytes, { at })) !== SLOT_BYTES) return undefined;
  if (readU32(bytes, 0) !== MAGIC || readU32(bytes, 16) !== portableCrc32(bytes.subarray(0, 16))) return undefined;
  const state = STATES[readU32(bytes, 12)];
  const number = readU64(bytes, 4);
  return state === undefined || !Number.isSafeInteger(number) ? undefined : { number, state };
}
