/**
 * The application: a list, the note that is open, and what of all this lies on the disk.
 *
 * @module
 */
import { useQuery, useRealm } from "@holdfast/react/client";
import { useState } from "react";
import type { ReactElement } from "react";
import { DiskPanel } from "./disk-panel.tsx";
import { Editor } from "./editor.tsx";
import { Header } from "./header.tsx";
import { NoteList } from "./note-list.tsx";
import { Recovery } from "./recovery.tsx";
import { SAMPLES } from "./samples.ts";
import { NOTE } from "./schema.ts";
import type { Note } from "./schema.ts";

/** The part of the window that a phone shows. */
type Place = "list" | "note";

export function App(): ReactElement {
  const realm = useRealm();
  const [search, setSearch] = useState("");
  const [selectedId, setSelectedId] = useState<string | undefined>();
  const [place, setPlace] = useState<Place>("list");
  const [isDiskShown, setDiskShown] = useState(() => matchMedia("(min-width: 761px)").matches);
  const [isRecoveryShown, setRecoveryShown] = useState(false);
  const all = useQuery<Note>({ type: NOTE.name, query: (notes) => notes.sorted([["isPinned", true], ["changedAt", true]]) });
  const found = useQuery<Note>(
    { type: NOTE.name, query: (notes) => notes.filtered("title CONTAINS[c] $0 OR body CONTAINS[c] $0", search).sorted([["isPinned", true], ["changedAt", true]]) },
    [search],
  );
  const shown = search === "" ? all : found;
  const selected = all.find(({ _id }) => _id === selectedId) ?? shown[0];

  const select = (id: string | undefined): void => {
    setSelectedId(id);
    setPlace(id === undefined ? "list" : "note");
  };
  const add = async (): Promise<void> => {
    const now = new Date();
    const note = await realm.write((tx) => tx.create<Note>(NOTE.name, { _id: crypto.randomUUID(), title: "", body: "", isPinned: false, createdAt: now, changedAt: now }));
    setSearch("");
    select(note._id);
  };
  const addSamples = (): Promise<unknown> =>
    realm.write((tx) => {
      for (const [index, sample] of SAMPLES.entries()) {
        const at = new Date(Date.now() - index * 5_400_000);
        tx.create(NOTE.name, { _id: crypto.randomUUID(), isPinned: false, ...sample, createdAt: at, changedAt: at });
      }
    });
  const remove = async (note: Note): Promise<void> => {
    select(undefined);
    await realm.write((tx) => tx.delete(note));
  };

  return (
    <div className={`app at-${place} ${isDiskShown ? "with-disk" : ""}`}>
      <Header isDiskShown={isDiskShown} onDisk={() => setDiskShown(!isDiskShown)} onRecovery={() => setRecoveryShown(true)} />
      <NoteList notes={shown} count={all.length} isLoaded={all.isLoaded} selectedId={selected?._id} search={search} onSearch={setSearch} onSelect={select} onAdd={() => void add()} onSamples={() => void addSamples()} />
      <main className="note">{selected === undefined ? <Nothing isLoaded={all.isLoaded} /> : <Editor key={selected._id} note={selected} onRemove={() => void remove(selected)} onBack={() => setPlace("list")} />}</main>
      {isDiskShown && <DiskPanel notes={all} example={selected} />}
      {isRecoveryShown && <Recovery onClose={() => setRecoveryShown(false)} />}
    </div>
  );
}

function Nothing({ isLoaded }: { readonly isLoaded: boolean }): ReactElement {
  return <p className="nothing">{isLoaded ? "Choose a note, or write a new one." : ""}</p>;
}
