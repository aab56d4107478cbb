/**
 * One tab's worker: owns the file if it is its turn, and waits for it otherwise.
 *
 * The owner is who holds the lock. A browser frees it when a worker ends, in whatever way, and gives it to the next in line.
 *
 * @module
 */
import { pause } from "../async-write.ts";
import type { Configuration } from "../configuration.ts";
import { RealmError } from "../errors.ts";
import { absolutePath } from "../platform/realm-files.ts";
import { Realm } from "../realm.ts";
import { failureOf } from "./failures.ts";
import { holdLock, namesOf } from "./host.ts";
import type { Channel, Host, LockHandle } from "./host.ts";
import { isSameKey, proveKey } from "./key-proof.ts";
import type { FromWorker, HubMessage, KeyProof, StartMessage, ToWorker } from "./messages.ts";
import { Owner } from "./owner.ts";
import type { Procedures } from "./owner.ts";

/** What the application's worker serves. */
export interface ServeOptions extends Omit<Configuration, "encryptionKey"> {
  /** Functions that pages call by name; each runs in one transaction. */
  readonly procedures?: Procedures;
  /**
   * Opens the realm in place of `Realm.open`: with a key of a key store, say. Pages hand over no key then.
   *
   * @param path - As the page gave it, or else the configuration's.
   */
  readonly open?: (path: string) => Realm | Promise<Realm>;
  /** Told of the realm when this worker has opened it and is about to become the owner. */
  readonly onOpen?: (realm: Realm) => void;
}

/** How long the browser may take to free the file of an owner that is gone, in ms. */
const FREEING_MS = 10_000;
const TRY_AGAIN_MS = 20;

/** A worker that may own the file. */
export class Candidate {
  readonly #id: string;
  readonly #host: Host;
  readonly #options: ServeOptions;
  readonly #port: Channel;
  readonly #path: string;
  readonly #names: ReturnType<typeof namesOf>;
  readonly #key: Uint8Array | undefined;
  readonly #hub: Channel | undefined;
  #life: LockHandle | undefined;
  #turn: LockHandle | undefined;
  #owner: Owner | undefined;
  #since = 0;
  #proof: KeyProof | null = null;
  /** The other owner that was looked at last. */
  #checked: string | undefined;
  #isClosed = false;

  constructor(host: Host, options: ServeOptions, { port, worker, path, key }: StartMessage) {
    this.#id = worker;
    this.#host = host;
    this.#options = options;
    this.#port = host.adopt(port);
    this.#key = key;
    this.#path = absolutePath(path ?? options.path ?? Realm.defaultPath);
    this.#names = namesOf(this.#path);
    this.#hub = host.locks === undefined ? undefined : host.broadcast(this.#names.hub);
    this.#port.listen((message) => this.#hear(message as ToWorker));
    this.#hub?.listen((message) => this.#overhear(message as HubMessage));
  }

  /** Says hello, and gets in line. */
  start(): void {
    const { locks } = this.#host;
    const hello = (): void => this.#say({ kind: "hello", path: this.#path, isAlone: locks === undefined });
    // The page learns of this worker's end by getting this lock.
    if (locks === undefined) hello();
    else this.#life = holdLock(locks, this.#names.worker(this.#id), hello);
    this.#stand();
  }

  #hear(message: ToWorker): void {
    if (message.kind === "stand") this.#stand();
    else void this.#close();
  }

  #stand(): void {
    if (this.#turn !== undefined || this.#isClosed) return;
    const { locks } = this.#host;
    if (locks === undefined) {
      this.#turn = { release: () => undefined };
      void this.#reign();
    } else this.#turn = holdLock(locks, this.#names.owner, () => void this.#reign());
  }

  async #reign(): Promise<void> {
    this.#say({ kind: "opening" });
    try {
      const realm = await this.#openForAll();
      if (this.#isClosed) return realm.close();
      this.#since = Date.now();
      this.#proof = proveKey(this.#key);
      const owner = new Owner(realm, this.#options.procedures ?? {}, () => void this.#renew());
      this.#owner = owner;
      const [here, there] = this.#host.pair();
      owner.welcome(here);
      this.#say({ kind: "owner", port: there }, [there]);
      this.#announce();
    } catch (error) {
      this.#say({ kind: "failed", failure: failureOf(error) });
      this.#giveWay();
    }
  }

  async #openForAll(): Promise<Realm> {
    const realm = await this.#open();
    try {
      this.#options.onOpen?.(realm);
      return realm;
    } catch (error) {
      realm.close();
      throw error;
    }
  }

  async #open(): Promise<Realm> {
    const { procedures: _procedures, open, onOpen: _onOpen, ...configuration } = this.#options;
    if (open !== undefined) return open(this.#path);
    const start = performance.now();
    for (;;) {
      try {
        return await Realm.open({ ...configuration, path: this.#path, ...(this.#key === undefined ? {} : { encryptionKey: this.#key }) });
      } catch (error) {
        if ((error as { code?: unknown }).code !== "STORE_LOCKED") throw error;
        if (this.#host.locks === undefined) throw new RealmError("STORE_LOCKED", "Another tab has the database open, and this browser has no Web Locks, by which tabs would share it. Close the other tab.", { cause: error });
        if (performance.now() - start > FREEING_MS) throw error;
        await pause(TRY_AGAIN_MS);
      }
    }
  }

  /** Opens the realm again, after a commit whose fate the disk did not tell. */
  async #renew(): Promise<void> {
    await this.#owner?.close();
    this.#owner = undefined;
    this.#giveWay();
    this.#stand();
  }

  #giveWay(): void {
    this.#turn?.release();
    this.#turn = undefined;
  }

  #overhear(message: HubMessage): void {
    if (message.kind === "who" && this.#owner !== undefined) this.#announce();
    if (message.kind === "join" && message.owner === this.#id) this.#welcome(message);
    if (message.kind === "owner" && this.#owner === undefined) this.#check(message);
  }

  #announce(): void {
    if (this.#owner === undefined || this.#hub === undefined) return;
    const message: HubMessage = { kind: "owner", owner: this.#id, since: this.#since, proof: this.#proof, schemaVersion: this.#owner.realm.schemaVersion };
    this.#hub.send(message);
  }

  #welcome({ client, session }: Extract<HubMessage, { kind: "join" }>): void {
    const { locks } = this.#host;
    if (this.#owner === undefined || locks === undefined) return;
    const channel = this.#host.broadcast(this.#names.session(session));
    // Whoever gets the page's lock knows that the page is gone.
    const life = holdLock(locks, this.#names.client(client), () => end());
    const end = this.#owner.welcome(channel, () => life.release());
  }

  #check({ owner, since, proof, schemaVersion }: Extract<HubMessage, { kind: "owner" }>): void {
    if (owner === this.#checked) return;
    this.#checked = owner;
    const failure = this.#misfit(proof, schemaVersion);
    this.#say(failure === undefined ? { kind: "fits", owner } : { kind: "misfits", owner, since, failure: failureOf(failure) });
  }

  #misfit(proof: KeyProof | null, schemaVersion: number): RealmError | undefined {
    const { open, schema, schemaVersion: own = 0 } = this.#options;
    if (open === undefined && !isSameKey(this.#key, proof)) return new RealmError("KEY_DIFFERS", `Realm at path '${this.#path}' already opened with a different encryption key.`);
    if (schema === undefined || schemaVersion === own) return undefined;
    const age = schemaVersion < own ? "an older" : "a newer";
    return new RealmError("CONFIGURATION_CONFLICT", `Another tab has ${age} version of the application open: schema version ${schemaVersion}, not ${own}. Reload or close that tab, or this one.`);
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#owner?.close();
    this.#owner = undefined;
    this.#giveWay();
    this.#key?.fill(0);
    this.#hub?.close();
    this.#say({ kind: "closed" });
    this.#life?.release();
    this.#port.close();
  }

  #say(message: FromWorker, transfer?: readonly object[]): void {
    this.#port.send(message, transfer);
  }
}
