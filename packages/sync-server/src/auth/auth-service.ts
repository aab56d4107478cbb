/**
 * The users of one application: who logs in, with which session, under which key.
 *
 * Holds no state but rate limits, so that any number of servers can stand over one database.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiKeys } from "./api-keys.ts";
import { AuthError } from "./auth-error.ts";
import type { Authenticator, TokenRefusal } from "./authenticator.ts";
import type { AuthLogEntry, AuthOptions, KeyMode, LoginEvent, LoginTrigger } from "./auth-options.ts";
import type { CredentialProvider, VerifiedCredentials } from "./credential-provider.ts";
import { EmailPasswords } from "./email-password.ts";
import { FunctionRunner } from "./server-functions.ts";
import { normalized } from "./passwords.ts";
import { RateLimit } from "./rate-limit.ts";
import { isNonce, Tokens } from "./tokens.ts";
import type { AccessClaims } from "./tokens.ts";
import { createUserTables } from "./user-database.ts";
import { UserKeys } from "./user-keys.ts";
import type { IssuedKey, KeyName } from "./user-keys.ts";
import { UserRecords } from "./user-records.ts";
import type { CustomData, Identity, UserRecord } from "./user-records.ts";
import { UserSessions } from "./user-sessions.ts";
import { addressGroup } from "../sessions/admission.ts";

/** What a client sends to log in. */
export interface LoginRequest {
  readonly provider: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Client's nonce for the first refresh token. */
  readonly nonce: string;
  readonly deviceId?: string;
  /** What the application says of itself. */
  readonly app?: LoginEvent["app"];
  /** Where the request comes from, for the rate limit. */
  readonly address: string;
}

/** The two tokens, and when they are from. */
export interface TokenAnswer {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
  readonly serverTimeMs: number;
}

/** What somebody who has logged in is told. */
export interface LoginAnswer extends TokenAnswer {
  readonly user: UserRecord;
  readonly deviceId: string;
  readonly keyMode: KeyMode;
}

/** Who a verified access token belongs to. */
export interface AuthenticatedUser {
  readonly userId: string;
  readonly sessionId: string;
  readonly customData: CustomData;
  readonly expiresAtMs: number;
}

/** What a trigger is told of the login itself. */
type SeenAtLogin = Omit<LoginEvent, "userId" | "customData">;

const API_KEY = "api-key";
const EMAIL_PASSWORD = "local-userpass";
const TRIGGER_LEASE_MS = 30_000;
const TRIGGER_PAUSE_MS = 50;
const SWEEP_MS = 3_600_000;
const REFUSALS: Readonly<Record<string, TokenRefusal>> = { TOKEN_EXPIRED: "expired", TOKEN_INVALID: "invalid", USER_DISABLED: "disabled" };

/** Users, their sessions and their keys. */
export class AuthService {
  readonly appId: string;
  readonly keyMode: KeyMode;
  /** Made, listed and ended by their users; also by the operator. */
  readonly apiKeys: ApiKeys;
  readonly #options: AuthOptions;
  readonly #now: () => number;
  readonly #providers: ReadonlyMap<string, CredentialProvider>;
  readonly #users: UserRecords;
  readonly #sessions: UserSessions;
  readonly #tokens: Tokens;
  readonly #keys: UserKeys;
  readonly #passwords: EmailPasswords | undefined;
  readonly #functions: FunctionRunner;
  readonly #addresses: RateLimit;
  readonly #accounts: RateLimit;
  readonly #keyChanges: RateLimit;
  readonly #endListeners = new Set<(ended: { readonly userId: string; readonly sessionId?: string }) => void>();
  #sweptAtMs = 0;

  constructor(options: AuthOptions) {
    const { appId, database, now = Date.now } = options;
    if (!/^[\w-]{1,64}$/u.test(appId)) throw new AuthError("AUTH_CONFIGURATION_INVALID", "an application's id has 1 to 64 letters, digits, - and _");
    this.appId = appId;
    this.keyMode = options.key.mode;
    this.#options = options;
    this.#now = now;
    this.#providers = new Map(options.providers.map((provider) => [provider.name, provider]));
    if (this.#providers.size !== options.providers.length || this.#providers.has(API_KEY) || this.#providers.has(EMAIL_PASSWORD)) {
      throw new AuthError("AUTH_CONFIGURATION_INVALID", `two providers have one name, or the name '${API_KEY}' or '${EMAIL_PASSWORD}', which are the server's own`);
    }
    this.apiKeys = new ApiKeys({ appId, database, now });
    this.#users = new UserRecords({ appId, database, now });
    this.#sessions = new UserSessions({ appId, database, now, idleDays: options.sessionIdleDays ?? 60 });
    this.#tokens = new Tokens({ appId, secrets: options.secrets, issuer: options.issuer ?? "holdfast", accessSeconds: this.#accessSeconds(), now });
    this.#keys = new UserKeys({ appId, database, now, formerKeyDays: options.formerKeyDays ?? 400, providers: options.key.mode === "issued" ? options.key.providers : [] });
    this.#passwords =
      options.emailPassword === undefined
        ? undefined
        : new EmailPasswords({
            appId,
            database,
            now,
            options: options.emailPassword,
            onFailure: (error) => this.#log({ event: "hook-failed", ...codesOf(error) }),
            onReplaced: (email) => this.#passwordReplaced(email),
          });
    this.#functions = new FunctionRunner(options.functions ?? {}, options.functionLimits ?? {}, now);
    this.#addresses = new RateLimit(options.addressLimit ?? { burst: 60, perMinute: 60 }, now);
    this.#accounts = new RateLimit(options.accountLimit ?? { burst: 10, perMinute: 5 }, now);
    this.#keyChanges = new RateLimit(options.keyChangeLimit ?? { burst: 3, perMinute: 0.05 }, now);
  }

  /** Makes the tables, and asks the key provider for a wrap: with a wrapping key that is disabled or gone the server does not start. */
  async start(): Promise<void> {
    await createUserTables(this.#options.database);
    if (this.keyMode !== "issued") return;
    await this.#keys.check();
    await this.#keys.adoptOldUsers();
  }

  /** Logs somebody in; the first time makes user and key. @throws {AuthError} */
  async logIn(request: LoginRequest): Promise<LoginAnswer> {
    const { provider } = request;
    try {
      this.#addresses.take(`login ${addressGroup(request.address)}`);
      if (!isNonce(request.nonce)) throw new AuthError("REQUEST_INVALID", "expected 'nonce' to be 16 bytes in base64url");
      const answer = await this.#logIn(request);
      this.#log({ event: "login", provider, userId: answer.user.id });
      return answer;
    } catch (error) {
      this.#log({ event: "login-refused", provider: this.#isProvider(provider) ? provider : "unknown", ...codesOf(error) });
      throw error;
    }
  }

  async #logIn(request: LoginRequest): Promise<LoginAnswer> {
    const { userId, identity, verified } = await this.#whoIs(request);
    const before = await this.#liveUser(userId);
    await this.#users.noteLogin(userId, verified.profile);
    await this.#runTriggers(before, { identity, claims: verified.claims ?? {}, ...(request.app === undefined ? {} : { app: request.app }) });
    const user = await this.#liveUser(userId);
    const deviceId = request.deviceId ?? randomBytes(12).toString("hex");
    if (this.keyMode === "issued") await this.#keys.noteDevice(userId, deviceId);
    const claims = await this.#sessions.begin({ userId, deviceId, nonce: request.nonce });
    void this.#sweepNowAndThen();
    return { ...(await this.#answer(userId, claims)), user, deviceId, keyMode: this.keyMode };
  }

  /** Finds or makes the user behind credentials. */
  async #whoIs(request: LoginRequest): Promise<{ readonly userId: string; readonly identity: Identity; readonly verified: VerifiedCredentials }> {
    if (request.provider === API_KEY && this.#options.apiKeys === true) {
      const userId = await this.apiKeys.verify(request.payload);
      return { userId, identity: { provider: API_KEY, subject: userId }, verified: { subject: userId } };
    }
    const verified = await this.#verify(request.provider, request.payload);
    const identity = { provider: request.provider, subject: verified.subject };
    const { userId, isNew } = await this.#users.findOrCreate(identity, this.keyMode === "issued" ? (id) => this.#keys.make(id) : undefined);
    if (isNew) this.#log({ event: "first-login", provider: request.provider, userId });
    return { userId, identity, verified };
  }

  async #verify(name: string, payload: Readonly<Record<string, unknown>>): Promise<VerifiedCredentials> {
    if (name === EMAIL_PASSWORD && this.#passwords !== undefined) {
      if (typeof payload["email"] === "string") this.#accounts.take(`password ${normalized(payload["email"])}`);
      const subject = await this.#passwords.verify(payload);
      return { subject, profile: { email: subject } };
    }
    const provider = this.#providers.get(name);
    if (provider === undefined) throw new AuthError("PROVIDER_UNKNOWN", "this application has no such way to log in");
    return provider.verify(payload);
  }

  async #runTriggers(user: UserRecord, seen: SeenAtLogin): Promise<void> {
    const { onFirstLogin, onLogin } = this.#options;
    if (onFirstLogin !== undefined && !user.isTriggerDone) await this.#runFirst(onFirstLogin, user.id, seen);
    if (onLogin !== undefined) await this.#runTrigger(onLogin, await this.#liveUser(user.id), seen);
  }

  /** Runs the first login's trigger once for all logins that wait for it. */
  async #runFirst(trigger: LoginTrigger, userId: string, seen: SeenAtLogin): Promise<void> {
    for (let waitedMs = 0; !(await this.#users.takeTrigger(userId, TRIGGER_LEASE_MS)); waitedMs += TRIGGER_PAUSE_MS) {
      if ((await this.#liveUser(userId)).isTriggerDone) return;
      if (waitedMs > TRIGGER_LEASE_MS) throw new AuthError("TRIGGER_FAILED", "the application's function for first logins does not end: try again later");
      await sleep(TRIGGER_PAUSE_MS);
    }
    let isDone = false;
    try {
      await this.#runTrigger(trigger, await this.#liveUser(userId), seen);
      isDone = true;
    } finally {
      await this.#users.endTrigger(userId, isDone);
    }
  }

  async #runTrigger(trigger: LoginTrigger, { id, customData }: UserRecord, seen: SeenAtLogin): Promise<void> {
    const event: LoginEvent = { userId: id, customData, ...seen };
    try {
      const answer = await trigger(event);
      if (answer?.customData !== undefined) await this.#users.setCustomData(id, answer.customData);
    } catch (error) {
      this.#log({ event: "trigger-failed", userId: id, ...codesOf(error) });
      throw new AuthError("TRIGGER_FAILED", "a function of the application has failed: try again later", { cause: error });
    }
  }

  /** Gives new tokens for a refresh token. @throws {AuthError} `SESSION_INVALID`, `SESSION_REVOKED`, `USER_DISABLED` */
  async refresh({ refreshToken, nextNonce }: { readonly refreshToken: string; readonly nextNonce: string }): Promise<TokenAnswer & { readonly user: UserRecord }> {
    try {
      if (!isNonce(nextNonce)) throw new AuthError("REQUEST_INVALID", "expected 'next_nonce' to be 16 bytes in base64url");
      const claims = this.#tokens.verifyRefresh(refreshToken);
      const next = await this.#sessions.rotate(claims, nextNonce);
      const user = await this.#liveUser(next.userId);
      if (this.keyMode === "issued") await this.#keys.noteDevice(next.userId, next.deviceId);
      return { ...(await this.#answer(next.userId, next)), user };
    } catch (error) {
      const { code, cause } = codesOf(error);
      this.#log({ event: code === "SESSION_REVOKED" ? "session-revoked" : "refresh-refused", ...(code === undefined ? {} : { code }), ...(cause === undefined ? {} : { cause }) });
      throw error;
    }
  }

  /** Ends the session of a refresh token. No error if it has ended before. */
  async logOut(refreshToken: string): Promise<void> {
    const { sessionId } = this.#tokens.verifyRefresh(refreshToken);
    const userId = await this.#sessions.revoke(sessionId);
    if (userId !== undefined) this.#tellEnd({ userId, sessionId });
  }

  /** What sync sessions verify tokens with. */
  authenticator(): Authenticator {
    return {
      verify: async (token) => {
        try {
          const { userId, customData, expiresAtMs } = await this.verify(token);
          return { userId, customData, expiresAt: expiresAtMs };
        } catch (error) {
          const refused = REFUSALS[(error as { code?: string }).code ?? ""];
          if (refused === undefined) throw error;
          return { refused };
        }
      },
    };
  }

  /** Who a token belongs to, while its session and its user are there. @throws {AuthError} `TOKEN_EXPIRED`, `TOKEN_INVALID`, `USER_DISABLED` */
  async verify(accessToken: string): Promise<AuthenticatedUser> {
    const claims: AccessClaims = await this.#tokens.verifyAccess(accessToken);
    const [isLive, user] = await Promise.all([this.#sessions.isLive(claims), this.#liveUser(claims.userId)]);
    if (!isLive) throw new AuthError("TOKEN_INVALID", "the session of this token has ended");
    return { ...claims, customData: user.customData };
  }

  /** A user. @throws {AuthError} `TOKEN_INVALID`, `USER_DISABLED` */
  async user(userId: string): Promise<UserRecord> {
    return this.#liveUser(userId);
  }

  /**
   * A user's key. The bytes are the caller's to wipe.
   *
   * @param version - Of a former key; without it the newest.
   * @throws {AuthError} `KEY_NOT_ISSUED`, `KEY_UNKNOWN`, `KEY_UNREADABLE`, `PROVIDER_UNAVAILABLE`
   */
  async key(userId: string, version?: number): Promise<IssuedKey> {
    this.#requireIssued();
    // Each answer is an unwrapping, perhaps at a service that charges for it: who asks without end is no device that opens a database.
    this.#addresses.take(`key ${userId}`);
    return this.#keys.fetch(userId, version);
  }

  /**
   * Gives a user another key, for the operator. Devices fetch it when they next refresh their tokens, and re-key each file when it is next
   * opened; until then they have the former one.
   *
   * @throws {AuthError} `KEY_NOT_ISSUED`, `KEY_HISTORY_FULL`, `TOKEN_INVALID` without such a user, `PROVIDER_UNAVAILABLE`
   */
  async changeKey(userId: string): Promise<KeyName> {
    this.#requireIssued();
    return this.#changeKey(userId);
  }

  /** Gives every user who has a key another one. @returns How many were changed */
  async changeAllKeys(onProgress?: (count: number) => void): Promise<number> {
    this.#requireIssued();
    let count = 0;
    for await (const userId of this.#keys.owners()) {
      await this.#changeKey(userId);
      if (++count % 100 === 0) onProgress?.(count);
    }
    return count;
  }

  /**
   * The same for the user, who says which key is to be replaced: one that was replaced by now is not replaced again, so that a request whose
   * answer was lost may be repeated. Who asks has shown an access token; a key, old or new, gives no right to this.
   *
   * @throws {AuthError} As `changeKey`, and `RATE_LIMITED`
   */
  async changeOwnKey(userId: string, presentKeyId: string): Promise<KeyName> {
    this.#requireIssued();
    this.#keyChanges.take(userId);
    return this.#changeKey(userId, presentKeyId);
  }

  async #changeKey(userId: string, presentKeyId?: string): Promise<KeyName> {
    const { isNew, ...name } = await this.#keys.change(userId, presentKeyId);
    if (isNew) this.#log({ event: "key-changed", userId });
    return name;
  }

  /** A device has all its files of a user under a key: former keys that nobody else needs are forgotten. @throws {AuthError} `KEY_UNKNOWN` */
  async keySettled({ userId, sessionId, keyId }: { readonly userId: string; readonly sessionId: string; readonly keyId: string }): Promise<void> {
    this.#requireIssued();
    const deviceId = await this.#sessions.deviceOf(sessionId);
    if (deviceId !== undefined) await this.#keys.settled({ userId, deviceId, keyId });
  }

  #requireIssued(): void {
    if (this.keyMode !== "issued") throw new AuthError("KEY_NOT_ISSUED", "this application keeps its users' keys on their devices");
  }

  /** Wraps all users' keys under the first key provider. May be ended and run again. @returns How many were wrapped anew */
  rewrapKeys(onProgress?: (count: number) => void): Promise<number> {
    return this.#keys.rewrapAll(onProgress);
  }

  /** Gives a user one more way to log in. @throws {AuthError} `IDENTITY_TAKEN`, and as `logIn` */
  async link(userId: string, { provider, payload, address }: { readonly provider: string; readonly payload: LoginRequest["payload"]; readonly address: string }): Promise<UserRecord> {
    this.#addresses.take(`login ${addressGroup(address)}`);
    if (provider === API_KEY || provider === "anon-user") throw new AuthError("PROVIDER_UNKNOWN", "such credentials cannot be linked");
    const verified = await this.#verify(provider, payload);
    await this.#users.link(userId, { provider, subject: verified.subject });
    if (verified.profile !== undefined) await this.#users.noteLogin(userId, verified.profile);
    return this.#liveUser(userId);
  }

  /** Registers an e-mail address. @throws {AuthError} `NAME_TAKEN`, `PASSWORD_INVALID`, `PROVIDER_UNKNOWN`, `HOOK_FAILED` */
  async register(payload: LoginRequest["payload"], address: string): Promise<void> {
    this.#addresses.take(`login ${addressGroup(address)}`);
    await this.#emailPassword().register(payload);
  }

  /** Confirms an address, with what the hook was given for it. @throws {AuthError} `MAIL_TOKEN_INVALID`, `PROVIDER_UNKNOWN` */
  async confirmEmail(payload: LoginRequest["payload"], address: string): Promise<void> {
    this.#addresses.take(`login ${addressGroup(address)}`);
    await this.#emailPassword().confirm(payload);
  }

  /** Has a message sent again, or one to replace a password with. @throws {AuthError} `HOOK_MISSING`, `PROVIDER_UNKNOWN`, `RATE_LIMITED` */
  sendMail(kind: "confirm" | "reset", payload: LoginRequest["payload"], address: string): void {
    this.#addresses.take(`login ${addressGroup(address)}`);
    const passwords = this.#emailPassword();
    if (typeof payload["email"] === "string") this.#accounts.take(`mail ${normalized(payload["email"])}`);
    if (kind === "confirm") passwords.resendConfirmation(payload);
    else passwords.sendReset(payload);
  }

  /** Replaces a password, with what the hook was given for it. @throws {AuthError} `MAIL_TOKEN_INVALID`, `PASSWORD_INVALID` */
  async resetPassword(payload: LoginRequest["payload"], address: string): Promise<void> {
    this.#addresses.take(`login ${addressGroup(address)}`);
    await this.#emailPassword().reset(payload);
  }

  /** Lets the application's function decide about another password. @throws {AuthError} `HOOK_MISSING`, `HOOK_FAILED`, `CREDENTIALS_REFUSED` */
  async resetByFunction(payload: LoginRequest["payload"], address: string): Promise<void> {
    this.#addresses.take(`login ${addressGroup(address)}`);
    const passwords = this.#emailPassword();
    if (typeof payload["email"] === "string") this.#accounts.take(`password ${normalized(payload["email"])}`);
    await passwords.resetByFunction(payload);
  }

  #emailPassword(): EmailPasswords {
    if (this.#passwords === undefined) throw new AuthError("PROVIDER_UNKNOWN", "this application has no such way to log in");
    return this.#passwords;
  }

  async #passwordReplaced(email: string): Promise<void> {
    const userId = await this.#users.findByIdentity({ provider: EMAIL_PASSWORD, subject: email });
    if (userId !== undefined) await this.revokeSessions(userId);
  }

  /** For the operator, who has made sure who asks: another password; all sessions of the user end. */
  async replacePassword(email: string, password: string): Promise<boolean> {
    return (await this.#passwords?.replace(email, password)) ?? false;
  }

  /** Calls a function as a user. @throws {AuthError} `FUNCTION_UNKNOWN`, `FUNCTION_REFUSED`, `FUNCTION_FAILED`, `RATE_LIMITED` */
  async callFunction(userId: string, name: string, args: unknown): Promise<unknown> {
    const { id, customData, profile, identities } = await this.#liveUser(userId);
    try {
      return await this.#functions.call({ id, customData, profile, identities }, name, args);
    } catch (error) {
      const { code, cause } = codesOf(error);
      if (code === "FUNCTION_FAILED") this.#log({ event: "function-failed", userId, code, ...(cause === undefined ? {} : { cause }) });
      throw error;
    }
  }

  /** Replaces a user's custom data. @returns False without such a user */
  setCustomData(userId: string, customData: CustomData): Promise<boolean> {
    return this.#users.setCustomData(userId, customData);
  }

  /** Keeps a user out, or lets it in again. */
  async setDisabled(userId: string, isDisabled: boolean): Promise<boolean> {
    const isThere = await this.#users.setDisabled(userId, isDisabled);
    if (isDisabled) this.#tellEnd({ userId });
    return isThere;
  }

  /** Ends all sessions of a user: a lost device. */
  async revokeSessions(userId: string): Promise<void> {
    await this.#sessions.revokeAll(userId);
    this.#tellEnd({ userId });
  }

  /** Deletes a user with its key. Files on devices that were encrypted under it open no more, but where a device still has the key. */
  async deleteUser(userId: string): Promise<void> {
    await this.#users.delete(userId);
    this.#log({ event: "user-deleted", userId });
    this.#tellEnd({ userId });
  }

  /** Tells of sessions that this server has ended: one, or all of a user. Other servers see it at the next `verify`. @returns How to end it */
  onSessionEnd(listener: (ended: { readonly userId: string; readonly sessionId?: string }) => void): () => void {
    this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }

  async #liveUser(userId: string): Promise<UserRecord> {
    const user = await this.#users.read(userId);
    if (user === undefined) throw new AuthError("TOKEN_INVALID", "there is no such user any more");
    if (user.isDisabled) throw new AuthError("USER_DISABLED", "user disabled");
    return user;
  }

  async #answer(userId: string, claims: Parameters<Tokens["signRefresh"]>[0]): Promise<TokenAnswer> {
    const accessToken = await this.#tokens.signAccess({ userId, sessionId: claims.sessionId });
    return { accessToken, refreshToken: this.#tokens.signRefresh(claims), expiresInSeconds: this.#accessSeconds(), serverTimeMs: this.#now() };
  }

  #accessSeconds(): number {
    return this.#options.accessTokenSeconds ?? 1800;
  }

  async #sweepNowAndThen(): Promise<void> {
    if (this.#now() - this.#sweptAtMs < SWEEP_MS) return;
    this.#sweptAtMs = this.#now();
    await this.#sessions.sweep().catch((error: unknown) => this.#log({ event: "request-failed", ...codesOf(error) }));
  }

  #isProvider(name: string): boolean {
    return this.#providers.has(name) || [API_KEY, EMAIL_PASSWORD].includes(name);
  }

  #tellEnd(ended: { readonly userId: string; readonly sessionId?: string }): void {
    for (const listener of this.#endListeners) listener(ended);
  }

  #log(entry: AuthLogEntry): void {
    this.#options.log?.(entry);
  }
}

/** Codes of an error and of what is behind it: never its message, which may quote. */
export function codesOf(error: unknown): { readonly code?: string; readonly cause?: string } {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown; name?: unknown } };
  const inner = cause?.code ?? cause?.name;
  return { ...(typeof code === "string" ? { code } : {}), ...(typeof inner === "string" ? { cause: inner } : {}) };
}
