/**
 * What the parent tells a process to do, and what an actor, the program of a process, is handed.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import type { ShapeName } from "./content.ts";

/** The programs. */
export type ActorName = "writer" | "reader" | "copier" | "rekeyer" | "compacter" | "cycler" | "migrator" | "creator";

/** One process's task, as one line of JSON. */
export interface Job {
  readonly actor: ActorName;
  readonly path: string;
  /** 64 numbers; absent for plain. */
  readonly key?: readonly number[];
  readonly shape: ShapeName;
  readonly lane: number;
  /** The process stands still right after so many acknowledgements, with nothing under way. */
  readonly restAfter?: number;
  /** Where a numbered actor goes on: the key's, the copy's or the schema's number. */
  readonly number: number;
  readonly isEncrypted: boolean;
  readonly seed: number;
}

/** What an actor works with. */
export interface ActorContext {
  readonly job: Job;
  readonly Realm: typeof Realm;
  readonly configuration: Realm.Configuration;
  /** True once the parent has asked to end. */
  readonly isStopped: boolean;
  /** Tells the parent that something has returned; it is in the parent's hands when this returns. */
  ack(what: string): void;
  /** Tells the parent something that is no acknowledgement. */
  say(line: string): void;
  /**
   * Does something that waits for a lock, again and again where others kept it for too long: with many at work on a busy machine
   * that is no fault. One that is blocked for good makes no step, and the parent sees that.
   */
  patiently<Result>(action: () => Result): Promise<Result>;
  /** Lets the event loop run, and other processes have the lock. */
  breathe(ms?: number): Promise<void>;
  /** Waits for the parent's word that all processes of the round are ready. */
  start(): Promise<void>;
}

/** One program; the process ends in good order when its promise resolves. */
export type Actor = (context: ActorContext) => Promise<void>;

const KEY_BYTES = 64;

/** The key of a number: for tests, never for users. */
export function keyOfNumber(number: number): number[] {
  return Array.from({ length: KEY_BYTES }, (_, index) => (number * 37 + index * 11 + 5) % 256);
}

/** The key that a file has after so many re-keys: a file that began plain is plain every other time. */
export function keyAfter(rekeys: number, isEncrypted: boolean): number[] | undefined {
  return isEncrypted || rekeys % 2 === 1 ? keyOfNumber(rekeys) : undefined;
}

/** The key of the copy of a number; every other copy is plain. */
export function keyOfCopy(copy: number): number[] | undefined {
  return copy % 2 === 1 ? keyOfNumber(1000 + copy) : undefined;
}

/** Where the copy of a number goes. */
export function pathOfCopy(path: string, copy: number): string {
  return `${path}.copy-${copy}`;
}

/** A configuration without a field for a key that is absent, as an application would write it. */
export function configurationOf(path: string, key: readonly number[] | undefined, more: Realm.Configuration): Realm.Configuration {
  return { ...more, path, ...(key === undefined ? {} : { encryptionKey: Uint8Array.from(key) }) };
}
