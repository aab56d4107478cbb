/**
 * An application and its users on this device, in realm-js's shape.
 *
 * @module
 */
import type { DatabaseKeys } from "@holdfast/key-store";
import { AssertionError, Realm, TypeAssertionError } from "@holdfast/realm";
import { absolutePath } from "@holdfast/realm/replica";
import { EmailPasswordAuth } from "./api-key-auth.ts";
import { AppError } from "./app-error.ts";
import { AppUsers } from "./app-users.ts";
import { AuthConnection } from "./auth-connection.ts";
import type { Fetch } from "./auth-connection.ts";
import { endBackgroundSessions, reconnectSessions } from "../opening/synced-realm.ts";
import { Credentials } from "./credentials.ts";
import { Listeners } from "./listeners.ts";
import type { ChangeCallback } from "./listeners.ts";
import { MetadataFile, MetadataMode } from "./metadata-file.ts";
import type { MetadataFileOptions, MetadataModeName } from "./metadata-file.ts";
import { checkNetwork, mergedNetwork } from "../session/network.ts";
import type { NetworkConfiguration } from "../session/network.ts";
import type { DefaultFunctionsFactory } from "./server-functions.ts";
import { Sync } from "./sync-statics.ts";
import { User } from "./user.ts";
import type { AnyUser } from "./user.ts";

/** How users are kept on the device. */
export interface AppMetadataConfiguration {
  /** Default "encryption", under a key of the key store. */
  readonly mode: MetadataModeName;
  /** For "encryption": 64 bytes in the place of the key store's. */
  readonly encryptionKey?: ArrayBuffer | ArrayBufferView | number[];
}

/** An application. */
export interface AppConfiguration extends NetworkConfiguration {
  readonly id: string;
  /** Where the server is. `https://`, but on this machine. */
  readonly baseUrl?: string;
  /** How long the server may take to answer, in ms. Default 60,000. */
  readonly timeout?: number;
  /** Folder that the app's files stand in. Default that of `Realm.defaultPath`. */
  readonly baseFilePath?: string;
  readonly metadata?: AppMetadataConfiguration;
  /** The device's key store: keeps the key of the app-metadata file and those of users. */
  readonly keys?: DatabaseKeys;
  /** In the place of the platform's. */
  readonly fetch?: Fetch;
  /** The application's own name and version: the server's login triggers are told. */
  readonly app?: LocalAppConfiguration;
  /** Realm's: false is what holds, true is refused. */
  readonly multiplexSessions?: boolean;
}

/** What an application says of itself. */
export interface LocalAppConfiguration {
  readonly name?: string;
  readonly version?: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** An app: `new App({ id, baseUrl, keys })`, then `await app.ready()` before `currentUser` and `allUsers` are asked. */
export class App<Functions extends object = DefaultFunctionsFactory, CustomData extends object = Record<string, unknown>> {
  static readonly Credentials: typeof Credentials = Credentials;
  static readonly Sync: typeof Sync = Sync;
  static readonly #byId = new Map<string, App>();
  readonly id: string;
  readonly #config: AppConfiguration;
  readonly #users: AppUsers;
  readonly #userById = new Map<string, User<Functions, CustomData>>();
  readonly #listeners = new Listeners();
  #metadata: MetadataFile | undefined;
  #opening: Promise<void> | undefined;
  #connection: AuthConnection | undefined;
  #isClosed = false;
  #userAgent: string | undefined;

  constructor(configOrId: AppConfiguration | string) {
    const config = typeof configOrId === "string" ? { id: configOrId } : configOrId;
    this.#config = checkConfiguration(config);
    this.id = config.id;
    if (!App.#byId.has(this.id)) App.#byId.set(this.id, this as unknown as App);
    if (config.baseUrl !== undefined) this.#connect();
    this.#users = new AppUsers({
      appId: config.id,
      connection: () => this.#connect(),
      network: () => this.#network(),
      keys: config.keys,
      app: config.app,
      metadata: () => this.#openMetadata(),
      onEnd: (userId) => this.#endSessions([userId]),
      onChange: (userId, isOfApp) => {
        this.#userById.get(userId)?.tellListeners();
        if (isOfApp) this.#listeners.tell();
      },
    });
  }

  /** @deprecated `App.get` */
  static getApp(id: string): App {
    return App.get(id);
  }

  /** The app of an id: the first that was made with it, or a new one. */
  static get(id: string): App {
    return App.#byId.get(id) ?? new App(id);
  }

  /**
   * Opens the app-metadata file, and does what an earlier run has left to do.
   *
   * @throws As `Realm.open` (`KEY_WRONG`, `KEY_MISSING`, `KEY_SUPERFLUOUS`) or the key store (`KEY_LOST`, `KEY_MISMATCH`,
   * `STORE_LOCKED`, ...). Nothing is deleted then: correct what was wrong and call it again.
   */
  ready(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Logs in. @throws {AppError} With the server's code, or `NETWORK_UNAVAILABLE` */
  async logIn(credentials: Credentials): Promise<User<Functions, CustomData>> {
    if (!(credentials instanceof Credentials)) throw new TypeAssertionError("an instance of Credentials", credentials, "credentials");
    await this.ready();
    return this.#user(await this.#users.logIn(credentials));
  }

  /** The user who logged in last or was switched to; null if nobody is logged in. @throws {AppError} `APP_NOT_READY` */
  get currentUser(): User<Functions, CustomData> | null {
    const id = this.#openMetadata().currentUser;
    return id === null ? null : this.#user(id);
  }

  /** All users of this device who were not removed, by id, those who logged in last first. @throws {AppError} `APP_NOT_READY` */
  get allUsers(): Readonly<Record<string, User<Functions, CustomData>>> {
    return Object.fromEntries(
      this.#openMetadata()
        .users()
        .map(({ id }) => [id, this.#user(id)]),
    );
  }

  /** Makes another logged-in user the current one. */
  switchUser(user: AnyUser): void {
    this.#users.switchTo(this.#own(user).id);
  }

  /** Logs a user out and removes it from this device, with its key and its files. */
  async removeUser(user: AnyUser): Promise<void> {
    await this.ready();
    await this.#users.remove(this.#own(user).id);
  }

  /** Deletes a user from the server, and removes it from this device. There is no way back: the key is deleted with it. */
  async deleteUser(user: AnyUser): Promise<void> {
    await this.ready();
    await this.#users.delete(this.#own(user).id);
  }

  get emailPasswordAuth(): EmailPasswordAuth {
    return new EmailPasswordAuth(() => this.#connect());
  }

  /** Where the server is. @throws {AppError} `APP_CONFIGURATION_INVALID` if nobody has said so */
  get baseUrl(): string {
    return this.#connect().baseUrl;
  }

  /**
   * Moves the app to another address of its server: requests from now on, and sessions, which connect anew. It holds on this device until another
   * move, or until the app is made with another `baseUrl`; null goes back to that one.
   *
   * @throws {AppError} `APP_CONNECTION_INSECURE`, `APP_CONFIGURATION_INVALID`: nothing was changed.
   */
  async updateBaseUrl(url: string | null): Promise<void> {
    if (url !== null && typeof url !== "string") throw new TypeAssertionError("a string or null", url, "newUrl");
    await this.ready();
    const configured = this.#config.baseUrl;
    const next = url ?? configured;
    const connection = next === undefined ? undefined : this.#connectionTo(next);
    this.#openMetadata().putMove(url, configured);
    this.#connection = connection;
    for (const user of this.#userById.values()) reconnectSessions(user as unknown as AnyUser);
  }

  /** Called when somebody logs in or out, is switched to, linked or removed. */
  addListener(callback: ChangeCallback): void {
    this.#listeners.add(callback);
  }

  removeListener(callback: ChangeCallback): void {
    this.#listeners.remove(callback);
  }

  removeAllListeners(): void {
    this.#listeners.removeAll();
  }

  /** Closes the app-metadata file (ours), and ends the sessions of realms that were closed. The app cannot be used afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#endSessions([...this.#userById.keys()]);
    this.#users.wipeKeys();
    if (App.#byId.get(this.id) === (this as unknown as App)) App.#byId.delete(this.id);
    this.#metadata?.close();
    this.#metadata = undefined;
  }

  /** @internal What `Realm.App.Sync.setUserAgent` sets: for the connections and requests from now on. */
  _setUserAgent(userAgent: string): void {
    checkNetwork({ customHttpHeaders: { "User-Agent": userAgent } });
    this.#userAgent = userAgent;
  }

  #network(): NetworkConfiguration {
    const { customHttpHeaders, proxyConfig, ssl } = this.#config;
    const headers = { ...(this.#userAgent === undefined ? {} : { "User-Agent": this.#userAgent }), ...customHttpHeaders };
    return mergedNetwork({ customHttpHeaders: headers }, { ...(proxyConfig === undefined ? {} : { proxyConfig }), ...(ssl === undefined ? {} : { ssl }) });
  }

  #user(id: string): User<Functions, CustomData> {
    const user = this.#userById.get(id) ?? new User<Functions, CustomData>(id, this.#users);
    this.#userById.set(id, user);
    return user;
  }

  #endSessions(userIds: readonly string[]): void {
    for (const id of userIds) {
      const user = this.#userById.get(id);
      if (user !== undefined) endBackgroundSessions(user as unknown as AnyUser);
    }
  }

  #own(user: AnyUser): AnyUser {
    if (!(user instanceof User)) throw new TypeAssertionError("an instance of User", user, "user");
    if (this.#userById.get(user.id) !== user) throw new AppError("USER_UNKNOWN", "User does not exist");
    return user;
  }

  async #open(): Promise<void> {
    if (this.#isClosed) throw new AppError("APP_NOT_READY", "the app was closed");
    if (this.#metadata === undefined) {
      const options = this.#metadataOptions();
      if (options.mode === MetadataMode.Encryption && options.encryptionKey === undefined && options.keys === undefined) {
        throw new AppError("KEY_STORE_MISSING", "the app-metadata file is encrypted under a key of the device's key store: hand in 'keys', or say with 'metadata' how else it is kept");
      }
      this.#take(await MetadataFile.open(options));
    }
    // Not waited for: the network may be away.
    if (this.#config.baseUrl !== undefined) void this.#users.clean();
  }

  /** Without a key store the file can be opened at the first question, as Realm does. */
  #openMetadata(): MetadataFile {
    if (this.#metadata !== undefined) return this.#metadata;
    const options = this.#metadataOptions();
    if (this.#isClosed || this.#opening !== undefined || (options.mode === MetadataMode.Encryption && options.encryptionKey === undefined)) {
      throw new AppError("APP_NOT_READY", "the app-metadata file is not open yet: await app.ready() first");
    }
    return this.#take(MetadataFile.openNow(options));
  }

  /** The app is where it was moved to. */
  #take(opened: MetadataFile): MetadataFile {
    const metadata = (this.#metadata ??= opened);
    const moved = metadata.movedFrom(this.#config.baseUrl);
    if (moved !== null) this.#connection = this.#connectionTo(moved);
    return metadata;
  }

  #metadataOptions(): MetadataFileOptions {
    const { baseFilePath = Realm.defaultPath.replace(/[/\\][^/\\]*$/u, ""), id, keys, metadata } = this.#config;
    const { mode = MetadataMode.Encryption, encryptionKey } = metadata ?? {};
    return { path: absolutePath(`${baseFilePath}/holdfast-app/${id}/metadata.realm`), mode, keyName: `app/${id}/metadata`, ...(encryptionKey === undefined ? {} : { encryptionKey }), ...(keys === undefined ? {} : { keys }) };
  }

  #connect(): AuthConnection {
    const { baseUrl } = this.#config;
    if (this.#connection === undefined && baseUrl === undefined) throw new AppError("APP_CONFIGURATION_INVALID", "Expected 'baseUrl' on app configuration to be a string: say where the server is");
    this.#connection ??= this.#connectionTo(baseUrl as string);
    return this.#connection;
  }

  #connectionTo(baseUrl: string): AuthConnection {
    const { id, timeout = DEFAULT_TIMEOUT_MS, fetch = globalThis.fetch as unknown as Fetch } = this.#config;
    return new AuthConnection({ appId: id, baseUrl, timeoutMs: timeout, fetch, network: () => this.#network() });
  }
}

function checkConfiguration(config: unknown): AppConfiguration {
  if (typeof config !== "object" || config === null || Array.isArray(config)) throw new TypeAssertionError("an object", config, "config");
  const { id, baseUrl, timeout, baseFilePath, metadata, fetch, app, multiplexSessions } = config as Partial<AppConfiguration>;
  if (typeof id !== "string") throw new TypeAssertionError("a string", id, "id");
  if (!/^[\w-]{1,64}$/u.test(id)) throw new AppError("APP_CONFIGURATION_INVALID", "Expected 'id' to have 1 to 64 letters, digits, - and _");
  if (baseUrl !== undefined && typeof baseUrl !== "string") throw new TypeAssertionError("a string", baseUrl, "baseUrl");
  if (timeout !== undefined && typeof timeout !== "number") throw new TypeAssertionError("a number", timeout, "timeout");
  if (baseFilePath !== undefined && typeof baseFilePath !== "string") throw new TypeAssertionError("a string", baseFilePath, "baseFilePath");
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeAssertionError("a function", fetch, "fetch");
  if (app !== undefined) checkLocalApp(app);
  if (multiplexSessions !== undefined && multiplexSessions !== false) throw new AppError("NOT_SUPPORTED", "'multiplexSessions' can only be false: every realm has a connection of its own");
  const unknown = Object.keys(config).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw new AppError("APP_CONFIGURATION_INVALID", `there is no option '${unknown}' on app configuration`);
  if (metadata !== undefined) checkMetadata(metadata, config as AppConfiguration);
  checkNetwork(config as Partial<Record<string, unknown>>);
  return config as AppConfiguration;
}

const FIELDS: ReadonlySet<string> = new Set(["id", "baseUrl", "timeout", "baseFilePath", "metadata", "keys", "fetch", "app", "multiplexSessions", "customHttpHeaders", "proxyConfig", "ssl"]);

function checkLocalApp(app: unknown): void {
  if (typeof app !== "object" || app === null) throw new TypeAssertionError("an object", app, "app");
  const { name, version } = app as Partial<Record<string, unknown>>;
  if (name !== undefined && typeof name !== "string") throw new TypeAssertionError("a string", name, "app.name");
  if (version !== undefined && typeof version !== "string") throw new TypeAssertionError("a string", version, "app.version");
}

function checkMetadata(metadata: AppMetadataConfiguration, config: AppConfiguration): void {
  if (typeof metadata !== "object" || metadata === null) throw new TypeAssertionError("an object", metadata, "metadata");
  const { mode, encryptionKey } = metadata;
  if (!Object.values(MetadataMode).includes(mode)) throw new AssertionError(`Unexpected metadata mode: ${String(mode)}`);
  if (mode === MetadataMode.Encryption && encryptionKey === undefined && config.keys === undefined) throw new AssertionError("encryptionKey is required");
  if (mode !== MetadataMode.Encryption && encryptionKey !== undefined) throw new AppError("APP_CONFIGURATION_INVALID", "'encryptionKey' was given for metadata that is not to be encrypted");
}
