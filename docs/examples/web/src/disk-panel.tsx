/**
 * What lies on the disk: the file as a thief would see it, and a search that finds nothing of what you wrote.
 *
 * @module
 */
import { useEffect, useState } from "react";
import type { ReactElement } from "react";
import { changeBetween, findText, hexRows, readDisk } from "./disk.ts";
import type { ByteRange, DiskFile } from "./disk.ts";
import type { Note } from "./schema.ts";

/** Which part is shown. */
type View = "start" | "change";

/** What was read, and what of it is new since the last time. */
interface Reading {
  readonly file: DiskFile;
  readonly change: ByteRange;
}

const ROWS = 12;
const PAUSE_MS = 250;

export function DiskPanel({ notes, example }: { readonly notes: readonly Note[]; readonly example: Note | undefined }): ReactElement {
  const [reading, setReading] = useState<Reading | undefined>();
  const [view, setView] = useState<View>("change");
  // Read anew after each change, whichever tab made it.
  useEffect(() => {
    const show = (file: DiskFile | undefined): void =>
      setReading((before) => {
        if (file === undefined) return undefined;
        const change = changeBetween(before?.file.bytes, file.bytes);
        // Two queries may tell of one change: what it wrote stays in view.
        return before !== undefined && change.to === change.from ? before : { file, change };
      });
    const timer = setTimeout(() => void readDisk().then(show, () => show(undefined)), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [notes]);
  const file = reading?.file;
  return (
    <aside className="disk" aria-label="On the disk">
      <h2>On the disk</h2>
      {reading === undefined || file === undefined ? (
        <p>Not readable yet.</p>
      ) : (
        <>
          <dl>
            <dt>File</dt>
            <dd>{file.name}</dd>
            <dt>Size</dt>
            <dd>{file.bytes.length.toLocaleString()} bytes</dd>
            <dt>Sealed</dt>
            <dd>AES-256-CTR, HMAC-SHA-256</dd>
          </dl>
          <div className="tabs" role="group" aria-label="Part of the file">
            <button type="button" aria-pressed={view === "change"} onClick={() => setView("change")}>
              Your last change
            </button>
            <button type="button" aria-pressed={view === "start"} onClick={() => setView("start")}>
              Start of the file
            </button>
          </div>
          <HexDump bytes={file.bytes} from={view === "start" ? 0 : reading.change.from} change={reading.change} />
          <TextSearch bytes={file.bytes} notes={notes} suggestion={wordOf(example)} />
        </>
      )}
    </aside>
  );
}

function HexDump({ bytes, from, change }: { readonly bytes: Uint8Array; readonly from: number; readonly change: ByteRange }): ReactElement {
  return (
    <pre className="hex" data-testid="hex">
      {hexRows(bytes, from - (from % 16), ROWS).map((row) => (
        <span key={row.offset} className={row.offset + 16 > change.from && row.offset < change.to ? "new" : ""}>
          <b>{row.offset.toString(16).padStart(6, "0")}</b> {inPairs(row.bytes)} <em>{row.bytes.map(printable).join("")}</em>
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

function TextSearch({ bytes, notes, suggestion }: { readonly bytes: Uint8Array; readonly notes: readonly Note[]; readonly suggestion: string }): ReactElement {
  const [typed, setTyped] = useState<string | undefined>();
  const text = typed ?? suggestion;
  const holders = notes.filter(({ title, body }) => `${title}\n${body}`.toLowerCase().includes(text.toLowerCase())).length;
  const place = text === "" ? -1 : findText(bytes, text);
  return (
    <section className="find">
      <h3>Search the file for your text</h3>
      <input type="search" aria-label="Text to look for in the file" value={text} onChange={(event) => setTyped(event.target.value)} />
      {text !== "" && (
        <>
          <p className="verdict" data-state={place < 0 ? "absent" : "present"} data-testid="verdict">
            {place < 0 ? "Not found" : `Found at byte ${place.toLocaleString()}`}
          </p>
          <p>
            “{text}” is in {holders === 1 ? "1 note" : `${holders} notes`}, and {place < 0 ? `nowhere in ${bytes.length.toLocaleString()} bytes` : "in the file"}, as UTF-8 or UTF-16.
          </p>
        </>
      )}
      <p className="hint">
        The search does find what is there: try{" "}
        <button type="button" onClick={() => setTyped("HOLDFAST")}>
          HOLDFAST
        </button>
        , the name of the format, which stands in the file's first bytes.
      </p>
    </section>
  );
}

/** The longest word of a note. */
function wordOf(note: Note | undefined): string {
  const words = `${note?.title ?? ""} ${note?.body ?? ""}`.match(/[\p{L}\p{N}-]{4,}/gu) ?? [];
  return words.reduce((longest: string, word) => (word.length > longest.length ? word : longest), "");
}

function inPairs(bytes: readonly number[]): string {
  return bytes.map((byte, index) => byte.toString(16).padStart(2, "0") + (index % 2 === 1 ? " " : "")).join("").trimEnd();
}

function printable(byte: number): string {
  return byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·";
}
