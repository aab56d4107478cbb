/**
 * Users and their keys.
 *
 * @module
 */
export { AuthError } from "./auth-error.ts";
export type { AuthErrorCode } from "./auth-error.ts";
export { createAuthHandler } from "./auth-handler.ts";
export type { AuthHandler, AuthHandlerOptions } from "./auth-handler.ts";
export type { AuthLogEntry, AuthOptions, KeyMode, LoginEvent, LoginTrigger, TriggerAnswer } from "./auth-options.ts";
export { AuthService } from "./auth-service.ts";
export type { Authenticator, TokenRefusal, VerifiedUser } from "./authenticator.ts";
export type { AuthenticatedUser, LoginAnswer, LoginRequest, TokenAnswer } from "./auth-service.ts";
export { ApiKeys } from "./api-keys.ts";
export type { ApiKeyView } from "./api-keys.ts";
export { anonymousProvider, functionProvider } from "./credential-provider.ts";
export type { CredentialProvider, VerifiedCredentials } from "./credential-provider.ts";
export type { SignatureAlgorithm } from "./jwt-check.ts";
export { localKeyProvider } from "./key-provider.ts";
export type { KeyContext, KeyProvider, LocalKeySource } from "./key-provider.ts";
export type { EmailPasswordOptions, HookAnswer, MailRequest, ResetRequest } from "./email-password.ts";
export type { MailToken } from "./mail-tokens.ts";
export { openPostgresUserDatabase } from "./postgres-user-database.ts";
export type { PgConnection, PgPool } from "./postgres-user-database.ts";
export type { RateLimitOptions } from "./rate-limit.ts";
export { FunctionError } from "./server-functions.ts";
export type { FunctionCaller, FunctionContext, FunctionLimits, ServerFunctionBody, ServerFunctionOptions, ServerFunctions } from "./server-functions.ts";
export { usersOf } from "./served-users.ts";
export type { ServedUsers } from "./served-users.ts";
export { openSqliteUserDatabase } from "./sqlite-user-database.ts";
export { customJwtProvider, oidcProvider } from "./token-providers.ts";
export type { CustomJwtOptions, OidcOptions } from "./token-providers.ts";
export type { SqlRow, SqlRunner, SqlValue, UserDatabase } from "./user-database.ts";
export type { IssuedKey, KeyName } from "./user-keys.ts";
export type { CustomData, Identity, UserRecord } from "./user-records.ts";
