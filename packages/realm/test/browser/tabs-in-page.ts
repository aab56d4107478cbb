/**
 * What the tests of several tabs call: a page with `openInWorker`, and the same module as its worker.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { openInWorker } from "@holdfast/realm/client";
import type { CollectionChangeSet, RemoteRealm, Snapshots } from "@holdfast/realm/client";
import { serve } from "@holdfast/realm/worker";

interface Note {
  readonly _id: number;
  readonly title: string;
}

type KeyBytes = readonly number[] | null;

const procedures = {
  async holdOpen(realm: Realm, _id: number): Promise<void> {
    realm.create("Note", { _id, title: "held" });
    await new Promise(() => undefined);
  },
  block(realm: Realm, ms: number): number {
    const end = performance.now() + ms;
    while (performance.now() < end);
    return realm.objects("Note").length;
  },
};

if (typeof document === "undefined") serve({ schema: [{ name: "Note", primaryKey: "_id", properties: { _id: "int", title: "string" } }], procedures });

let realm: RemoteRealm<typeof procedures> | undefined;
let worker: Worker | undefined;

function start(): Worker {
  worker = new Worker(import.meta.url, { type: "module" });
  return worker;
}

function options(path: string, key: KeyBytes): { path: string; encryptionKey?: () => Uint8Array } {
  return key === null ? { path } : { path, encryptionKey: () => new Uint8Array(key) };
}

export async function open(path: string, key: KeyBytes, ownerDeadlineMs?: number): Promise<string> {
  realm = await openInWorker<typeof procedures>({ worker: start, ...options(path, key), ...(ownerDeadlineMs === undefined ? {} : { ownerDeadlineMs }) });
  return realm.owner;
}

function live(): RemoteRealm<typeof procedures> {
  if (realm === undefined) throw new Error("nothing is open");
  return realm;
}

export function owner(): string {
  return live().owner;
}

export async function add(from: number, to: number): Promise<void> {
  for (let _id = from; _id < to; _id += 1) await live().write((tx) => tx.create("Note", { _id, title: `Quartermaster ${_id}` }));
}

export async function ids(): Promise<number[]> {
  return (await live().objects<Note>("Note").sorted("_id").run()).map(({ _id }) => _id);
}

export async function hold(_id: number): Promise<void> {
  await live().call("holdOpen", _id);
}

/** Keeps the owner's worker busy. */
export async function block(ms: number): Promise<number> {
  return live().call("block", ms);
}

/** How an error of a call looks here. */
export async function refused(): Promise<unknown> {
  return live()
    .objects("Note")
    .filtered("nonsense")
    .run()
    .catch((error: Error & { code: string }) => [error.name, error.code]);
}

export async function close(): Promise<void> {
  await live().close();
}

export function terminate(): void {
  worker?.terminate();
}

const heard: { ids: number[]; misfits: string[] } = { ids: [], misfits: [] };

/** Listens to all notes, and holds each change set against the state before. */
export async function listen(): Promise<void> {
  await live().objects<Note>("Note").sorted("_id").addListener(follower(heard));
}

export function told(): typeof heard {
  return heard;
}

function follower(state: typeof heard): (notes: Snapshots<Note>, changes: CollectionChangeSet) => void {
  let before: readonly Note[] = [];
  let isFirst = true;
  return (notes, changes) => {
    if (!isFirst) {
      const rest = before.filter((_, index) => !changes.deletions.includes(index));
      const kept = notes.filter((_, index) => !changes.insertions.includes(index));
      if (rest.length !== kept.length || rest.some(({ _id }, index) => kept[index]?._id !== _id)) state.misfits.push(`${before.length} to ${notes.length} notes with ${JSON.stringify(changes).slice(0, 200)}`);
    }
    isFirst = false;
    before = notes;
    state.ids = notes.map(({ _id }) => _id);
  };
}

/** What became of a number of workers that were ended. */
export interface TabKillReport {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** Of these, how many were there. */
  readonly done: number;
  readonly misfits: readonly string[];
}

interface Client {
  readonly realm: RemoteRealm;
  readonly worker: () => Worker;
  readonly startedAt: () => number;
  readonly heard: typeof heard;
}

/** Numerical Recipes' generator: enough to choose moments. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * In one page, as many clients and workers as tabs would have: all write, and one owner after the other is ended at a random moment.
 *
 * @throws {Error} When something acknowledged is missing, something is there that nobody wrote, or a live query ends in another state.
 */
export async function endOwners(rounds: number, job: { path: string; key: KeyBytes; clients: number; seed: number }): Promise<TabKillReport> {
  const random = randomOf(job.seed);
  const clients: Client[] = [];
  for (let index = 0; index < job.clients; index += 1) clients.push(await openClient(job.path, job.key));
  const acknowledged = new Set<number>();
  const unknown = new Set<number>();
  let isOver = false;
  const writing = clients.map(async ({ realm: own }, index) => {
    for (let number = 0; !isOver; number += 1) {
      const _id = index * 1_000_000 + number;
      try {
        await own.write((tx) => tx.create("Note", { _id, title: "x".repeat(100) }));
        acknowledged.add(_id);
      } catch (error) {
        if ((error as { code?: unknown }).code !== "COMMIT_UNKNOWN") throw error;
        unknown.add(_id);
      }
    }
  });
  const ending = (async () => {
    for (let round = 0; round < rounds; round += 1) {
      // One in four is ended while it takes over, the others when there is something to lose.
      const wanted = random() < 0.25 ? 0 : acknowledged.size + Math.floor(random() * 12);
      while (acknowledged.size < wanted) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, random() * 10));
      (await nextToEnd(clients)).worker().terminate();
    }
    isOver = true;
  })();
  await Promise.all([ending, ...writing]);
  const found = await check(clients, acknowledged, unknown);
  for (const { realm: own } of clients) await own.close();
  return { rounds, acknowledged: acknowledged.size, unknown: unknown.size, done: found.filter((_id) => unknown.has(_id)).length, misfits: clients.flatMap((client) => client.heard.misfits) };
}

/** The owner, or who is about to take over: the first in line. One that has just been started is given time to get into line. */
async function nextToEnd(clients: readonly Client[]): Promise<Client> {
  for (;;) {
    const reigning = clients.find(({ realm: own }) => own.owner === "this tab");
    const [oldest] = clients.toSorted((left, right) => left.startedAt() - right.startedAt());
    if (reigning !== undefined) return reigning;
    if (oldest !== undefined && performance.now() - oldest.startedAt() > 1000) return oldest;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function openClient(path: string, key: KeyBytes): Promise<Client> {
  let current: Worker;
  let startedAt = 0;
  const opened = await openInWorker({
    worker: () => {
      startedAt = performance.now();
      return (current = start());
    },
    ...options(path, key),
  });
  const state: typeof heard = { ids: [], misfits: [] };
  await opened.objects<Note>("Note").sorted("_id").addListener(follower(state));
  return { realm: opened, worker: () => current, startedAt: () => startedAt, heard: state };
}

async function check(clients: readonly Client[], acknowledged: ReadonlySet<number>, unknown: ReadonlySet<number>): Promise<number[]> {
  const [one] = clients as [Client];
  const found = (await one.realm.objects<Note>("Note").sorted("_id").run()).map(({ _id }) => _id);
  const missing = [...acknowledged].filter((_id) => !found.includes(_id));
  if (missing.length > 0) throw new Error(`${missing.length} acknowledged commits are lost`);
  const strange = found.filter((_id) => !acknowledged.has(_id) && !unknown.has(_id));
  if (strange.length > 0) throw new Error(`${strange.length} objects are there that were refused or never written`);
  // A live query may be a message behind.
  for (let wait = 0; wait < 200 && clients.some((client) => client.heard.ids.length !== found.length); wait += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  if (clients.some((client) => client.heard.ids.join() !== found.join())) throw new Error("a live query has not come to the last state");
  return found;
}

/** In a worker of its own: checks the whole file. */
export async function verify(path: string, key: KeyBytes): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await Realm.verify({ path, ...(key === null ? {} : { encryptionKey: new Uint8Array(key) }) })).isClean;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "STORE_LOCKED" || attempt === 20) throw error;
    }
  }
}
