/**
 * What pages and workers take from the browser beside each other.
 *
 * @module
 */

/** One end of something that messages go through. */
export interface Channel {
  /** @param transfer - What the other side gets for its own. */
  send(message: unknown, transfer?: readonly object[]): void;
  /** Once: messages wait until then. */
  listen(listener: (message: unknown) => void): void;
  close(): void;
}

/** The part of Web Locks that is used: a lock is held until the promise of the callback settles, or its holder is gone. */
export interface Locks {
  request(name: string, options: { readonly signal?: object }, whileHeld: () => Promise<void>): Promise<void>;
}

/** The surroundings of a page or a worker. */
export interface Host {
  /** Absent where there are no Web Locks: then one tab has the database, and there are no others. */
  readonly locks: Locks | undefined;
  broadcast(name: string): Channel;
  /** Two ends; the second is to be transferred. */
  pair(): readonly [here: Channel, there: object];
  /** Takes an end that was transferred. */
  adopt(end: unknown): Channel;
}

/** A `MessagePort` or a `BroadcastChannel`. */
interface RawChannel {
  postMessage(message: unknown, transfer?: readonly object[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  start?(): void;
  close(): void;
}

interface Surroundings {
  readonly navigator?: { readonly locks?: Locks | null };
  readonly BroadcastChannel: new (name: string) => RawChannel;
  readonly MessageChannel: new () => { readonly port1: RawChannel; readonly port2: RawChannel };
}

/** The host of whatever this runs in. */
export function currentHost(): Host {
  const { navigator, BroadcastChannel, MessageChannel } = globalThis as unknown as Surroundings;
  return {
    locks: navigator?.locks ?? undefined,
    broadcast: (name) => channelOf(new BroadcastChannel(name)),
    pair: () => {
      const { port1, port2 } = new MessageChannel();
      return [channelOf(port1), port2];
    },
    adopt: (end) => channelOf(end as RawChannel),
  };
}

function channelOf(raw: RawChannel): Channel {
  let isClosed = false;
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- ports and channels have no such argument
    send: (message, transfer) => (transfer === undefined ? raw.postMessage(message) : raw.postMessage(message, transfer)),
    listen: (listener) => {
      raw.addEventListener("message", ({ data }) => {
        // One that was closed may have a message on its way still.
        if (!isClosed) listener(data);
      });
      raw.start?.();
    },
    close: () => {
      isClosed = true;
      raw.close();
    },
  };
}

/** A lock that this side holds, or waits for. */
export interface LockHandle {
  /** Gives the lock back, or stops waiting for it. */
  release(): void;
}

/** Holds a lock from the moment in which `onHeld` is called until it is released. */
export function holdLock(locks: Locks, name: string, onHeld: () => void): LockHandle {
  const waiting = new AbortController();
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  locks
    .request(name, { signal: waiting.signal }, () => {
      onHeld();
      return released;
    })
    .catch(() => undefined);
  return {
    release: () => {
      release();
      waiting.abort();
    },
  };
}

/** Names of locks and channels of one database. */
export function namesOf(path: string): { hub: string; owner: string; worker(id: string): string; client(id: string): string; session(id: string): string } {
  const prefix = `holdfast:${path}`;
  return {
    hub: prefix,
    owner: `${prefix}:owner`,
    worker: (id) => `${prefix}:worker:${id}`,
    client: (id) => `${prefix}:client:${id}`,
    session: (id) => `${prefix}:session:${id}`,
  };
}

/** A name that nobody else has. */
export function freshId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
