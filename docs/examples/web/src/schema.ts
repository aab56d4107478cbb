/**
 * What is stored: the page and the worker share it.
 *
 * @module
 */

/** A note. */
export interface Note {
  readonly _id: string;
  readonly title: string;
  readonly body: string;
  readonly isPinned: boolean;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

/** Where the notes are, in this browser's private files. */
export const PATH = "notes.realm";

/** The schema of {@link Note}. */
export const NOTE = {
  name: "Note",
  primaryKey: "_id",
  properties: { _id: "string", title: "string", body: "string", isPinned: "bool", createdAt: "date", changedAt: { type: "date", indexed: true } },
} as const;
