/**
 * The part of the browser's file system that is used (WHATWG File System, "origin private file system"), as types: the portable
 * sources are compiled without the browser's own.
 *
 * @module
 */

/** A file that one worker has to itself. Every method but `createSyncAccessHandle` is synchronous. */
export interface SyncAccessHandle {
  read(target: Uint8Array, options: { readonly at: number }): number;
  write(source: Uint8Array, options: { readonly at: number }): number;
  truncate(sizeBytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export interface OpfsFileHandle {
  readonly name: string;
  /** Absent on a page: dedicated workers alone have it. */
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
  getFile(): Promise<{ readonly size: number }>;
  /** Not in the standard yet; Chromium, Firefox and Safari have it. Replaces what has the name. */
  move?(folder: OpfsFolderHandle, name: string): Promise<void>;
}

export interface OpfsFolderHandle {
  getFileHandle(name: string, options?: { readonly create?: boolean }): Promise<OpfsFileHandle>;
  getDirectoryHandle(name: string, options?: { readonly create?: boolean }): Promise<OpfsFolderHandle>;
  removeEntry(name: string): Promise<void>;
}
