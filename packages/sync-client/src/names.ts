/**
 * Realm's names for the words of sync: applications write `OpenRealmBehaviorType.DownloadBeforeOpen` or the word itself.
 *
 * @module
 */

/** What `Realm.open` waits for. */
export const OpenRealmBehaviorType = { DownloadBeforeOpen: "downloadBeforeOpen", OpenImmediately: "openImmediately" } as const;
export type OpenRealmBehaviorType = (typeof OpenRealmBehaviorType)[keyof typeof OpenRealmBehaviorType];

/** What `Realm.open` does when it has waited for too long. */
export const OpenRealmTimeOutBehavior = { OpenLocalRealm: "openLocalRealm", ThrowException: "throwException" } as const;
export type OpenRealmTimeOutBehavior = (typeof OpenRealmTimeOutBehavior)[keyof typeof OpenRealmTimeOutBehavior];

/** When a session ends after its realm was closed. */
export const SessionStopPolicy = { AfterUpload: "after-upload", Immediately: "immediately", Never: "never" } as const;
export type SessionStopPolicy = (typeof SessionStopPolicy)[keyof typeof SessionStopPolicy];

/** What happens when a file and its server do not fit any more. */
export const ClientResetMode = { Manual: "manual", DiscardUnsyncedChanges: "discardUnsyncedChanges", RecoverUnsyncedChanges: "recoverUnsyncedChanges", RecoverOrDiscardUnsyncedChanges: "recoverOrDiscardUnsyncedChanges" } as const;
export type ClientResetMode = (typeof ClientResetMode)[keyof typeof ClientResetMode];

/** Which way data goes. */
export const ProgressDirection = { Download: "download", Upload: "upload" } as const;
export type ProgressDirection = (typeof ProgressDirection)[keyof typeof ProgressDirection];

/** Until when progress is reported. */
export const ProgressMode = { ReportIndefinitely: "reportIndefinitely", ForCurrentlyOutstandingWork: "forCurrentlyOutstandingWork" } as const;
export type ProgressMode = (typeof ProgressMode)[keyof typeof ProgressMode];

/** Whether there is a connection. */
export const ConnectionState = { Disconnected: "disconnected", Connecting: "connecting", Connected: "connected" } as const;
export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState];

/** Whether a session goes on. */
export const SessionState = { Invalid: "invalid", Active: "active", Inactive: "inactive" } as const;
export type SessionState = (typeof SessionState)[keyof typeof SessionState];

/** When `results.subscribe()` waits for the objects. */
export const WaitForSync = { FirstTime: "first-time", Always: "always", Never: "never" } as const;
export type WaitForSync = (typeof WaitForSync)[keyof typeof WaitForSync];

/** Kinds of proxies. */
export const ProxyType = { HTTP: "http", HTTPS: "https" } as const;
export type ProxyType = (typeof ProxyType)[keyof typeof ProxyType];

/** True for one of the words of a list. */
export function isOneOf<Names extends Readonly<Record<string, string>>>(names: Names, value: unknown): value is Names[keyof Names] {
  return Object.values(names).includes(value as string);
}
