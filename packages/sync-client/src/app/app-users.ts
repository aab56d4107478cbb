/**
 * What an app does with its users: log in and out, keys, files. `App` and `User` are its faces.
 *
 * @module
 */
import type { DatabaseKeys } from "@holdfast/key-store";
import { Realm } from "@holdfast/realm";
import { absolutePath, whenReady } from "@holdfast/realm/replica";
import { AppError } from "./app-error.ts";
import type { Answer, AuthRequest } from "./auth-connection.ts";
import { AuthConnection } from "./auth-connection.ts";
import type { Credentials } from "./credentials.ts";
import { IssuedKeys } from "./issued-keys.ts";
import type { FileToOpen } from "./issued-keys.ts";
import { ProviderType } from "./credentials.ts";
import type { MetadataFile, StoredUser } from "./metadata-file.ts";
import { newNonce } from "./nonce.ts";
import { sessionAnswer, textOf, userAnswer } from "./session-answer.ts";
import type { NetworkConfiguration } from "../session/network.ts";
import { TokensOfUser } from "./tokens-of-user.ts";

/** What the users of an app share. */
export interface AppUsersOptions {
  readonly appId: string;
  readonly connection: () => AuthConnection;
  /** Headers, proxy and authorities, as of now. */
  readonly network: () => NetworkConfiguration;
  readonly keys: DatabaseKeys | undefined;
  /** What the application says of itself. */
  readonly app: { readonly name?: string; readonly version?: string } | undefined;
  /** The file, open. @throws {AppError} `APP_NOT_READY` */
  readonly metadata: () => MetadataFile;
  /** Something about a user has changed. `isOfApp`: who is logged in, or what is known of them. */
  readonly onChange: (userId: string, isOfApp: boolean) => void;
  /** Ends the user's sync sessions whose realms were closed. */
  readonly onEnd: (userId: string) => void;
}

/** The users of an app on this device. */
export class AppUsers {
  readonly metadata: () => MetadataFile;
  readonly #options: AppUsersOptions;
  readonly #tokens = new Map<string, TokensOfUser>();
  readonly #issued = new Map<string, IssuedKeys>();
  /** Files that are open in this process, and how often. */
  readonly #held = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: AppUsersOptions) {
    this.#options = options;
    this.metadata = options.metadata;
  }

  /** Where sync sessions connect to. */
  get syncUrl(): string {
    return `${this.#options.connection().baseUrl.replace(/^http/iu, "ws")}/app/${this.#options.appId}/sync`;
  }

  /** Headers, proxy and authorities of the app's connections. */
  get network(): NetworkConfiguration {
    return this.#options.network();
  }

  /** Logs in. @returns The user's id */
  logIn(credentials: Credentials): Promise<string> {
    return this.#inTurn(async () => {
      const metadata = this.metadata();
      const { provider, isReused, payload } = credentials;
      const known = provider === ProviderType.AnonUser && isReused ? metadata.users().find((user) => user.state === "LoggedIn" && isAnonymous(user)) : undefined;
      if (known !== undefined) {
        metadata.currentUser = known.id;
        return known.id;
      }
      const nonce = newNonce();
      const { app } = this.#options;
      const { deviceId } = metadata;
      const raw = await this.#options.connection().ask({ method: "POST", path: "/login", body: { ...payload, provider, refresh_nonce: nonce, ...(deviceId === null ? {} : { device_id: deviceId }), ...(app === undefined ? {} : { app }) } });
      const answer = sessionAnswer(raw);
      metadata.putLogin(answer, { deviceId: textOf(raw, "device_id"), nextNonce: newNonce() });
      // So that the files open offline from now on. What fails here fails again in databaseKey(), and is told there.
      if (answer.keyMode === "issued") await this.issuedKeys(answer.userId)?.newest().then((key) => key.fill(0), () => undefined);
      return answer.userId;
    }).then((userId) => {
      this.#options.onChange(userId, true);
      void this.clean();
      return userId;
    });
  }

  /** Makes another user the current one. @throws {AppError} `USER_NOT_LOGGED_IN` */
  switchTo(userId: string): void {
    if (this.metadata().user(userId)?.state !== "LoggedIn") throw new AppError("USER_NOT_LOGGED_IN", "User is no longer valid or is logged out");
    this.metadata().currentUser = userId;
    this.#options.onChange(userId, true);
  }

  /** Logs out. An anonymous user, who cannot log in again, is removed. */
  async logOut(userId: string): Promise<void> {
    const user = this.metadata().user(userId);
    if (user?.state !== "LoggedIn") return;
    if (isAnonymous(user)) return this.remove(userId);
    await this.#end(userId, () => this.metadata().putLogOut(userId, { isEnding: true, doomsKey: user.keyMode === "issued" }));
  }

  /** Removes a user, its key and its files from this device. */
  async remove(userId: string): Promise<void> {
    if (this.metadata().user(userId) === undefined) throw new AppError("USER_UNKNOWN", "User has already been removed");
    await this.#end(userId, () => this.metadata().putRemoval(userId));
  }

  /** Deletes a user in the server, and removes it here. */
  async delete(userId: string): Promise<void> {
    const user = this.metadata().user(userId);
    if (user?.state !== "LoggedIn") throw new AppError("USER_NOT_LOGGED_IN", "User must be logged in to be deleted.");
    await this.askAs(userId, { method: "DELETE", path: "/user" });
    await this.#end(userId, () => this.metadata().putRemoval(userId));
  }

  /** Adds an identity. */
  async link(userId: string, credentials: Credentials): Promise<void> {
    this.metadata().putUser(userAnswer(await this.askAs(userId, { method: "POST", path: "/user/link", body: { ...credentials.payload, provider: credentials.provider } })));
    this.#options.onChange(userId, true);
  }

  /** Asks the server in a user's name; refreshes the token if the server does not take it. */
  async askAs(userId: string, request: Omit<AuthRequest, "accessToken">): Promise<Answer> {
    const tokens = this.tokens(userId);
    const accessToken = await tokens.access();
    try {
      return await this.#options.connection().ask({ ...request, accessToken });
    } catch (error) {
      if (!["TOKEN_EXPIRED", "TOKEN_INVALID"].includes((error as Partial<AppError>).code ?? "")) throw error;
      return this.#options.connection().ask({ ...request, accessToken: await tokens.refresh() });
    }
  }

  /** A user's tokens. */
  tokens(userId: string): TokensOfUser {
    const known = this.#tokens.get(userId);
    if (known !== undefined) return known;
    const { appId, connection, keys, onChange } = this.#options;
    const tokens = new TokensOfUser({
      userId,
      metadata: this.metadata(),
      connection,
      store: keys?.store,
      lockName: `app/${appId}/user/${userId}/tokens`,
      onRefresh: () => {
        onChange(userId, false);
        // The answer has said which key is the newest.
        void this.issuedKeys(userId)?.follow();
      },
      onSessionOver: (isRevoked) => this.#sessionOver(userId, isRevoked),
    });
    this.#tokens.set(userId, tokens);
    return tokens;
  }

  /** The keys that the server has issued for a user; undefined if it does not, or there is no key store. */
  issuedKeys(userId: string): IssuedKeys | undefined {
    const { keys } = this.#options;
    if (keys === undefined || this.metadata().user(userId)?.keyMode !== "issued") return undefined;
    const known = this.#issued.get(userId);
    if (known !== undefined) return known;
    const issued = this.#makeIssued(userId, keys);
    this.#issued.set(userId, issued);
    return issued;
  }

  #makeIssued(userId: string, keys: DatabaseKeys): IssuedKeys {
    return new IssuedKeys({ userId, name: this.#keyName(userId), keys, metadata: this.metadata, ask: (request) => this.askAs(userId, request), isHeld: (path) => this.#held.has(path) });
  }

  /** Another key for a user. */
  async changeKey(userId: string): Promise<void> {
    const { keys } = this.#options;
    const user = this.metadata().user(userId);
    if (user?.state !== "LoggedIn") throw new AppError("USER_NOT_LOGGED_IN", "The specified user is not logged in.");
    if (keys === undefined) throw storeMissing();
    const issued = this.issuedKeys(userId);
    if (issued === undefined) throw new AppError("KEY_NOT_ISSUED", "this user's key is the device's own: give each file another one with Realm.rekey, or keys.rotate");
    await issued.change();
  }

  /** Wipes keys from memory. */
  wipeKeys(): void {
    for (const issued of this.#issued.values()) issued.wipe();
    this.#issued.clear();
  }

  /** The key of a user's files, or of one of them. */
  async databaseKey(userId: string, file?: FileToOpen): Promise<Uint8Array> {
    const { keys } = this.#options;
    const user = this.metadata().user(userId);
    if (user?.state !== "LoggedIn") throw new AppError("USER_NOT_LOGGED_IN", "The specified user is not logged in.");
    if (keys === undefined) throw storeMissing();
    const issued = this.issuedKeys(userId);
    if (issued !== undefined) return file === undefined ? issued.newest() : this.#keyOfFile(userId, issued, file);
    const files = this.metadata().files(userId);
    return keys.getOrCreate({ name: this.#keyName(userId), databaseExists: () => files.some((path) => Realm.exists(path)) });
  }

  async #keyOfFile(userId: string, issued: IssuedKeys, file: FileToOpen): Promise<Uint8Array> {
    const path = absolutePath(file.path ?? Realm.defaultPath);
    this.metadata().putKeyedFile(path, userId);
    const newest = await issued.newest();
    return whenReady([path], async () => {
      await issued.prepare(path, newest);
      return issued.keyFor({ ...file, path })?.slice() ?? newest;
    });
  }

  /** Notes that a file is a user's and open. @returns What to call when it is closed */
  holdFile(path: string, userId: string): () => void {
    const metadata = this.metadata();
    if (metadata.pending().files.includes(path)) this.#deleteFile(path);
    metadata.putFile(path, userId);
    this.#held.set(path, (this.#held.get(path) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#held.get(path) ?? 1) - 1;
      if (left > 0) this.#held.set(path, left);
      else this.#held.delete(path);
      // An app that was closed meanwhile does it at its next start.
      if (left === 0 && !metadata.isClosed && metadata.pending().files.includes(path)) this.#deleteFile(path);
    };
  }

  /**
   * Does what log outs and removals have left to do: keys out of the store, files away, sessions ended in the server.
   * Begun anew at the next start if it is cut off. Never fails: what cannot be done yet stays on the list.
   */
  async clean(): Promise<void> {
    const { keys, connection } = this.#options;
    const metadata = this.metadata();
    const { files, keys: userIds, sessions } = metadata.pending();
    for (const path of files) if (!this.#held.has(path)) this.#deleteFile(path);
    for (const userId of userIds) {
      // The user has logged in again meanwhile.
      if (metadata.user(userId)?.state === "LoggedIn") metadata.strike("DoomedKey", userId);
      else if (keys !== undefined) await this.#forgetKeys(userId, keys).then(() => metadata.strike("DoomedKey", userId)).catch(() => undefined);
    }
    for (const refreshToken of sessions) {
      await connection()
        .ask({ method: "POST", path: "/session/end", body: { refresh_token: refreshToken } })
        .catch((error: AppError) => {
          if (error.code === "NETWORK_UNAVAILABLE") throw error;
        })
        .then(() => metadata.strike("EndedSession", refreshToken))
        // No network, or the app was closed meanwhile: stays on the list.
        .catch(() => undefined);
    }
  }

  async #forgetKeys(userId: string, keys: DatabaseKeys): Promise<void> {
    // Of a user who was removed nobody knows any more whether the key was issued.
    await (this.#issued.get(userId) ?? this.#makeIssued(userId, keys)).forget();
  }

  #deleteFile(path: string): void {
    try {
      Realm.deleteFile({ path });
      this.metadata().strike("FileMetadata", path);
    } catch {
      // Open elsewhere, or not to be had now: stays on the list.
    }
  }

  async #end(userId: string, note: () => void): Promise<void> {
    await this.#inTurn(async () => {
      note();
      this.#options.onEnd(userId);
      await this.clean();
    });
    this.#tokens.delete(userId);
    this.#options.onChange(userId, true);
  }

  /** The server has ended the session: as a log out, but a key goes only if the session was ended on purpose. */
  async #sessionOver(userId: string, isRevoked: boolean): Promise<void> {
    const user = this.metadata().user(userId);
    this.metadata().putLogOut(userId, { isEnding: false, doomsKey: isRevoked && user?.keyMode === "issued" });
    this.#options.onEnd(userId);
    await this.clean();
    this.#options.onChange(userId, true);
  }

  #keyName(userId: string): string {
    return `app/${this.#options.appId}/user/${userId}`;
  }

  /** One log in, log out or removal at a time. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function storeMissing(): AppError {
  return new AppError("KEY_STORE_MISSING", "the keys of users are kept in the device's key store: hand in 'keys' in the configuration of the app");
}

function isAnonymous({ identities }: StoredUser): boolean {
  return identities.length > 0 && identities.every(({ providerType }) => providerType === ProviderType.AnonUser);
}
