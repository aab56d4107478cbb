/**
 * Faults that are made on purpose, in a server's store or on a client's line: runs with one of them have to fail, or runs say nothing.
 *
 * @module
 */
import type { Store } from "@holdfast/sync-server";
import type { Transport, TransportConnection, TransportHandlers } from "@holdfast/sync-client";

/** What each of them breaks. */
export const MUTANTS = {
  "forgets-numbers": "the server takes a transaction that it had taken before for a new one",
  "skips-version": "the feed leaves out versions that another server wrote",
  "half-transaction": "the server leaves out an operation of a transaction now and then",
  "acks-before-commit": "the server acknowledges before the commit",
  "loses-boot-row": "a bootstrap leaves out a row",
  "sends-nothing-twice": "a client does not send again what was not acknowledged before its connection ended",
  "drops-unsent": "a client reset drops what was not uploaded",
  "does-recovered-twice": "the server does not say how far a client was that it has forgotten",
  "resets-unordered": "the server does not know a client now and then",
  "tells-no-roles": "the server does not tell sessions that a role has changed",
  "boots-everything": "a bootstrap has all rows of a class, whatever role and subscription say",
  "loses-boot-page": "a client takes the second page of a bootstrap for empty",
  "half-down": "a client leaves out an operation of what it is sent",
} as const;

/** One of them. */
export type MutantName = keyof typeof MUTANTS;

type FlushRequest = Parameters<Store["flush"]>[0];
type Upload = FlushRequest["uploads"][number];
type Snapshot = Awaited<ReturnType<Store["snapshot"]>>;

let findings = 0;

/** A store with a fault; without one, the store. */
export function brokenStore(store: Store, mutant: MutantName | undefined): Store {
  switch (mutant) {
    case "forgets-numbers":
      return over(store, { flush: (request) => store.flush(withoutNumbers(request)) });
    case "skips-version":
      return over(store, { snapshot: async () => skipping(await store.snapshot()) });
    case "half-transaction":
      return over(store, {
        flush: (request) => {
          for (const upload of request.uploads) if (upload.cseq % 5 === 4) setOps(upload, upload.ops.slice(0, Math.max(1, upload.ops.length - 1)));
          return store.flush(request);
        },
      });
    case "acks-before-commit":
      return over(store, { flush: (request) => early(store, request) });
    case "does-recovered-twice":
      return over(store, { retireClient: () => Promise.resolve(undefined) });
    case "resets-unordered":
      return over(store, { findClient: async (client, user) => ((findings = (findings + 1) % 15) === 14 ? undefined : store.findClient(client, user)) });
    case "boots-everything":
      return over(store, { snapshot: async () => showing(await store.snapshot()) });
    case "loses-boot-row":
      return over(store, { snapshot: async () => losing(await store.snapshot()) });
    default:
      return store;
  }
}

/** A transport with a fault; without one, the transport. */
export function brokenTransport(transport: Transport, mutant: MutantName | undefined): Transport {
  if (mutant === "sends-nothing-twice") {
    let sent = 0;
    return wrapped(transport, {
      up: (text) => {
        const message = JSON.parse(text) as { msg: string; txs: { cseq: number }[] };
        if (message.msg !== "up") return text;
        const txs = message.txs.filter(({ cseq }) => cseq > sent);
        sent = Math.max(sent, ...message.txs.map(({ cseq }) => cseq));
        return txs.length === 0 ? undefined : JSON.stringify({ ...message, txs });
      },
    });
  }
  if (mutant === "half-down") {
    return wrapped(transport, {
      down: (text) => {
        const message = JSON.parse(text) as { msg: string; txs: { ops: unknown[] }[] };
        if (message.msg === "down" && (message.txs[0]?.ops.length ?? 0) > 1) message.txs[0]?.ops.pop();
        return JSON.stringify(message);
      },
    });
  }
  if (mutant === "loses-boot-page") {
    return wrapped(transport, {
      down: (text) => {
        const message = JSON.parse(text) as { msg: string; page: number; rows: unknown[] };
        return message.msg === "boot" && message.page === 1 ? JSON.stringify({ ...message, rows: [] }) : text;
      },
    });
  }
  return transport;
}

function wrapped(transport: Transport, { up = (text) => text, down = (text) => text }: { readonly up?: (text: string) => string | undefined; readonly down?: (text: string) => string }): Transport {
  return {
    connect(url: string, handlers: TransportHandlers): TransportConnection {
      const connection = transport.connect(url, { onOpen: () => handlers.onOpen(), onMessage: (text) => handlers.onMessage(down(text)), onClose: (reason) => handlers.onClose(reason) });
      return {
        send: (text) => {
          const changed = up(text);
          if (changed !== undefined) connection.send(changed);
        },
        close: () => connection.close(),
      };
    },
  };
}

/** A store of which some methods are others. */
function over(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const own = (methods as Record<string | symbol, unknown>)[name];
      if (own !== undefined) return own;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? (value as (...rest: unknown[]) => unknown).bind(target) : value;
    },
  });
}

function overSnapshot(snapshot: Snapshot, methods: Partial<Snapshot>): Snapshot {
  return { position: snapshot.position, rows: (...all) => snapshot.rows(...all), states: (names) => snapshot.states(names), changes: (...all) => snapshot.changes(...all), salt: (version) => snapshot.salt(version), lastCseq: (client) => snapshot.lastCseq(client), release: () => snapshot.release(), ...methods };
}

/** Rights are known by the upload itself, so it is changed and not copied. */
function setOps(upload: Upload, ops: Upload["ops"]): void {
  (upload as { ops: Upload["ops"] }).ops = ops;
}

function withoutNumbers(request: FlushRequest): FlushRequest {
  return {
    ...request,
    plan: (input) => {
      const cursors = new Map(input.cursors);
      for (const upload of request.uploads) {
        const cursor = cursors.get(upload.client);
        if (cursor === undefined || upload.cseq > cursor.lastCseq) continue;
        cursors.set(upload.client, { ...cursor, lastCseq: upload.cseq - 1 });
        // As for whoever is given stamps by the server: they are others the second time.
        setOps(upload, upload.ops.map((operation) => ({ ...operation, h: `${operation.h.slice(0, 12)}${(Number.parseInt(operation.h.slice(12, 16), 16) ^ 0x4000).toString(16).padStart(4, "0")}${operation.h.slice(16)}` })));
      }
      const plan = request.plan({ ...input, cursors, receipts: new Map() });
      const last = (client: string): number => input.cursors.get(client)?.lastCseq ?? 0;
      return { ...plan, receipts: plan.receipts.filter(({ client, cseq }) => cseq > last(client)), cursors: plan.cursors.map((cursor) => ({ ...cursor, lastCseq: Math.max(cursor.lastCseq, last(cursor.client)) })) };
    },
  };
}

async function early(store: Store, request: FlushRequest): ReturnType<Store["flush"]> {
  let planned: (isAnything: boolean) => void = () => undefined;
  const isPlanned = new Promise<boolean>((resolve) => (planned = resolve));
  let version = 0;
  const real = store.flush({
    ...request,
    plan: (input) => {
      const plan = request.plan(input);
      version = input.version;
      planned(plan.entries.length > 0 || plan.receipts.length > 0 || input.foreign.length > 0);
      return plan;
    },
  });
  const first = await Promise.race([isPlanned, real]);
  if (first !== true) return real;
  real.catch(() => undefined);
  return { version, salt: "000000000000" };
}

function skipping(snapshot: Snapshot): Snapshot {
  return overSnapshot(snapshot, { changes: async (after, limit) => (await snapshot.changes(after, limit)).filter(({ version }) => version % 7 !== 3) });
}

function showing(snapshot: Snapshot): Snapshot {
  return overSnapshot(snapshot, { rows: (type, _filter, page) => snapshot.rows(type, { kind: "truth", isTrue: true } as never, page) });
}

function losing(snapshot: Snapshot): Snapshot {
  return overSnapshot(snapshot, {
    rows: async (type, filter, page) => {
      const found = await snapshot.rows(type, filter, page);
      return { ...found, rows: found.rows.length > 1 ? found.rows.slice(0, -1) : found.rows };
    },
  });
}
