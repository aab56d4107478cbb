/**
 * The page: opens the notes, and says so if that cannot be.
 *
 * @module
 */
import { openInWorker } from "@holdfast/realm/client";
import type { RemoteRealm } from "@holdfast/realm/client";
import { RealmProvider } from "@holdfast/react/client";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { Failure } from "./failure.tsx";
import { databaseKey } from "./keys.ts";
import { PATH } from "./schema.ts";

function open(): Promise<RemoteRealm> {
  return openInWorker({
    worker: () => new Worker(new URL("./notes.worker.ts", import.meta.url), { type: "module" }),
    path: PATH,
    encryptionKey: databaseKey,
  });
}

// Without it the browser may remove what is not used for long.
void navigator.storage?.persist?.();
if (import.meta.env.PROD) void navigator.serviceWorker?.register("/service-worker.js");

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Failure>
        <RealmProvider open={open} fallback={<p className="opening">Opening your notes</p>}>
          <App />
        </RealmProvider>
      </Failure>
    </StrictMode>,
  );
}
