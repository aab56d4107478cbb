/**
 * The list of notes, with its search.
 *
 * @module
 */
import { memo } from "react";
import type { ReactElement } from "react";
import { Icon } from "./icon.tsx";
import type { Note } from "./schema.ts";

interface NoteListProps {
  readonly notes: readonly Note[];
  /** Of all notes. */
  readonly count: number;
  readonly isLoaded: boolean;
  readonly selectedId: string | undefined;
  readonly search: string;
  onSearch(text: string): void;
  onSelect(id: string): void;
  onAdd(): void;
  onSamples(): void;
}

export function NoteList({ notes, count, isLoaded, selectedId, search, onSearch, onSelect, onAdd, onSamples }: NoteListProps): ReactElement {
  return (
    <nav className="list" aria-label="Notes">
      <div className="tools">
        <label className="search">
          <Icon name="search" />
          <input type="search" placeholder="Search notes" value={search} onChange={(event) => onSearch(event.target.value)} />
        </label>
        <button type="button" className="main" aria-label="New note" title="New note" onClick={onAdd}>
          <Icon name="add" />
        </button>
      </div>
      <ul>
        {notes.map((note) => (
          <Row key={note._id} note={note} isSelected={note._id === selectedId} onSelect={onSelect} />
        ))}
      </ul>
      {isLoaded && count === 0 && (
        <div className="empty">
          <p>Nothing here yet. What you write is sealed before it reaches the disk.</p>
          <button type="button" className="quiet" onClick={onSamples}>
            Begin with a few samples
          </button>
        </div>
      )}
      {isLoaded && count > 0 && notes.length === 0 && <p className="empty">No note holds “{search}”.</p>}
      <footer>{count === 1 ? "1 note" : `${count} notes`}</footer>
    </nav>
  );
}

/** A snapshot is the same until its note changes: the other rows are not rendered again. */
const Row = memo(function Row({ note, isSelected, onSelect }: { readonly note: Note; readonly isSelected: boolean; onSelect(id: string): void }) {
  return (
    <li>
      <button type="button" aria-current={isSelected} onClick={() => onSelect(note._id)}>
        <strong>
          <b>{note.title === "" ? "Untitled" : note.title}</b>
          {note.isPinned && <Icon name="pin" />}
        </strong>
        <span>{note.body.split("\n").find((line) => line.trim() !== "") ?? "No text yet"}</span>
        <time dateTime={note.changedAt.toISOString()}>{shortDate(note.changedAt)}</time>
      </button>
    </li>
  );
});

function shortDate(date: Date): string {
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : date.toLocaleDateString([], { day: "numeric", month: "short" });
}
