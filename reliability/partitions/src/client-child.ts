/**
 * A process with real clients: files, sessions, writes at random, and a look at everything after each change.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { appendFileSync } from "node:fs";
import Realm from "@holdfast/realm";
import { Store } from "@holdfast/storage-engine";
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import { CompensatingWriteError, enableSync, webSocketTransport } from "@holdfast/sync-client";
import type { ConnectionTiming, MutableSubscriptionSet, SyncError, SyncUser, Transport } from "@holdfast/sync-client";
import { say, serveRequests } from "./child.ts";
import { cellsOf, SCHEMA, SECRET_MARKER } from "./content.ts";
import type { Role, ViewName } from "./content.ts";
import { Reader } from "./invariants.ts";
import { makeShared, writeNext } from "./load.ts";
import type { ClientJob, ClientStatus, Dump, Request } from "./messages.ts";
import { brokenTransport } from "./mutants.ts";

/** Attempts follow soon, silence is found soon: a run has seconds. */
const TIMING: ConnectionTiming = { connectTimeoutMs: 2000, pingAfterMs: 500, silenceTimeoutMs: 1500, backOff: { firstMs: 30, maximumMs: 400, random: Math.random } };

// The clock of this process, as its clients see it. Timers stay as they are.
const trueNow = Date.now.bind(Date);
let skewMs = 0;
Date.now = () => trueNow() + skewMs;

interface Client {
  readonly job: ClientJob;
  readonly realm: Realm;
  readonly reader: Reader;
  timer: NodeJS.Timeout | undefined;
  /** How often its role was about to change, or it was asked to look whether it has. */
  roleChanges: number;
}

const clients = new Map<string, Client>();

function userOf({ id, url }: ClientJob): SyncUser {
  return { id, url, isLoggedIn: true, freshAccessToken: () => Promise.resolve(`test:${id}`), refreshAccessToken: () => Promise.resolve(`test:${id}`) };
}

function subscribe(subscriptions: MutableSubscriptionSet, realm: Realm, view: ViewName): void {
  for (const { name } of SCHEMA) if (name !== "Thing") subscriptions.add(realm.objects(name));
  subscriptions.add(view === "all" ? realm.objects("Thing") : realm.objects("Thing").filtered("isHidden == false"), { name: "things" });
}

function open(job: ClientJob): void {
  if (clients.has(job.id)) return;
  const { id, path, view, mutant } = job;
  const realm = new Realm({
    path,
    schema: SCHEMA,
    ...keyOf(job),
    sync: {
      user: userOf(job),
      flexible: true,
      timing: TIMING,
      transport: watched(traced(brokenTransport(webSocketTransport, mutant), job), id),
      clientReset: {
        mode: mutant === "drops-unsent" ? "discardUnsyncedChanges" : "recoverUnsyncedChanges",
        onBefore: () => say({ say: "reset", id, isThrough: false }),
        onAfter: (before: Realm, after: Realm, didRecover: boolean) => resetEnded(id, { before, after, didRecover }),
        ...(mutant === "drops-unsent" ? {} : { onFallback: () => say({ say: "wrong", id, what: "a reset did not help" }) }),
      },
      initialSubscriptions: { update: (subscriptions: MutableSubscriptionSet, fresh: Realm) => subscribe(subscriptions, fresh, view) },
      onError: (_session: unknown, error: SyncError) => reportError(id, error),
    } as never,
  });
  const reader = new Reader(id, view, job.role);
  reader.own = job.own;
  if (realm.subscriptions.version > 1) void followView(realm, reader);
  const client: Client = { job, realm, reader, timer: undefined, roleChanges: 0 };
  clients.set(id, client);
  if (job.isRoleChanging) void followRole(client, job.role).catch(() => undefined);
  realm.addListener("change", () => look(client));
  if (job.isMaker && realm.objects("Register").length === 0) makeShared(realm, job.everybody);
  look(client);
}

function reportError(id: string, error: SyncError): void {
  // Changes of an object that somebody deletes at the same moment are undone: that is what deletes are for.
  const isExpected = error instanceof CompensatingWriteError && error.writes.every(({ objectName }) => objectName === "Shared" || objectName === "Thing" || objectName === "Secret");
  const refused = error instanceof CompensatingWriteError ? ` ${error.writes.map(({ objectName, reason }) => `${objectName}: ${reason}`).join()}` : "";
  if (!isExpected) say({ say: "error", id, code: error.code, message: `${error.message}${refused}${error.cause === undefined ? "" : `: ${String(error.cause)}`}` });
}

/** What had not been sent is in the file that was fetched anew. */
function resetEnded(id: string, { before, after, didRecover }: { readonly before: Realm; readonly after: Realm; readonly didRecover: boolean }): void {
  say({ say: "reset", id, isThrough: true });
  const [had, has] = [before, after].map((realm) => cellsOf(realm).get(id)?.n ?? 0) as [number, number];
  if (!didRecover || has < had) say({ say: "wrong", id, what: `a reset: own transaction ${had} was there before, ${has} is the newest one after it` });
}

/** Writes down what happens to a client, beside its file. */
function trace({ path, isTraced }: ClientJob, what: string): void {
  if (isTraced) appendFileSync(`${path}.trace`, `${trueNow()} ${process.pid} ${what}\n`);
}

/** Writes down what a client says and hears. */
function traced(transport: Transport, job: ClientJob): Transport {
  const note = (what: string): void => trace(job, what);
  return {
    connect(url, handlers) {
      note("connects");
      const socket = transport.connect(url, {
        ...handlers,
        onMessage: (text) => {
          note(`< ${text}`);
          handlers.onMessage(text);
        },
        onClose: (reason, error) => {
          note(`is closed: ${reason}`);
          handlers.onClose(reason, error);
        },
      });
      return {
        send: (text) => {
          note(`> ${text}`);
          socket.send(text);
        },
        close: () => {
          note("closes");
          socket.close();
        },
      };
    },
  };
}

/** Tells of bootstraps of several pages. */
function watched(transport: Transport, id: string): Transport {
  return {
    connect(url, handlers) {
      let isFirst = true;
      return transport.connect(url, {
        ...handlers,
        onMessage: (text) => {
          const page = /^\{"msg":"boot","version":\d+,"page":(\d+)/u.exec(text)?.[1];
          if (page !== undefined && page !== "0") say({ say: "page", id, isContinued: isFirst });
          if (page !== undefined) isFirst = false;
          handlers.onMessage(text);
        },
      });
    },
  };
}

function keyOf({ keyHex }: ClientJob): { readonly encryptionKey?: Uint8Array } {
  return keyHex === undefined ? {} : { encryptionKey: Uint8Array.from(Buffer.from(keyHex, "hex")) };
}

function look({ job, realm, reader }: Client): void {
  if (realm.isClosed) return;
  const what = reader.check(realm);
  if (what === undefined) return;
  trace(job, `wrong: ${what}`);
  say({ say: "wrong", id: job.id, what });
}

function load(client: Client, isOn: boolean): void {
  clearTimeout(client.timer);
  client.timer = undefined;
  if (!isOn) return;
  const { job, realm, reader } = client;
  const random = new SeededRandom(job.seed);
  const next = (): void => {
    // Nobody counts what does not exist here yet.
    if (realm.objects("Counter").length > 0) {
      const n = writeNext(realm, { id: job.id, isHiding: job.isHiding, random });
      say({ say: "wrote", id: job.id, n });
      reader.own = n;
      look(client);
    }
    client.timer = setTimeout(next, (1000 / job.writesPerSecond) * (0.5 + random.next()));
  };
  client.timer = setTimeout(next, (1000 / job.writesPerSecond) * random.next());
}

async function changeView({ realm, reader }: Client, view: ViewName, patienceMs: number): Promise<void> {
  if (reader.view === view) return;
  reader.view = undefined;
  realm.subscriptions.updateNoWait((subscriptions) => {
    subscriptions.removeByName("things");
    subscribe(subscriptions, realm, view);
  });
  const { version } = realm.subscriptions;
  await realm.subscriptions.waitForSynchronization(patienceMs);
  if (realm.subscriptions.version === version) reader.view = view;
}

/** All servers know of it: behind what they have told so far, it holds. Undefined: it is about to change. */
async function followRole(client: Client, role: Role | undefined, patienceMs?: number): Promise<void> {
  const { realm, reader } = client;
  client.roleChanges++;
  const { roleChanges } = client;
  reader.role = undefined;
  trace(client.job, `role: ${role ?? "about to change"}`);
  if (role === undefined) return;
  await realm.syncSession?.downloadAllServerChanges(patienceMs);
  if (client.roleChanges === roleChanges) reader.role = role;
  trace(client.job, `role: ${reader.role ?? "changes again"}, heard`);
}

async function changeRole(client: Client, role: Role | undefined, patienceMs: number): Promise<void> {
  // One that is being looked for is not known yet, and does not hold any more if it is about to change.
  if (role === undefined || role !== client.reader.role) await followRole(client, role, patienceMs);
}

/** What a closed file has that only some may read: nothing of it may be in the file of the others, shown or not. */
function scan(client: Client, names: readonly string[]): readonly string[] {
  const { job, realm, reader } = client;
  load(client, false);
  clients.delete(job.id);
  realm.close();
  const store = Store.open({ path: job.path, readOnly: true, ...keyOf(job) });
  const snapshot = store.snapshot();
  const wrong: string[] = [];
  for (const name of snapshot.treeNames()) {
    for (const cursor = snapshot.tree(name)?.cursor(); cursor?.next() === true; ) {
      const [key, value] = [Buffer.from(cursor.key()), Buffer.from(cursor.value())];
      if (reader.role !== "insider" && (key.includes(SECRET_MARKER) || value.includes(SECRET_MARKER))) wrong.push(`tree ${name} has a secret`);
      const found = names.find((text) => isNamed(key, text));
      if (found !== undefined) wrong.push(`tree ${name} has an entry of ${found}`);
    }
  }
  snapshot.close();
  store.close();
  return wrong;
}

/** True if a key names this thing, and not one whose number only begins like it. */
function isNamed(key: Buffer, name: string): boolean {
  const at = key.indexOf(name);
  return at >= 0 && !/[0-9]/.test(String.fromCharCode(key[at + name.length] ?? 0));
}

/** Its process may have been killed while its view changed: then it is shown what its file says. */
async function followView(realm: Realm, reader: Reader): Promise<void> {
  reader.view = undefined;
  const { version } = realm.subscriptions;
  const things = realm.subscriptions.findByName("things");
  await realm.subscriptions.waitForSynchronization().catch(() => undefined);
  if (!realm.isClosed && realm.subscriptions.version === version) reader.view = things?.queryString.includes("isHidden") === true ? "shown" : "all";
}

function dumpOf(realm: Realm): Dump {
  return Object.fromEntries(realm.exportJson().classes.map(({ name, objects }) => [name, objects as never]));
}

function isOutboxEmpty(realm: Realm): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = (estimate: number): void => {
      realm.syncSession?.removeProgressNotification(listener);
      resolve(estimate === 1);
    };
    realm.syncSession?.addProgressNotification("upload", "reportIndefinitely", listener);
  });
}

async function statusOf({ realm, reader }: Client): Promise<ClientStatus> {
  return { isConnected: realm.syncSession?.isConnected() === true, isOutboxEmpty: await isOutboxEmpty(realm), reads: reader.reads };
}

function clientOf(id: string): Client {
  const client = clients.get(id);
  if (client === undefined) throw new Error(`${id} is not open here`);
  return client;
}

async function answer(request: Request): Promise<unknown> {
  switch (request.do) {
    case "open":
      return open(request.client);
    case "close": {
      const client = clientOf(request.id);
      load(client, false);
      clients.delete(request.id);
      return client.realm.close();
    }
    case "pause":
      return clientOf(request.id).realm.syncSession?.pause();
    case "resume":
      return clientOf(request.id).realm.syncSession?.resume();
    case "reconnect":
      return clientOf(request.id).realm.syncSession?.reconnect();
    case "load":
      return load(clientOf(request.id), request.isOn);
    case "view":
      return changeView(clientOf(request.id), request.view, request.patienceMs);
    case "role":
      return changeRole(clientOf(request.id), request.role, request.patienceMs);
    case "scan":
      return scan(clientOf(request.id), request.names);
    case "uploaded":
      return clientOf(request.id).realm.syncSession?.uploadAllLocalChanges(request.patienceMs);
    case "downloaded":
      return clientOf(request.id).realm.syncSession?.downloadAllServerChanges(request.patienceMs);
    case "status":
      return statusOf(clientOf(request.id));
    case "dump":
      return dumpOf(clientOf(request.id).realm);
    case "clock":
      skewMs = request.skewMs;
      return undefined;
    default:
      throw new Error(`a client cannot ${request.do}`);
  }
}

process.on("unhandledRejection", (error) => say({ say: "wrong", id: "process", what: `unhandled: ${error instanceof Error ? error.stack : String(error)}` }));
enableSync();
serveRequests(answer);
