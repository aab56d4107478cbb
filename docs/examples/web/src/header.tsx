/**
 * The bar on top: where things stand.
 *
 * @module
 */
import { useRealm } from "@holdfast/react/client";
import { useSyncExternalStore } from "react";
import type { ReactElement } from "react";
import { Icon } from "./icon.tsx";

interface HeaderProps {
  readonly isDiskShown: boolean;
  onDisk(): void;
  onRecovery(): void;
}

export function Header({ isDiskShown, onDisk, onRecovery }: HeaderProps): ReactElement {
  const isOnline = useOnline();
  const owner = useOwner();
  return (
    <header className="bar">
      <h1>
        <img src="/icon.svg" alt="" width="28" height="28" /> Holdfast <span>Notes</span>
      </h1>
      <p className="chip" data-state={isOnline ? "online" : "offline"} title="Nothing here needs a network">
        <i /> {isOnline ? "Online" : "Offline"}
      </p>
      <p className="chip" data-state={owner === "this tab" ? "owner" : "guest"} title="One tab has the file open; the others work through it, and one of them takes over when it is closed">
        <i /> {owner === "this tab" ? "This tab holds the file" : owner === "another tab" ? "Another tab holds the file" : "Taking over the file"}
      </p>
      <button type="button" className="quiet" aria-label="Recovery text" onClick={onRecovery}>
        <Icon name="key" /> <span>Recovery text</span>
      </button>
      <button type="button" className="quiet" aria-label="On the disk" aria-pressed={isDiskShown} onClick={onDisk}>
        <Icon name="disk" /> <span>On the disk</span>
      </button>
    </header>
  );
}

function useOnline(): boolean {
  return useSyncExternalStore((onChange) => {
    addEventListener("online", onChange);
    addEventListener("offline", onChange);
    return () => {
      removeEventListener("online", onChange);
      removeEventListener("offline", onChange);
    };
  }, () => navigator.onLine);
}

function useOwner(): string {
  const realm = useRealm();
  return useSyncExternalStore((onChange) => {
    realm.addListener("owner", onChange);
    return () => realm.removeListener("owner", onChange);
  }, () => realm.owner);
}
