/**
 * One note: what is typed is kept a moment later, and what another tab writes appears.
 *
 * @module
 */
import { useRealm } from "@holdfast/react/client";
import { useEffect, useRef, useState } from "react";
import type { ReactElement } from "react";
import { Icon } from "./icon.tsx";
import type { Note } from "./schema.ts";

const PAUSE_MS = 200;

/** What can be typed. */
type Draft = Pick<Note, "title" | "body">;

export function Editor({ note, onRemove, onBack }: { readonly note: Note; onRemove(): void; onBack(): void }): ReactElement {
  const realm = useRealm();
  /** What was typed and is not in the realm yet. */
  const [draft, setDraft] = useState<Draft | undefined>();
  const latest = useRef<Draft | undefined>(undefined);
  latest.current = draft;
  const { title, body } = draft ?? note;

  const keep = async (): Promise<void> => {
    const kept = latest.current;
    if (kept === undefined) return;
    await realm.write((tx) => tx.update(note, { ...kept, changedAt: new Date() }));
    // Unless something was typed meanwhile, the realm has the last word again: another tab's, perhaps.
    setDraft((now) => (now === kept ? undefined : now));
  };
  useEffect(() => {
    if (draft === undefined) return undefined;
    const timer = setTimeout(() => void keep(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  // Another note, or the window goes: what is typed is kept at once.
  useEffect(() => {
    const keepNow = (): void => void keep();
    addEventListener("pagehide", keepNow);
    return () => {
      removeEventListener("pagehide", keepNow);
      keepNow();
    };
  }, [realm, note._id]);

  return (
    <article>
      <div className="actions">
        <button type="button" className="quiet back" aria-label="Back to the list" onClick={onBack}>
          <Icon name="back" />
        </button>
        <p className="saved" role="status">
          {draft === undefined ? `Sealed ${note.changedAt.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}` : "Writing"}
        </p>
        <button type="button" className="quiet" aria-pressed={note.isPinned} title={note.isPinned ? "Unpin" : "Pin"} onClick={() => void realm.write((tx) => tx.update(note, { isPinned: !note.isPinned }))}>
          <Icon name="pin" />
        </button>
        <button type="button" className="quiet" aria-label="Delete note" title="Delete" onClick={onRemove}>
          <Icon name="remove" />
        </button>
      </div>
      <input className="title" aria-label="Title" placeholder="Title" value={title} onChange={(event) => setDraft({ title: event.target.value, body })} />
      <textarea aria-label="Text" placeholder="Write" value={body} onChange={(event) => setDraft({ title, body: event.target.value })} />
    </article>
  );
}
