/**
 * The native half of expo-file-system 58.0.2, simulated over a volume of the engine's kind: a real folder, memory, or a disk that loses power.
 *
 * After android/src/main/java/expo/modules/filesystem/{FileSystemFile,FileSystemFileHandle,FileSystemDirectory,FileSystemPath,fsops/CopyMoveStrategy}.kt and
 * ios/{FileSystemFile,FileSystemFileHandle,FileSystemDirectory,FileSystemPath}.swift of that version. What the sources do in
 * several steps is done in as many calls of the volume, so that a process can die between them. `sync` is never called: no source does.
 *
 * @module
 */
import { URL } from "node:url";
import type { StorageFile, Volume } from "@holdfast/storage-engine";
import type { System } from "./phone.ts";

/** What lies under the native half. */
export interface SimulatedFiles {
  volume: Volume;
  /** The application may not look outside of it: `FileSystemPath.checkPermission`. */
  readonly sandbox: string;
  /** The volume's path of the sandbox, if it is another. */
  readonly root?: string;
  availableDiskSpace: number;
  /** Calls of native functions and properties so far. */
  callCount: number;
}

const phones = new Map<System, SimulatedFiles>();

/** Puts files under a system's native half, for every module that was loaded for it. */
export function setSimulatedFiles(system: System, files: SimulatedFiles): void {
  phones.set(system, files);
}

/** `requireNativeModule("FileSystem")`. */
export function nativeExpoFileSystem(system: System): object {
  const files = (): SimulatedFiles => {
    const found = phones.get(system);
    if (found === undefined) throw new Error(`no files for ${system}: call setSimulatedFiles`);
    found.callCount += 1;
    return found;
  };

  class NativePath {
    uri: string;
    constructor(uri: string) {
      // Expo converts the argument to a URI of its own kind; what is none is refused there.
      if (!uri.startsWith("file:///")) throw coded("ERR_INVALID_URL", `not a file URI: ${uri}`);
      this.uri = uri;
    }
    get path(): string {
      return decodeURIComponent(new URL(this.uri).pathname).replace(/(?<=.)\/+$/, "");
    }
    /** In the volume. */
    get place(): string {
      const { sandbox, root = sandbox } = files();
      return root + this.path.slice(sandbox.length);
    }
    /** FileSystemPath.kt 126-154, FileSystemPath.swift 22-24. */
    get isPermitted(): boolean {
      const { sandbox } = files();
      return this.path === sandbox || this.path.startsWith(`${sandbox}/`);
    }
    assertPermitted(): void {
      if (!this.isPermitted) throw coded("ERR_INVALID_PERMISSION", "Missing permission for uri");
    }
    validatePath(): void {}
    get kind(): "file" | "folder" | undefined {
      const { volume } = files();
      if (volume.stat(this.place) === undefined) return isFolder(volume, this.place) ? "folder" : undefined;
      return isFolder(volume, this.place) ? "folder" : "file";
    }
  }

  class FileSystemFile extends NativePath {
    /** FileSystemFile.kt 40-46, FileSystemFile.swift 37-46: false for a folder and without the right to read. */
    get exists(): boolean {
      return this.isPermitted && this.kind === "file";
    }
    get size(): number {
      return this.isPermitted && this.kind === "file" ? (files().volume.stat(this.place)?.sizeBytes ?? 0) : 0;
    }
    create(options: { readonly overwrite?: boolean } = {}): void {
      const { volume } = files();
      this.assertPermitted();
      if (system === "ios") {
        // FileSystemFile.swift 17-30: whatever is there goes first (a folder too), and no failure is told.
        if (options.overwrite !== true && this.exists) throw coded("ERR_FILE_ALREADY_EXISTS", "File already exists");
        removeAll(volume, this.place);
        try {
          volume.open(this.place, "exclusive").close();
        } catch (error) {
          if (isEnd(error)) throw error;
        }
        return;
      }
      // FileSystemFile.kt 48-64: createNewFile is one call of the kernel.
      if (this.kind === "folder") throw coded("ERR_INVALID_TYPE_FILE", "A folder with the same name already exists");
      if (this.kind === "file") throw coded("ERR_UNABLE_TO_CREATE", "it already exists");
      native(() => volume.open(this.place, "exclusive").close());
    }
    /** FileSystemPath.kt 80-95, FileSystemPath.swift 38-48. */
    delete(): void {
      this.assertPermitted();
      if (this.kind === undefined) throw coded("ERR_UNABLE_TO_DELETE", "does not exist");
      native(() => removeAll(files().volume, this.place));
    }
    open(mode = "rw"): FileSystemFileHandle {
      return new FileSystemFileHandle(this, mode);
    }
    moveSync(destination: NativePath, options: { readonly overwrite?: boolean } = {}): void {
      const { volume } = files();
      this.assertPermitted();
      destination.assertPermitted();
      if (!(destination instanceof FileSystemFile)) throw new Error("only moves of files to files are simulated");
      const isTaken = destination.kind !== undefined;
      // CopyMoveStrategy.kt 99-102, FileSystemPath.swift 86-89: deleting, then moving.
      if (isTaken && options.overwrite === true) native(() => removeAll(volume, destination.place));
      else if (isTaken) throw coded("ERR_DESTINATION_ALREADY_EXISTS", "Destination already exists");
      if (this.kind !== "file") throw coded("ERR_UNABLE_TO_MOVE", "no such file");
      // CopyMoveStrategy.kt 113, FileSystemPath.swift 91: one rename.
      native(() => volume.rename(this.place, destination.place));
      this.uri = destination.uri;
    }
  }

  /** FileSystemFileHandle.kt, FileSystemFileHandle.swift. */
  class FileSystemFileHandle {
    readonly #file: StorageFile;
    readonly #mode: string;
    #offset = 0;
    #isClosed = false;
    constructor(file: FileSystemFile, mode: string) {
      if (!["r", "rw", "w", "wa", "wt"].includes(mode)) throw coded("ERR_ENUM_NO_SUCH_VALUE", `'${mode}' is not present in FileMode enum`);
      file.assertPermitted();
      const { volume } = files();
      // RandomAccessFile makes what it may write to (java.io.RandomAccessFile); FileHandle does not.
      const makes = system === "android" && mode !== "r" && file.kind === undefined;
      this.#file = native(() => volume.open(file.place, mode === "r" ? "read" : makes ? "exclusive" : "write"));
      this.#mode = mode;
      if (mode === "wt") native(() => this.#file.truncate(0));
      if (mode === "wa") this.#offset = this.#file.sizeBytes();
    }
    readBytesSync(length: number): Uint8Array {
      files();
      if (this.#isClosed || !["r", "rw"].includes(this.#mode)) throw coded("ERR_UNABLE_TO_READ_HANDLE", "file handle is closed");
      const count = Math.max(0, Math.min(length, this.#file.sizeBytes() - this.#offset));
      const bytes = new Uint8Array(count);
      const done = native(() => this.#file.read(this.#offset, bytes));
      this.#offset += done;
      // FileSystemFileHandle.kt 113: the whole buffer is returned even if less was read; FileHandle.read(upToCount:) gives what there was.
      return system === "android" ? bytes : bytes.subarray(0, done);
    }
    writeBytesSync(bytes: Uint8Array): void {
      files();
      if (this.#isClosed || this.#mode === "r") throw coded("ERR_UNABLE_TO_WRITE_HANDLE", "file handle is closed");
      native(() => this.#file.write(this.#offset, bytes.slice()));
      this.#offset += bytes.length;
    }
    /** Promises in 58. */
    readBytes(length: number): Promise<Uint8Array> {
      return Promise.resolve().then(() => this.readBytesSync(length));
    }
    writeBytes(bytes: Uint8Array): Promise<void> {
      return Promise.resolve().then(() => this.writeBytesSync(bytes));
    }
    get offset(): number | null {
      files();
      return this.#isClosed ? null : this.#offset;
    }
    set offset(value: number | null) {
      files();
      // FileSystemFileHandle.swift 116: `seek(toFileOffset:)` of a closed handle raises an NSException, which ends the application.
      if (this.#isClosed) throw new Error(system === "ios" ? "the application has crashed: NSFileHandleOperationException" : "java.nio.channels.ClosedChannelException");
      if (value !== null) this.#offset = value;
    }
    get size(): number | null {
      files();
      return this.#isClosed ? null : this.#file.sizeBytes();
    }
    close(): void {
      files();
      this.#isClosed = true;
      this.#file.close();
    }
  }

  class FileSystemDirectory extends NativePath {
    get exists(): boolean {
      return this.isPermitted && this.kind === "folder";
    }
    /** FileSystemDirectory.kt 56-76, FileSystemDirectory.swift 20-32. */
    create(options: { readonly intermediates?: boolean; readonly idempotent?: boolean } = {}): void {
      const { volume } = files();
      this.assertPermitted();
      if (this.kind === "file") throw coded("ERR_INVALID_TYPE_FOLDER", "A file with the same name already exists");
      if (this.kind === "folder") {
        if (options.idempotent === true) return;
        throw coded("ERR_UNABLE_TO_CREATE", "it already exists");
      }
      const above = new FileSystemDirectory(`${this.uri.replace(/\/+$/, "").replace(/\/[^/]*$/, "")}`);
      if (options.intermediates === true && !above.exists) above.create(options);
      native(() => volume.makeDirectory(this.place));
    }
    /** With everything in it. */
    delete(): void {
      this.assertPermitted();
      if (this.kind === undefined) throw coded("ERR_UNABLE_TO_DELETE", "does not exist");
      native(() => removeAll(files().volume, this.place));
    }
    listAsRecords(): { isDirectory: boolean; uri: string }[] {
      const { volume } = files();
      this.assertPermitted();
      return native(() => volume.list(this.place)).map((name) => {
        const isDirectory = isFolder(volume, `${this.place}/${name}`);
        return { isDirectory, uri: `${this.uri.replace(/\/+$/, "")}/${encodeURIComponent(name)}${isDirectory ? "/" : ""}` };
      });
    }
  }

  return {
    FileSystemFile,
    FileSystemDirectory,
    FileSystemFileHandle,
    get documentDirectory() {
      return `file://${files().sandbox}/`;
    },
    get cacheDirectory() {
      return `file://${files().sandbox}/cache/`;
    },
    get availableDiskSpace() {
      return files().availableDiskSpace;
    },
  };
}

/** A volume says of a folder only that names in it can be synced. */
function isFolder(volume: Volume, path: string): boolean {
  try {
    // A real file system syncs files as well; a name in a file is none.
    volume.syncDirectory(`${path}/.`);
    return true;
  } catch (error) {
    if (isEnd(error)) throw error;
    return false;
  }
}

function removeAll(volume: Volume, path: string): void {
  if (isFolder(volume, path)) {
    for (const name of volume.list(path)) removeAll(volume, `${path}/${name}`);
    volume.removeDirectory(path);
  } else {
    volume.remove(path);
  }
}

/** What the native side throws carries the system's words, not its codes. */
function native<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (isEnd(error)) throw error;
    throw coded("ERR_UNEXPECTED", code === "ENOSPC" ? "write failed: ENOSPC (No space left on device)" : `Call to function has been rejected: ${String(code)}`);
  }
}

/** The simulated process has died. */
function isEnd(error: unknown): boolean {
  return (error as { code?: unknown }).code === "EKILLED";
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
