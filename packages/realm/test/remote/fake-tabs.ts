/**
 * Tabs without a browser: real ports and channels of Node, and locks that are freed when a side is killed.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Candidate } from "../../src/remote/candidate.ts";
import type { ServeOptions } from "../../src/remote/candidate.ts";
import { currentHost, namesOf } from "../../src/remote/host.ts";
import type { Channel, Host } from "../../src/remote/host.ts";
import type { StartMessage } from "../../src/remote/messages.ts";
import type { WorkerLike } from "../../src/remote/page-worker.ts";
import type { Realm } from "../../src/realm.ts";
import { RemoteRealm } from "../../src/remote/remote-realm.ts";
import type { AnyProcedures } from "../../src/remote/remote-types.ts";
import { Tab } from "../../src/remote/tab.ts";
import type { RemoteOptions } from "../../src/remote/tab.ts";

const real = currentHost();

interface Waiting {
  readonly side: Side;
  readonly grant: () => void;
}

/** Locks of one origin. */
class FakeLocks {
  readonly #lines = new Map<string, Waiting[]>();

  request(side: Side, name: string, signal: AbortSignal | undefined, whileHeld: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(name) ?? [];
      this.#lines.set(name, line);
      const entry: Waiting = { side, grant: () => queueMicrotask(() => !side.isDead && void whileHeld().then(() => this.#leave(name, entry)).then(resolve, reject)) };
      signal?.addEventListener("abort", () => {
        if (line.indexOf(entry) <= 0) return;
        line.splice(line.indexOf(entry), 1);
        reject(new DOMException("aborted", "AbortError"));
      });
      line.push(entry);
      if (line.length === 1) entry.grant();
    });
  }

  #leave(name: string, entry: Waiting): void {
    const line = this.#lines.get(name) as Waiting[];
    const place = line.indexOf(entry);
    if (place < 0) return;
    line.splice(place, 1);
    if (place === 0) line[0]?.grant();
  }

  forget(side: Side): void {
    for (const [name, line] of this.#lines) for (const entry of [...line]) if (entry.side === side) this.#leave(name, entry);
  }
}

/** A page or a worker. */
class Side {
  readonly host: Host;
  isDead = false;
  readonly #locks: FakeLocks;
  readonly #channels = new Set<Channel>();
  /** What is heard while the side is frozen. */
  #held: (() => void)[] | undefined;

  constructor(locks: FakeLocks, hasLocks: boolean) {
    this.#locks = locks;
    this.host = {
      locks: hasLocks ? { request: (name, { signal }, whileHeld) => locks.request(this, name, signal as AbortSignal | undefined, whileHeld) } : undefined,
      broadcast: (name) => this.#keep(real.broadcast(name)),
      pair: () => {
        const [here, there] = real.pair();
        return [this.#keep(here), there];
      },
      adopt: (end) => this.#keep(real.adopt(end)),
    };
  }

  #keep(channel: Channel): Channel {
    this.#channels.add(channel);
    return {
      send: (message, transfer) => this.isDead || channel.send(message, transfer),
      listen: (listener) =>
        channel.listen((message) => {
          if (this.#held === undefined) listener(message);
          else this.#held.push(() => listener(message));
        }),
      close: () => channel.close(),
    };
  }

  /** Ends at once: nothing is said any more, nothing heard. */
  kill(): void {
    this.isDead = true;
    for (const channel of this.#channels) channel.close();
    this.#locks.forget(this);
  }

  /** Hears nothing for a while, as a page that is frozen in the background. */
  freeze(): () => void {
    this.#held = [];
    return () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const hear of held) hear();
    };
  }
}

/** A worker that runs in this thread. */
export class FakeWorker implements WorkerLike {
  readonly side: Side;
  readonly #serve: ServeOptions;
  #realm: Realm | undefined;
  onGone: (() => void) | undefined;

  constructor(side: Side, serve: ServeOptions) {
    this.side = side;
    this.#serve = { ...serve, onOpen: (realm) => {
      this.#realm = realm;
      serve.onOpen?.(realm);
    } };
  }

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    const keys = transfer.slice(1);
    const start = message as StartMessage;
    const copy = start.key === undefined ? start : { ...start, key: structuredClone(start.key, { transfer: keys }) };
    setImmediate(() => !this.side.isDead && new Candidate(this.side.host, this.#serve, copy).start());
  }

  addEventListener(): void {
    // It never fails by itself.
  }

  /** As a browser ends it: in the middle of whatever it does. What is not committed is lost with it. */
  terminate(): void {
    if (this.side.isDead) return;
    this.side.kill();
    if (this.#realm?.isClosed === false) this.#realm.close();
  }
}

/** A tab that is open. */
export interface FakeTab<P> {
  readonly realm: RemoteRealm<P>;
  readonly page: Side;
  readonly worker: () => FakeWorker;
  /** As a user closes it. */
  kill(): void;
}

/** An origin with tabs; its database is a file in a folder of its own. */
export class FakeBrowser {
  readonly folder: string = mkdtempSync(join(tmpdir(), "holdfast-tabs-"));
  readonly #locks = new FakeLocks();
  readonly #hasLocks: boolean;
  readonly #sides: Side[] = [];
  readonly #workers: FakeWorker[] = [];

  constructor({ hasLocks = true }: { hasLocks?: boolean } = {}) {
    this.#hasLocks = hasLocks;
  }

  #side(): Side {
    const side = new Side(this.#locks, this.#hasLocks);
    this.#sides.push(side);
    return side;
  }

  worker(serve: ServeOptions): FakeWorker {
    const worker = new FakeWorker(this.#side(), serve);
    this.#workers.push(worker);
    return worker;
  }

  /** Somebody else on the hub. */
  stranger(): Channel {
    return real.broadcast(namesOf(this.path).hub);
  }

  get path(): string {
    return join(this.folder, "a.realm");
  }

  /** Opens a tab. */
  async open<P = AnyProcedures>(serve: ServeOptions, options: Partial<RemoteOptions> = {}, startMs?: number): Promise<FakeTab<P>> {
    const page = this.#side();
    const workers: FakeWorker[] = [];
    const start = (): FakeWorker => {
      const worker = this.worker(serve);
      workers.push(worker);
      return worker;
    };
    const tab = new Tab(page.host, { worker: start, path: this.path, ...options }, startMs);
    await tab.open();
    return {
      realm: new RemoteRealm<P>(tab),
      page,
      worker: () => workers.at(-1) as FakeWorker,
      kill: () => {
        page.kill();
        for (const worker of workers) worker.terminate();
      },
    };
  }

  close(): void {
    for (const worker of this.#workers) worker.terminate();
    for (const side of this.#sides) if (!side.isDead) side.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
