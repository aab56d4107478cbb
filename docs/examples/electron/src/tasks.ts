/**
 * What goes over between the main process and a window: plain data, never a realm, an object of one, or a key.
 *
 * @module
 */

/** A task as a window sees it. */
export interface TaskData {
  readonly id: string;
  readonly title: string;
  readonly done: boolean;
}

/** What the preload script puts on `window.tasks`. */
export interface TasksBridge {
  list(): Promise<readonly TaskData[]>;
  add(title: string): Promise<void>;
  setDone(id: string, done: boolean): Promise<void>;
  /** Calls back with all tasks after each commit, by whichever process. */
  onChange(listener: (tasks: readonly TaskData[]) => void): void;
}
