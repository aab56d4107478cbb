/**
 * What a platform hands to the suites: one interface per capability.
 *
 * A binding implements the interfaces that its platform can carry and leaves out the others; a suite names the
 * capabilities it needs, and what is missing is reported as not run, with the capability's sentence as the reason.
 *
 * @module
 */
import type { RealmConstructor } from "./realm-api.ts";

/** Every capability with what it means; the order is the report's. */
export const CAPABILITIES = {
  files: "reads and writes raw files beside the database",
  processes: "starts other processes on the same file, talks to them and kills them",
  runtimes: "starts such processes in several runtimes",
  verify: "checks a whole store through the engine's verify",
  clocks: "measures wall time and the main thread's processor time",
  cipher: "has a cipher in software, and measures it alone",
  durability: "has files that cannot be synced, so that an application has to accept less",
} as const;

/** The name of a capability. */
export type Capability = keyof typeof CAPABILITIES;

/** Raw access to files, for comparing, damaging and searching them. Paths are the platform's. */
export interface FileAccess {
  readBytes(path: string): Uint8Array;
  writeBytes(path: string, bytes: Uint8Array): void;
  isPresent(path: string): boolean;
  /** Paths of all files below a folder, sorted. */
  listFiles(folder: string): string[];
  /** A collision-free fingerprint of a file's content. */
  hash(path: string): string;
}

/** A process that the suite started. */
export interface PlatformProcess {
  /** Everything it has said so far, line by line. */
  readonly lines: readonly string[];
  /** What it wrote to its error stream, for failure messages. */
  readonly complaints: string;
  /** Resolves with the first line that starts with the prefix; rejects when the process ends or is silent too long. */
  waitForLine(prefix: string): Promise<string>;
  send(line: string): void;
  /** Ends it at once, with no chance to tidy up (SIGKILL). Resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves with the exit code, `null` if it was killed. */
  readonly exited: Promise<number | null>;
}

/** Starting processes that run one of the programs in `programs/`. */
export interface ProcessAccess {
  start(program: string, values: Readonly<Record<string, unknown>>): PlatformProcess;
}

/** Starting processes in several runtimes. */
export interface RuntimesAccess {
  readonly names: readonly string[];
  /** Those that see each other's locks, and may have one file open at a time. */
  readonly namesThatLock: readonly string[];
  /** @param runtime - One of the names. */
  start(runtime: string, program: string, values: Readonly<Record<string, unknown>>): PlatformProcess;
}

/** The engine's own check of a store that nobody has open. */
export interface VerifyAccess {
  /** @returns One sentence per problem; an empty list means clean. */
  verify(path: string, encryptionKey: Uint8Array | undefined): string[];
}

/** Clocks for measurements. */
export interface ClockAccess {
  wallMs(): number;
  /** Processor time of the calling thread. */
  threadCpuMs(): number;
}

/** A cipher in software, measured alone: the floor of whatever opens or seals units. */
export interface CipherAccess {
  /** Begins to note the units that are opened and sealed. */
  start(): void;
  /** How many have been noted. */
  unitCount(): number;
  /** Ends noting, and opens and seals units of the same sizes once more. @returns What that took. */
  replayMs(): number;
}

/** What an application of a platform whose files cannot be synced says about that. */
export interface DurabilityAccess {
  /** From the next realm on. The suites' usual state is that it was accepted. */
  accept(isAccepted: boolean): void;
}

/** One platform: its implementation of Realm and what else it can do. */
export interface RealmPlatform {
  readonly name: string;
  /** Runtime and machine, for the report; no path and no host name. */
  readonly description: string;
  readonly Realm: RealmConstructor;
  /** A new, empty folder. It is removed by `cleanUp`. */
  temporaryFolder(): string;
  /** Joins a folder and a file's name. */
  join(folder: string, name: string): string;
  sleep(ms: number): Promise<void>;
  /** Everything that printing a value would show, as a debugger or a log would. */
  inspect(value: unknown): string;
  /** Removes the temporary folders and ends processes that still run. */
  cleanUp(): Promise<void>;
  readonly files?: FileAccess;
  readonly processes?: ProcessAccess;
  readonly runtimes?: RuntimesAccess;
  readonly verify?: VerifyAccess;
  readonly clocks?: ClockAccess;
  readonly cipher?: CipherAccess;
  readonly durability?: DurabilityAccess;
}

/** Why a target is not run. */
export interface NotRun {
  readonly reason: string;
  /** True if it is of this system and something is missing: in CI a failure. */
  readonly isMissing?: boolean;
}

/**
 * A capability that the suite has declared.
 *
 * @throws {Error} If the platform lacks it: the suite forgot to declare it.
 */
export function need<Name extends Capability>(
  platform: RealmPlatform,
  name: Name,
): NonNullable<RealmPlatform[Name]> {
  const access = platform[name];
  if (access === undefined) throw new Error(`the suite uses "${name}" but does not declare it`);
  return access as NonNullable<RealmPlatform[Name]>;
}
