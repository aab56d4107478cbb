/**
 * Where the notes cannot be opened: what happened, and what can be done.
 *
 * @module
 */
import { Component } from "react";
import type { ReactElement, ReactNode, SyntheticEvent } from "react";
import { recover } from "./keys.ts";

/** What a user can do about each code. */
const ADVICE: Readonly<Record<string, string>> = {
  STORAGE_INSECURE: "Open this page over https. Browsers keep files for no other.",
  STORAGE_UNSUPPORTED: "This browser keeps no private files for pages. A newer one does.",
  STORAGE_DENIED: "The browser refuses this page its storage: leave the private window, or allow site data.",
  STORAGE_CLEARED: "The site's data was cleared while the notes were open. Load the page again to begin anew.",
  DISK_FULL: "There is no more room. What was written is safe: make room, then load the page again.",
  KEY_WRONG: "The key in this browser is not the one the notes were written with. Put the right one back:",
  KEY_LOST: "The notes are here, their key is not. Put it back with your recovery text:",
};

interface State {
  readonly error: unknown;
}

/** Shows what kept the components below from rendering. */
export class Failure extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    const { code = "UNKNOWN", message = String(error) } = error as { code?: string; message?: string };
    return (
      <main className="failure">
        <h1>Your notes are closed</h1>
        <p>{ADVICE[code] ?? "Something went wrong."}</p>
        {code.startsWith("KEY_") && <BringBack />}
        <details>
          <summary>{code}</summary>
          <p>{message}</p>
        </details>
        <button type="button" className={code.startsWith("KEY_") ? "quiet" : "main"} onClick={() => location.reload()}>
          Load again
        </button>
      </main>
    );
  }
}

function BringBack(): ReactElement {
  const submit = (event: SyntheticEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    void recover(String(values.get("recovery")), String(values.get("passphrase"))).then(() => location.reload(), (error: Error) => alert(error.message));
  };
  return (
    <form onSubmit={submit}>
      <textarea name="recovery" aria-label="Recovery text" placeholder="Recovery text" rows={4} required />
      <input name="passphrase" type="password" aria-label="Passphrase" placeholder="Passphrase" autoComplete="current-password" required />
      <button type="submit" className="main">
        Bring the key back
      </button>
    </form>
  );
}
