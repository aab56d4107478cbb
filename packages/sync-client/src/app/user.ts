/**
 * A user of an app on this device, in realm-js's shape.
 *
 * Holds nothing: what it shows stands in the app-metadata file, so that all processes of the device agree.
 *
 * @module
 */
import { TypeAssertionError } from "@holdfast/realm";
import { ApiKeyAuth } from "./api-key-auth.ts";
import type { AskAsUser } from "./api-key-auth.ts";
import type { AppUsers } from "./app-users.ts";
import { AppError } from "./app-error.ts";
import { Credentials } from "./credentials.ts";
import type { FileToOpen } from "./issued-keys.ts";
import { Listeners } from "./listeners.ts";
import type { ChangeCallback } from "./listeners.ts";
import { UserState } from "./metadata-file.ts";
import type { StoredUser, UserStateName } from "./metadata-file.ts";
import { callServerFunction, functionsOf, noMongoClient, noPush } from "./server-functions.ts";
import type { DefaultFunctionsFactory } from "./server-functions.ts";
import type { NetworkConfiguration } from "../session/network.ts";
import type { SyncUser } from "../user.ts";
import type { KeyMode, UserIdentity } from "./session-answer.ts";

/** What providers say of users, if they do. */
export interface DefaultUserProfileData {
  readonly name?: string;
  readonly email?: string;
  readonly pictureUrl?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly gender?: string;
  readonly birthday?: string;
  readonly minAge?: string;
  readonly maxAge?: string;
  readonly [field: string]: unknown;
}

/** Any user. */
export type AnyUser = User<object, object, object>;

/** A user. */
export class User<Functions extends object = DefaultFunctionsFactory, CustomData extends object = Record<string, unknown>, Profile extends object = DefaultUserProfileData> implements SyncUser {
  readonly id: string;
  readonly #users: AppUsers;
  readonly #listeners = new Listeners();
  readonly #ask: AskAsUser = (request) => this.#users.askAs(this.id, request);

  /** @internal */
  constructor(id: string, users: AppUsers) {
    this.id = id;
    this.#users = users;
  }

  /** @internal */
  tellListeners(): void {
    this.#listeners.tell();
  }

  /** `LoggedIn`, `LoggedOut`, or `Removed` from this device. */
  get state(): UserStateName {
    return this.#stored?.state ?? UserState.Removed;
  }

  get isLoggedIn(): boolean {
    return this.state === UserState.LoggedIn;
  }

  /** What the user can log in with. */
  get identities(): UserIdentity[] {
    return [...(this.#stored?.identities ?? [])];
  }

  /** @deprecated `identities` has all. */
  get providerType(): string {
    const [first] = this.identities;
    if (first === undefined) throw new AppError("USER_UNKNOWN", "No provider found");
    return first.providerType;
  }

  /** What the server knows this device by. */
  get deviceId(): string | null {
    return this.#users.metadata().deviceId;
  }

  /** The access token as it is stored, fresh or not; null when logged out. */
  get accessToken(): string | null {
    return this.#stored?.accessToken || null;
  }

  /** The refresh token; null when logged out. Using it elsewhere ends the session. */
  get refreshToken(): string | null {
    return this.#stored?.refreshToken || null;
  }

  /** What the application keeps with the user in the server, as of the last refresh. */
  get customData(): CustomData {
    return { ...this.#stored?.customData } as CustomData;
  }

  /** What the provider said of the user: name, e-mail address and the like. */
  get profile(): Profile {
    return { ...this.#stored?.profile } as Profile;
  }

  /** Whether the server issues the key of the user's files, or the device keeps it alone. */
  get keyMode(): KeyMode | undefined {
    return this.#stored?.keyMode;
  }

  get apiKeys(): ApiKeyAuth {
    return new ApiKeyAuth(this.#ask);
  }

  /**
   * The 64 bytes that this user's files are encrypted under, as fresh bytes. Comes from the device's key store; the first time,
   * if the server issues keys, from the server. Realms with `sync` may be under a former key of the user: they are found out, and re-keyed, when
   * they are opened. A realm without `sync` has to be named here.
   *
   * @param file - One realm's path, and its anchor if it has one: the key of that file, after it was given the newest if nobody has it open.
   * @throws {AppError} `USER_NOT_LOGGED_IN`, `KEY_STORE_MISSING`, `NETWORK_UNAVAILABLE`; and the key store's codes: `KEY_LOST` if the
   * device alone had the key and it is gone while a file of the user exists. No new key is made then.
   */
  databaseKey(file?: FileToOpen): Promise<Uint8Array> {
    return this.#users.databaseKey(this.id, file);
  }

  /**
   * Has the server make another key for this user (ours). Each file gets it when it is next opened, here and on the user's other devices;
   * until then they open as before. Nothing is to be done but to go on handing in what `databaseKey()` gives.
   *
   * @throws {AppError} `USER_NOT_LOGGED_IN`, `NETWORK_UNAVAILABLE`, `RATE_LIMITED`, `KEY_HISTORY_FULL`; `KEY_NOT_ISSUED` if keys are the devices' own
   */
  changeKey(): Promise<void> {
    return this.#users.changeKey(this.id);
  }

  /** Ends the session. What happens to key and files: docs/guides/sync.md. Works offline; the server is told later. */
  logOut(): Promise<void> {
    return this.#users.logOut(this.id);
  }

  /** Adds another way to log in as this user. */
  async linkCredentials(credentials: Credentials): Promise<void> {
    if (!(credentials instanceof Credentials)) throw new TypeAssertionError("an instance of Credentials", credentials, "credentials");
    await this.#users.link(this.id, credentials);
  }

  /** Refreshes the tokens, and custom data with them. */
  async refreshCustomData(): Promise<CustomData> {
    await this.#users.tokens(this.id).refresh();
    return this.customData;
  }

  /** Called when tokens, custom data or the state change. */
  addListener(callback: ChangeCallback): void {
    this.#listeners.add(callback);
  }

  removeListener(callback: ChangeCallback): void {
    this.#listeners.remove(callback);
  }

  removeAllListeners(): void {
    this.#listeners.removeAll();
  }

  /** The server's functions, by name. */
  get functions(): Functions {
    return functionsOf<Functions>(this.#ask);
  }

  /** Calls a function of the server as this user. @throws {AppError} `FUNCTION_UNKNOWN`, `FUNCTION_REFUSED`, `FUNCTION_FAILED`, ... */
  callFunction(name: string, ...args: unknown[]): Promise<unknown> {
    return callServerFunction(this.#ask, name, args);
  }

  /** @throws {AppError} `NOT_SUPPORTED` */
  push(_serviceName: string): never {
    return noPush();
  }

  /** @throws {AppError} `NOT_SUPPORTED` */
  mongoClient(_serviceName: string): never {
    return noMongoClient();
  }

  /** Where this user's files are synced with. */
  get url(): string {
    return this.#users.syncUrl;
  }

  /** @internal Headers, proxy and authorities of the app. */
  get network(): NetworkConfiguration {
    return this.#users.network;
  }

  /** An access token that is good now; refreshed if need be. @throws {AppError} `USER_NOT_LOGGED_IN`, `NETWORK_UNAVAILABLE` */
  freshAccessToken(): Promise<string> {
    return this.#users.tokens(this.id).access();
  }

  /** Another access token than the present one, which a server did not take. */
  refreshAccessToken(): Promise<string> {
    return this.#users.tokens(this.id).refresh();
  }

  /** @internal How long the stored token still lives, by the server's clock. */
  accessTokenLeftMs(): number | undefined {
    return this.#users.tokens(this.id).leftMs;
  }

  /** @internal The next refresh finds out whether it is so, and does what follows. */
  loggedOutByServer(): void {
    void this.refreshAccessToken().catch(() => undefined);
  }

  /** @internal Once what can be done now about keys that were changed is done. */
  async keysFollowed(): Promise<void> {
    await this.#users.issuedKeys(this.id)?.follow();
  }

  /** @internal See SyncUser. */
  prepareKey(path: string, given: Uint8Array): Promise<void> | undefined {
    return this.#users.issuedKeys(this.id)?.prepare(path, given);
  }

  /** @internal See SyncUser. */
  keyFor(file: FileToOpen, given: Uint8Array): Uint8Array | undefined {
    return this.#users.issuedKeys(this.id)?.keyFor(file, given);
  }

  /** @internal Notes that a file is this user's. @returns What to call when the file is closed */
  holdFile(path: string): () => void {
    return this.#users.holdFile(path, this.id);
  }

  get #stored(): StoredUser | undefined {
    return this.#users.metadata().user(this.id);
  }
}
