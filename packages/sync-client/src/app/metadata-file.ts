/**
 * The app-metadata file: users, tokens and which files are whose, in a realm of its own.
 *
 * It opens before anyone has logged in, so its key is the device's, from the key store; a user's key is another one.
 *
 * @module
 */
import { openWithKeys, Realm, UpdateMode } from "@holdfast/realm";
import type { Configuration, ObjectSchema, RealmKeys } from "@holdfast/realm";
import type { KeyMode, SessionAnswer, UserAnswer, UserIdentity } from "./session-answer.ts";

/** Realm's names for how the file is kept. */
export const MetadataMode = { NoEncryption: "noEncryption", Encryption: "encryption", InMemory: "inMemory", NoMetadata: "inMemory" } as const;
export type MetadataMode = (typeof MetadataMode)[keyof typeof MetadataMode];

/** One of them. */
export type MetadataModeName = (typeof MetadataMode)[keyof typeof MetadataMode];

/** Realm's states of a user. */
export const UserState = { Active: "active", LoggedIn: "LoggedIn", LoggedOut: "LoggedOut", Removed: "Removed" } as const;
export type UserState = (typeof UserState)[keyof typeof UserState];

/** One of them. */
export type UserStateName = (typeof UserState)[keyof typeof UserState];

/** How the file is opened. */
export interface MetadataFileOptions {
  readonly path: string;
  readonly mode: MetadataModeName;
  /** A key of the application's own in the place of the key store's. */
  readonly encryptionKey?: ArrayBuffer | ArrayBufferView | number[];
  readonly keys?: RealmKeys;
  /** Name of the file's key in the key store. */
  readonly keyName: string;
}

/** A user as it is stored. */
export interface StoredUser {
  readonly id: string;
  readonly state: "LoggedIn" | "LoggedOut";
  readonly accessToken: string;
  /** By the server's clock. */
  readonly accessExpiresMs: number;
  readonly refreshToken: string;
  /** Goes with the next refresh: stored beforehand, so that a refresh that was cut off can be repeated with the same words. */
  readonly nextNonce: string;
  readonly identities: readonly UserIdentity[];
  readonly customData: Readonly<Record<string, unknown>>;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly keyMode: KeyMode;
}

interface UserRow {
  id: string;
  state: string;
  accessToken: string;
  accessExpiresMs: number;
  refreshToken: string;
  nextNonce: string;
  identities: string;
  customData: string;
  profile: string;
  keyMode: string;
  loggedInAt: number;
}

/** What is known of a user's issued keys; an id that is not known is an empty text. */
export interface KeyState {
  /** The newest one, by what the server has said last. */
  readonly newestId: string;
  /** The how many-th that one is; 0 if that is not known. */
  readonly newestVersion: number;
  /** The one that stands under the user's own name in the key store. */
  readonly mainId: string;
  /** The one that all files were under when the server was told so. */
  readonly settledId: string;
}

interface AppRow {
  id: string;
  currentUser: string | null;
  deviceId: string;
  clockOffsetMs: number;
  loginCount: number;
  baseUrl: string | null;
  baseUrlInPlaceOf: string | null;
}

const SCHEMA: ObjectSchema[] = [
  {
    name: "UserMetadata",
    primaryKey: "id",
    properties: {
      id: "string", state: "string", accessToken: "string", accessExpiresMs: "int", refreshToken: "string", nextNonce: "string", identities: "string", customData: "string", profile: "string",
      keyMode: "string", loggedInAt: "int",
    },
  },
  { name: "AppMetadata", primaryKey: "id", properties: { id: "string", currentUser: "string?", deviceId: "string", clockOffsetMs: "int", loginCount: "int", baseUrl: "string?", baseUrlInPlaceOf: "string?" } },
  { name: "FileMetadata", primaryKey: "path", properties: { path: "string", userId: "string", isDoomed: "bool" } },
  { name: "EndedSession", primaryKey: "refreshToken", properties: { refreshToken: "string" } },
  { name: "DoomedKey", primaryKey: "name", properties: { name: "string" } },
  { name: "KeyMetadata", primaryKey: "userId", properties: { userId: "string", newestId: "string", newestVersion: "int", mainId: "string", settledId: "string" } },
  { name: "SpareKey", primaryKey: "name", properties: { name: "string", userId: "string", keyId: "string" } },
  { name: "KeyedFile", primaryKey: "path", properties: { path: "string", userId: "string" } },
];

/** 1: the address that the app was moved to. */
const SCHEMA_VERSION = 1;

const APP = "app";

/** Behind the file's name: the side file whose lock is the right to refresh a token. It holds nothing. */
const LOCK_SUFFIX = ".tokens-lock";

/** The file, open. */
export class MetadataFile {
  /** The file whose lock is for asking the server for tokens; undefined if nothing is on the disk. */
  readonly lockPath: string | undefined;
  readonly #realm: Realm;

  private constructor(realm: Realm, { mode, path }: MetadataFileOptions) {
    this.#realm = realm;
    this.lockPath = mode === MetadataMode.InMemory ? undefined : path + LOCK_SUFFIX;
  }

  /**
   * Opens or makes the file.
   *
   * @throws As `openWithKeys` (`KEY_LOST`, `KEY_MISMATCH`, `STORE_LOCKED`, ...) or `Realm.open` (`KEY_WRONG`, `KEY_MISSING`,
   * `KEY_SUPERFLUOUS`, ...). No failure changes a file.
   */
  static async open(options: MetadataFileOptions): Promise<MetadataFile> {
    const { path, mode, keys, keyName, encryptionKey } = options;
    if (mode === MetadataMode.Encryption && encryptionKey === undefined && keys !== undefined) return new MetadataFile(await openWithKeys({ path, schema: SCHEMA, schemaVersion: SCHEMA_VERSION }, { keys, name: keyName }), options);
    return new MetadataFile(await Realm.open(configuration(options)), options);
  }

  /** The same without waiting; not with a key store. */
  static openNow(options: MetadataFileOptions): MetadataFile {
    return new MetadataFile(new Realm(configuration(options)), options);
  }

  close(): void {
    this.#realm.close();
  }

  /** A user, as the newest commit has it, whichever process made it. */
  user(id: string): StoredUser | undefined {
    const row = this.#realm.objectForPrimaryKey<UserRow>("UserMetadata", id);
    return row === null ? undefined : stored(row);
  }

  /** The same, read where no other process can be writing. */
  newestUser(id: string): StoredUser | undefined {
    return this.#realm.write(() => this.user(id));
  }

  /** All users, those who logged in last first. */
  users(): StoredUser[] {
    return [...this.#realm.objects<UserRow>("UserMetadata").sorted("loggedInAt", true)].map(stored);
  }

  get currentUser(): string | null {
    return this.#app()?.currentUser ?? null;
  }

  set currentUser(id: string | null) {
    this.#realm.write(() => this.#appForWriting().currentUser = id);
  }

  /** What the server knows this device by; null before the first login. */
  get deviceId(): string | null {
    return this.#app()?.deviceId || null;
  }

  /** The address that the app was moved to from the one in its configuration; null if it was not, or not from that one. */
  movedFrom(configured: string | undefined): string | null {
    const app = this.#app();
    return app !== null && (app.baseUrlInPlaceOf ?? undefined) === configured ? app.baseUrl : null;
  }

  /** Notes a move; null: back to what is configured. */
  putMove(baseUrl: string | null, configured: string | undefined): void {
    this.#realm.write(() => void Object.assign(this.#appForWriting(), { baseUrl, baseUrlInPlaceOf: configured ?? null }));
  }

  /** The server's time. */
  serverNow(): number {
    return Date.now() + (this.#app()?.clockOffsetMs ?? 0);
  }

  /** Notes a login: its user is the current one. */
  putLogin(answer: SessionAnswer, { deviceId, nextNonce }: { readonly deviceId: string; readonly nextNonce: string }): void {
    this.#realm.write(() => {
      const app = this.#appForWriting();
      app.deviceId = deviceId;
      app.clockOffsetMs = Math.round(answer.serverTimeMs - Date.now());
      app.loginCount += 1;
      app.currentUser = answer.userId;
      // The tokens of a session of before are not needed any more; the server shall not have to keep them.
      const before = this.user(answer.userId);
      if (before !== undefined && before.refreshToken !== "") this.#putEnded(before.refreshToken);
      const revived = this.#realm.objectForPrimaryKey("DoomedKey", answer.userId);
      if (revived !== null) this.#realm.delete(revived);
      if (answer.newestKey !== undefined) this.#putKeys(answer.userId, { newestId: answer.newestKey.keyId, newestVersion: answer.newestKey.version });
      this.#realm.create("UserMetadata", { id: answer.userId, ...sessionFields(answer, nextNonce), loggedInAt: app.loginCount }, UpdateMode.Modified);
    });
  }

  /** Notes the answer to a refresh: in one transaction, so that a crash leaves the old token with its nonce or the new one with its. */
  putRefresh(answer: SessionAnswer, nextNonce: string): void {
    this.#realm.write(() => {
      const row = this.#realm.objectForPrimaryKey<UserRow>("UserMetadata", answer.userId);
      // Somebody logged out meanwhile: the new tokens are not kept, and their session ends with the old one's.
      if (row === null || row.state !== UserState.LoggedIn) return;
      this.#appForWriting().clockOffsetMs = Math.round(answer.serverTimeMs - Date.now());
      this.#realm.create("UserMetadata", { id: answer.userId, ...sessionFields(answer, nextNonce) }, UpdateMode.Modified);
      if (answer.newestKey !== undefined) this.#putKeys(answer.userId, { newestId: answer.newestKey.keyId, newestVersion: answer.newestKey.version });
    });
  }

  /** What is known of a user's issued keys. */
  keys(userId: string): KeyState {
    const row = this.#realm.objectForPrimaryKey<{ newestId: string; newestVersion: number; mainId: string; settledId: string }>("KeyMetadata", userId);
    return { newestId: row?.newestId ?? "", newestVersion: row?.newestVersion ?? 0, mainId: row?.mainId ?? "", settledId: row?.settledId ?? "" };
  }

  /** Notes some of it. */
  putKeys(userId: string, changes: Partial<KeyState>): void {
    const known = this.keys(userId);
    if (Object.entries(changes).every(([field, id]) => known[field as keyof KeyState] === id)) return;
    this.#realm.write(() => this.#putKeys(userId, changes));
  }

  #putKeys(userId: string, changes: Partial<KeyState>): void {
    this.#realm.create("KeyMetadata", { userId, ...this.keys(userId), ...changes }, UpdateMode.Modified);
  }

  /** Ids of the keys that the key store has beside the main one. */
  spareKeys(userId: string): string[] {
    return [...this.#realm.objects<{ keyId: string }>("SpareKey").filtered("userId == $0", userId)].map(({ keyId }) => keyId);
  }

  /** Notes one before it is put there, so that none is left behind. */
  putSpareKey(userId: string, keyId: string): void {
    this.#realm.write(() => void this.#realm.create("SpareKey", { name: `${userId}/${keyId}`, userId, keyId }, UpdateMode.Modified));
  }

  /** Strikes off what was taken out of the key store: one spare key, or with it everything that is known of the user's. */
  strikeKeys(userId: string, keyId?: string): void {
    this.#realm.write(() => {
      const spare = this.#realm.objects<{ name: string }>("SpareKey").filtered("userId == $0", userId).snapshot();
      for (const row of spare) if (keyId === undefined || row.name === `${userId}/${keyId}`) this.#realm.delete(row);
      if (keyId === undefined) this.#putKeys(userId, { mainId: "", settledId: "" });
    });
  }

  /** Notes that a file, synced or not, is under a user's key. */
  putKeyedFile(path: string, userId: string): void {
    if (this.#realm.objectForPrimaryKey<{ userId: string }>("KeyedFile", path)?.userId === userId) return;
    this.#realm.write(() => void this.#realm.create("KeyedFile", { path, userId }, UpdateMode.Modified));
  }

  /** Paths of all files that were noted for a user, synced or not. */
  keyedFiles(userId: string): string[] {
    const others = [...this.#realm.objects<{ path: string }>("KeyedFile").filtered("userId == $0", userId)].map(({ path }) => path);
    return [...new Set([...this.files(userId), ...others])];
  }

  /** Notes what the server says of a user. */
  putUser(answer: UserAnswer): void {
    this.#realm.write(() => {
      if (this.user(answer.userId) !== undefined) this.#realm.create("UserMetadata", { id: answer.userId, ...userFields(answer) }, UpdateMode.Modified);
    });
  }

  /**
   * Takes a user's tokens away. `isEnding`: the server has to be told. The next user who is logged in becomes the current one.
   *
   * @param doomsKey - Whether the key is to be taken from the key store; noted here so that a crash does not leave it.
   */
  putLogOut(id: string, { isEnding, doomsKey }: { readonly isEnding: boolean; readonly doomsKey: boolean }): void {
    this.#realm.write(() => {
      const row = this.#realm.objectForPrimaryKey<UserRow>("UserMetadata", id);
      if (row === null || row.state !== UserState.LoggedIn) return;
      if (isEnding && row.refreshToken !== "") this.#putEnded(row.refreshToken);
      Object.assign(row, { state: UserState.LoggedOut, accessToken: "", refreshToken: "", nextNonce: "", accessExpiresMs: 0 });
      if (doomsKey) this.#realm.create("DoomedKey", { name: id }, UpdateMode.Modified);
      this.#chooseCurrent(id);
    });
  }

  /** Forgets a user. Its files and its key are to be deleted; the list of them is kept until they are. */
  putRemoval(id: string): void {
    this.#realm.write(() => {
      const row = this.#realm.objectForPrimaryKey<UserRow>("UserMetadata", id);
      if (row === null) return;
      if (row.refreshToken !== "") this.#putEnded(row.refreshToken);
      for (const file of this.#realm.objects<{ isDoomed: boolean }>("FileMetadata").filtered("userId == $0", id).snapshot()) file.isDoomed = true;
      this.#realm.create("DoomedKey", { name: id }, UpdateMode.Modified);
      this.#realm.delete(row);
      this.#chooseCurrent(id);
    });
  }

  /** Notes that a file is a user's. */
  putFile(path: string, userId: string): void {
    const known = this.#realm.objectForPrimaryKey<{ userId: string; isDoomed: boolean }>("FileMetadata", path);
    if (known?.userId === userId && !known.isDoomed) return;
    this.#realm.write(() => void this.#realm.create("FileMetadata", { path, userId, isDoomed: false }, UpdateMode.Modified));
  }

  get isClosed(): boolean {
    return this.#realm.isClosed;
  }

  /** Paths of a user's files. */
  files(userId: string): string[] {
    return [...this.#realm.objects<{ path: string; isDoomed: boolean }>("FileMetadata").filtered("userId == $0 AND isDoomed == false", userId)].map(({ path }) => path);
  }

  /** What is still to be undone: paths of files and ids of users whose keys go, refresh tokens whose sessions shall end. */
  pending(): { readonly files: string[]; readonly keys: string[]; readonly sessions: string[] } {
    return {
      files: [...this.#realm.objects<{ path: string }>("FileMetadata").filtered("isDoomed == true")].map(({ path }) => path),
      keys: [...this.#realm.objects<{ name: string }>("DoomedKey")].map(({ name }) => name),
      sessions: [...this.#realm.objects<{ refreshToken: string }>("EndedSession")].map(({ refreshToken }) => refreshToken),
    };
  }

  /** Strikes one thing off that list. */
  strike(kind: "FileMetadata" | "DoomedKey" | "EndedSession", key: string): void {
    this.#realm.write(() => {
      const row = this.#realm.objectForPrimaryKey(kind, key);
      if (row !== null) this.#realm.delete(row);
    });
  }

  #putEnded(refreshToken: string): void {
    this.#realm.create("EndedSession", { refreshToken }, UpdateMode.Modified);
  }

  #chooseCurrent(endedId: string): void {
    const app = this.#appForWriting();
    if (app.currentUser === endedId) app.currentUser = this.users().find(({ id, state }) => id !== endedId && state === UserState.LoggedIn)?.id ?? null;
  }

  #app(): AppRow | null {
    return this.#realm.objectForPrimaryKey<AppRow>("AppMetadata", APP);
  }

  #appForWriting(): AppRow {
    return this.#app() ?? this.#realm.create<AppRow>("AppMetadata", { id: APP, currentUser: null, deviceId: "", clockOffsetMs: 0, loginCount: 0, baseUrl: null, baseUrlInPlaceOf: null });
  }
}

function configuration({ path, mode, encryptionKey }: MetadataFileOptions): Configuration {
  if (mode === MetadataMode.InMemory) return { path, schema: SCHEMA, schemaVersion: SCHEMA_VERSION, inMemory: true };
  return { path, schema: SCHEMA, schemaVersion: SCHEMA_VERSION, ...(mode === MetadataMode.Encryption && encryptionKey !== undefined ? { encryptionKey } : {}) };
}

function sessionFields(answer: SessionAnswer, nextNonce: string): Partial<UserRow> {
  const { accessToken, refreshToken, expiresInSeconds, serverTimeMs, keyMode } = answer;
  return { ...userFields(answer), state: UserState.LoggedIn, accessToken, accessExpiresMs: Math.round(serverTimeMs + expiresInSeconds * 1000), refreshToken, nextNonce, keyMode };
}

function userFields({ identities, customData, profile }: UserAnswer): Partial<UserRow> {
  return { identities: JSON.stringify(identities), customData: JSON.stringify(customData), profile: JSON.stringify(profile) };
}

function stored(row: UserRow): StoredUser {
  return {
    id: row.id,
    state: row.state === UserState.LoggedIn ? UserState.LoggedIn : UserState.LoggedOut,
    accessToken: row.accessToken,
    accessExpiresMs: row.accessExpiresMs,
    refreshToken: row.refreshToken,
    nextNonce: row.nextNonce,
    identities: JSON.parse(row.identities) as UserIdentity[],
    customData: JSON.parse(row.customData) as Record<string, unknown>,
    profile: JSON.parse(row.profile) as Record<string, unknown>,
    keyMode: row.keyMode === "device" ? "device" : "issued",
  };
}
