/**
 * What is used of `expo-file-system` (58, and 57 with its older names): the application hands the module in.
 *
 * Only synchronous members. `FileHandle` has positions but neither sync nor truncation nor locks: expo-volume.ts says what is made of that.
 *
 * @module
 */

/** The module, as `import * as FileSystem from "expo-file-system"` gives it. */
export interface ExpoFileSystem {
  readonly File: new (uri: string) => ExpoFile;
  readonly Directory: new (uri: string) => ExpoDirectory;
  readonly Paths: {
    /** Where relative paths start. */
    readonly document: { readonly uri: string };
    /** In bytes. Asked only when a write has failed. */
    readonly availableDiskSpace?: number;
  };
}

/** `File`: a name, whether or not something is there. */
export interface ExpoFile {
  readonly uri: string;
  /** False for a folder, and for what the application may not read. */
  readonly exists: boolean;
  readonly size: number | null;
  create(): void;
  delete(): void;
  /** @param mode - `r`, `rw`, or `wt`, which empties the file. */
  open(mode?: string): ExpoFileHandle;
  moveSync(target: { readonly uri: string }): void;
}

/** `FileHandle`. */
export interface ExpoFileHandle {
  offset: number | null;
  readonly size: number | null;
  /** Version 58. */
  readBytesSync?(length: number): Uint8Array;
  /** Version 58. */
  writeBytesSync?(bytes: Uint8Array): void;
  /** Version 57: synchronous there, a promise in 58. */
  readBytes(length: number): unknown;
  writeBytes(bytes: Uint8Array): unknown;
  close(): void;
}

/** `Directory`. */
export interface ExpoDirectory {
  readonly exists: boolean;
  create(options?: { readonly intermediates?: boolean; readonly idempotent?: boolean }): void;
  /** With all that is in it. */
  delete(): void;
  list(): readonly { readonly uri: string }[];
}
