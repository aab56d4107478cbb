/**
 * The open file behind a Realm instance, for those who keep it in step with others.
 *
 * @module
 */
import type { Realm } from "../realm.ts";
import type { FileSession } from "../store/file-session.ts";

const sessions = new WeakMap<Realm, FileSession>();

/** Notes the file of an instance. */
export function noteSession(realm: Realm, session: FileSession): void {
  sessions.set(realm, session);
}

/** The file of an instance that was opened, not lent to a callback. */
export function sessionOf(realm: Realm): FileSession | undefined {
  return sessions.get(realm);
}
