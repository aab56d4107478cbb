/**
 * Users on the device.
 *
 * @module
 */
export { ApiKeyAuth, EmailPasswordAuth } from "./api-key-auth.ts";
export type { ApiKey } from "./api-key-auth.ts";
export { App } from "./app.ts";
export type { AppConfiguration, AppMetadataConfiguration, LocalAppConfiguration } from "./app.ts";
export { AppError } from "./app-error.ts";
export type { AppErrorCode } from "./app-error.ts";
export type { Fetch } from "./auth-connection.ts";
export { Credentials, ProviderType } from "./credentials.ts";
export type { OidcCode, OidcToken } from "./credentials.ts";
export type { FileToOpen } from "./issued-keys.ts";
export type { ChangeCallback } from "./listeners.ts";
export { MetadataMode, UserState } from "./metadata-file.ts";
export type { MetadataModeName, UserStateName } from "./metadata-file.ts";
export type { KeyMode, UserIdentity } from "./session-answer.ts";
export type { AppServicesFunction, DefaultFunctionsFactory } from "./server-functions.ts";
export { Sync } from "./sync-statics.ts";
export { User } from "./user.ts";
export type { AnyUser, DefaultUserProfileData } from "./user.ts";
