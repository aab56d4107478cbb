/**
 * Stores with an anchor, and their copies at every moment.
 *
 * @module
 */
import { MemoryAnchor } from "../../src/freshness-anchors.ts";
import type { FreshnessOptions } from "../../src/freshness.ts";
import { decodeAnchor } from "../../src/freshness-state.ts";
import type { AnchorState } from "../../src/freshness-state.ts";
import { MemoryVolume } from "../../src/simulation.ts";
import type { Store, StoreOptions } from "../../src/store.ts";
import { commitChanges, openStore, PATH, readContent } from "../simulation/support.ts";
import type { Change, Content } from "../simulation/support.ts";

/** A copy of file and anchor at one moment. */
export interface Moment {
  readonly bytes: Uint8Array;
  readonly content: Content;
  readonly anchor: string;
  readonly what: string;
}

export function newVolume(bytes?: Uint8Array): MemoryVolume {
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  if (bytes !== undefined) volume.writeFile(PATH, bytes);
  return volume;
}

/** A change of one key. */
export function put(index: number, length = 300): Change {
  return { kind: "put", tree: "one", key: `k${String(index % 23).padStart(3, "0")}`, value: new Uint8Array(length).fill(index) };
}

export function stateOf(anchor: { read(): string | undefined }): AnchorState {
  const text = anchor.read();
  if (text === undefined) throw new Error("there is no anchor");
  return decodeAnchor(text);
}

/** A life of a file with copies after every step: commits, a transaction too large for the log, closes. */
export function lifeOf(options: { readonly key: Partial<StoreOptions>; readonly every: FreshnessOptions["every"] }): Moment[] {
  const volume = newVolume();
  const anchor = new MemoryAnchor();
  const open = (): Store => openStore(volume, { ...options.key, freshness: { anchor, every: options.every } });
  const moments: Moment[] = [];
  let store = open();
  let content: Content = new Map();
  const note = (what: string): void => {
    moments.push({ bytes: volume.readFile(PATH), content, anchor: anchor.read() ?? "", what });
  };
  const commit = (changes: readonly Change[], what: string): void => {
    commitChanges(store, changes);
    content = readContent(store);
    note(what);
  };
  note("created");
  for (let round = 0; round < 4; round += 1) {
    for (let index = 0; index < 9; index += 1) commit([put(round * 10 + index, 1500)], `commit ${round}.${index}`);
    if (round === 2) commit(Array.from({ length: 30 }, (_, index) => ({ kind: "put", tree: "large", key: `k${index}`, value: new Uint8Array(2500).fill(index) })), "a large transaction");
    if (round % 2 === 0) {
      store.close();
      note(`closed ${round}`);
      store = open();
    }
  }
  store.close();
  note("closed");
  return moments;
}
