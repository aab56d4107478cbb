/**
 * Workers that commit until they are ended at a random moment: what the page heard of must be there for the next one.
 *
 * @module
 */
import Realm from "@holdfast/realm";

/** What a worker is asked to do. */
interface Job {
  readonly path: string;
  readonly key: readonly number[] | null;
  readonly seed: number;
  /** Shared with the page: how many objects there are after the last commit that returned, plus one; and how many commits. */
  readonly told?: Int32Array;
}

/** What happened to a number of workers. */
export interface KillReport {
  readonly rounds: number;
  readonly commits: number;
  /** Commits that were on the disk before they returned. */
  readonly ahead: number;
  /** Ended before the database was open. */
  readonly early: number;
}

const SCHEMA: Realm.ObjectSchema[] = [{ name: "Task", primaryKey: "_id", properties: { _id: "int", title: "string" } }];

function configurationOf({ path, key }: Job): Realm.Configuration {
  return { path, schema: SCHEMA, ...(key === null ? {} : { encryptionKey: new Uint8Array(key) }) };
}

/** Numerical Recipes' generator: enough to choose moments. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** In the worker: commits, compacts, closes and opens again, for ever; tells of each commit that has returned. */
export async function commitForever(job: Job): Promise<void> {
  const random = randomOf(job.seed);
  for (;;) {
    const realm = await openSoon(job);
    let count = contiguous(realm);
    tell(job, count);
    for (let turn = Math.floor(random() * 40); turn > 0; turn -= 1) {
      const size = random() < 0.1 ? 200 : 1;
      realm.write(() => {
        for (let i = 0; i < size; i += 1) realm.create("Task", { _id: count + i, title: "x".repeat(100) });
      });
      count += size;
      tell(job, count);
    }
    if (random() < 0.5) realm.compact();
    realm.close();
    // Time in which the files are put in order, or not.
    if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 5));
  }
}

/** A busy machine takes its time to free the files of a worker that was ended. */
async function openSoon(job: Job): Promise<Realm> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await Realm.open(configurationOf(job));
    } catch (error) {
      if ((error as { code?: unknown }).code !== "STORE_LOCKED" || attempt === 30) throw error;
    }
  }
}

function contiguous(realm: Realm): number {
  const ids = realm.objects("Task").map((task) => task["_id"] as number).toSorted((left, right) => left - right);
  const wrong = ids.findIndex((id, index) => id !== index);
  if (wrong >= 0) throw new Error(`a commit is half there: ${ids.length} objects, and number ${wrong} is ${ids[wrong]}`);
  return ids.length;
}

/** In the worker: how many there are, after a whole check of the file. */
export async function count(job: Job): Promise<number> {
  (await openSoon(job)).close();
  const report = await Realm.verify(job.key === null ? { path: job.path } : { path: job.path, encryptionKey: new Uint8Array(job.key) });
  if (!report.isClean) throw new Error(`the file is not clean: ${JSON.stringify(report)}`);
  const realm = await openSoon(job);
  const found = contiguous(realm);
  realm.close();
  return found;
}

/** By shared memory: messages of a worker that is ended are dropped. */
function tell({ told }: Job, count: number): void {
  if (told === undefined) return;
  Atomics.store(told, 0, count + 1);
  Atomics.add(told, 1, 1);
}

/** In the page: ends one worker after the other at random moments, and compares. Throws when something returned is missing. */
export async function killWorkers(rounds: number, job: Job): Promise<KillReport> {
  const random = randomOf(job.seed);
  let [known, commits, ahead, early] = [0, 0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const told = await killOne({ ...job, seed: Math.floor(random() * 2 ** 31) }, random);
    const found = (await ask("count", job)) as number;
    // Now it is certain that the worker is gone, and what it said last is its last word.
    const last = Atomics.load(told, 0) - 1;
    commits += Math.max(Atomics.load(told, 1) - 1, 0);
    if (last < 0) early += 1;
    const acknowledged = last < 0 ? known : last;
    if (found < acknowledged) throw new Error(`round ${round}: ${acknowledged} were committed, ${found} are there`);
    if (found > acknowledged && last >= 0) ahead += 1;
    if (found > acknowledged + 200) throw new Error(`round ${round}: ${found} are there, more than one commit beyond ${acknowledged}`);
    known = found;
  }
  return { rounds, commits, ahead, early };
}

/** @returns What the worker has told, and goes on telling until it is really gone. */
async function killOne(job: Job, random: () => number): Promise<Int32Array> {
  const worker = new Worker(import.meta.url, { type: "module" });
  const told = new Int32Array(new SharedArrayBuffer(8));
  let failure: string | undefined;
  worker.addEventListener("message", ({ data }: MessageEvent<{ result?: { failure?: { message: string } } }>) => (failure = data.result?.failure?.message));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has no such argument
  worker.postMessage({ id: 1, name: "commitForever", values: [{ ...job, told }] });
  // One in ten is ended while it opens.
  if (random() > 0.1) while (Atomics.load(told, 0) === 0 && failure === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, random() * 60));
  worker.terminate();
  if (failure !== undefined) throw new Error(`the worker failed: ${failure}`);
  return told;
}

function ask(name: string, job: Job): Promise<unknown> {
  const worker = new Worker(import.meta.url, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<{ result: { value?: unknown; failure?: { message: string; code?: string } } }>) => {
      worker.terminate();
      const { value, failure } = data.result;
      if (failure === undefined) resolve(value);
      else reject(new Error(`${failure.code ?? ""} ${failure.message}`));
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has no such argument
    worker.postMessage({ id: 1, name, values: [job] });
  });
}
