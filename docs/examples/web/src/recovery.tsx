/**
 * A text that brings the key back: without it, cleared site data takes the key and the notes with it.
 *
 * @module
 */
import { useEffect, useRef, useState } from "react";
import type { ReactElement, SyntheticEvent } from "react";
import { recoveryText } from "./keys.ts";

const MIN_LENGTH = 8;

export function Recovery({ onClose }: { onClose(): void }): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState<string | undefined>();
  const [isWorking, setWorking] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const make = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const passphrase = String(new FormData(event.currentTarget).get("passphrase"));
    setWorking(true);
    setText(await recoveryText(passphrase).catch((error: unknown) => String(error)));
    setWorking(false);
  };
  return (
    <dialog ref={dialog} onClose={onClose}>
      <h2>Recovery text</h2>
      <p>The key of your notes is in this browser alone. Keep this text elsewhere: with your passphrase it brings the key back. It opens nothing without it.</p>
      {text === undefined ? (
        <form onSubmit={(event) => void make(event)}>
          <input name="passphrase" type="password" aria-label="Passphrase" placeholder={`Passphrase, at least ${MIN_LENGTH} characters`} minLength={MIN_LENGTH} autoComplete="new-password" required />
          <button type="submit" className="main" disabled={isWorking}>
            {isWorking ? "Making it slow to guess" : "Make the text"}
          </button>
        </form>
      ) : (
        <textarea readOnly aria-label="Recovery text" rows={6} value={text} onFocus={(event) => event.target.select()} />
      )}
      <button type="button" className="quiet" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}
