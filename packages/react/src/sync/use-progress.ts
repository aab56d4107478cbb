/**
 * `useProgress`.
 *
 * @module
 */
import type { ProgressDirection, ProgressMode } from "@holdfast/sync-client";
import { useEffect, useState } from "react";
import type { UseRealmHook } from "../use-realm.ts";

/** Gives how much has gone up or come down, from 0 to 1; null before anything is known, and for a local realm. */
export type UseProgressHook = (options: { direction: ProgressDirection; mode: ProgressMode }) => number | null;

/** Makes the hook over `useRealm`. */
export function createUseProgress(useRealm: UseRealmHook): UseProgressHook {
  return function useProgress({ direction, mode }) {
    const realm = useRealm();
    const [progress, setProgress] = useState<number | null>(null);
    useEffect(() => {
      setProgress(null);
      const { syncSession } = realm;
      if (syncSession === null) return undefined;
      const note = (estimate: number): void => setProgress(estimate);
      syncSession.addProgressNotification(direction, mode, note);
      return () => syncSession.removeProgressNotification(note);
    }, [realm, direction, mode]);
    return progress;
  };
}
