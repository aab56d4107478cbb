/**
 * What a host process can be asked to do: one measured piece of work, its answer checked afterwards.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Contender, Session } from "./contender.ts";
import { databasePath, type DatabaseSpec } from "./database-spec.ts";
import { type GraphTask, runGraphTask } from "./graph-tasks.ts";
import { check, measure, ZERO } from "./measure.ts";
import type { Sample } from "./measure.ts";
import { createRandom, makePeople, makePerson, pairChecksum, randomIds, SEED, shuffle, wholeChecksum } from "./people.ts";

/** One piece of work. Plain data: it travels to the host process as a message. */
export type Task =
  | { readonly kind: "build"; readonly database: DatabaseSpec }
  | { readonly kind: "insert"; readonly database: DatabaseSpec; readonly order: "ascending" | "random" }
  | { readonly kind: "commits"; readonly database: DatabaseSpec; readonly firstId: number; readonly count: number }
  | { readonly kind: "whole" | "pair"; readonly database: DatabaseSpec; readonly reads: number; readonly seed: number }
  | { readonly kind: "count" | "sum"; readonly database: DatabaseSpec; readonly repeats: number }
  | { readonly kind: "openOne" | "openAll"; readonly database: DatabaseSpec }
  | { readonly kind: "update"; readonly database: DatabaseSpec; readonly updates: number; readonly value: number }
  | { readonly kind: "size"; readonly database: DatabaseSpec }
  | { readonly kind: "increments"; readonly database: DatabaseSpec; readonly count: number }
  | { readonly kind: "readBalance"; readonly database: DatabaseSpec; readonly id: number }
  | { readonly kind: "readUntilStopped"; readonly database: DatabaseSpec; readonly final: number }
  | GraphTask;

const AGE_LIMIT = 50;

/** Does one task. Throws if the database gave a wrong answer. `isStopped` ends `readUntilStopped`. */
export async function runTask(contender: Contender, task: Task, isStopped: () => boolean): Promise<Sample> {
  switch (task.kind) {
    case "build":
      return build(contender, task.database);
    case "insert":
      return insert(contender, task);
    case "commits":
      return commits(contender, task);
    case "whole":
    case "pair":
      return pointReads(contender, task);
    case "count":
    case "sum":
      return query(contender, task);
    case "openOne":
    case "openAll":
      return openAndRead(contender, task);
    case "update":
      return update(contender, task);
    case "size":
      return { ...ZERO, amount: folderBytes(dirname(databasePath(task.database))) };
    case "increments":
      return increments(contender, task);
    case "readBalance":
      return using(contender, task.database, (session) => ({ ...ZERO, amount: session.readBalance(task.id) }));
    case "readUntilStopped":
      return readUntilStopped(contender, task, isStopped);
    case "graph":
      return runGraphTask(contender, task);
  }
}

type TaskOf<Kind extends Task["kind"]> = Extract<Task, { readonly kind: Kind }>;

function openSession(contender: Contender, database: DatabaseSpec): Session {
  const path = databasePath(database);
  mkdirSync(dirname(path), { recursive: true });
  return contender.open({ path, isIndexed: database.isIndexed });
}

async function using<T>(
  contender: Contender,
  database: DatabaseSpec,
  work: (session: Session) => T | Promise<T>,
): Promise<T> {
  const session = openSession(contender, database);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function build(contender: Contender, database: DatabaseSpec): Promise<Sample> {
  const folder = dirname(databasePath(database));
  const marker = join(folder, "built");
  if (existsSync(marker)) return ZERO;
  rmSync(folder, { recursive: true, force: true });
  const sample = await using(contender, database, (session) => measure(() => session.insertAll(lazily(database.count))));
  writeFileSync(marker, "");
  return sample;
}

/** Makes people as they are taken, so that a build's peak memory is the database's and not the data's. */
function* lazily(count: number): Generator<ReturnType<typeof makePerson>> {
  for (let id = 0; id < count; id++) yield makePerson(id);
}

async function insert(contender: Contender, task: TaskOf<"insert">): Promise<Sample> {
  const { database } = task;
  rmSync(dirname(databasePath(database)), { recursive: true, force: true });
  const people = task.order === "random" ? shuffle(makePeople(database.count), SEED) : makePeople(database.count);
  const sample = await using(contender, database, (session) => measure(() => session.insertAll(people)));
  const answer = await using(contender, database, (session) => session.scanAll());
  check("a scan after the insert", answer, sumOf(database.count, (id) => wholeChecksum(makePerson(id))));
  return { ...sample, amount: folderBytes(dirname(databasePath(database))) };
}

async function commits(contender: Contender, task: TaskOf<"commits">): Promise<Sample> {
  const people = Array.from({ length: task.count }, (_unused, index) => makePerson(task.firstId + index));
  const session = openSession(contender, task.database);
  // The close is part of the work: what a commit put off is paid here.
  const sample = await measure(() => {
    session.insertEach(people);
    return session.close();
  });
  const ids = Int32Array.from(people, (person) => person._id);
  const answer = await using(contender, task.database, (reopened) => reopened.readWhole(ids));
  check("reads after the commits", answer, people.reduce((sum, person) => sum + wholeChecksum(person), 0));
  return sample;
}

async function pointReads(contender: Contender, task: TaskOf<"whole" | "pair">): Promise<Sample> {
  const ids = randomIds(task.reads, task.database.count, task.seed);
  const isWhole = task.kind === "whole";
  let answer = 0;
  const sample = await using(contender, task.database, (session) => {
    // Warm: the same amount of other reads first, not measured.
    const others = randomIds(task.reads, task.database.count, task.seed + 1);
    if (isWhole) session.readWhole(others);
    else session.readPair(others);
    return measure(() => {
      answer = isWhole ? session.readWhole(ids) : session.readPair(ids);
    });
  });
  let expected = 0;
  for (const id of ids) {
    const person = makePerson(id);
    expected += isWhole ? wholeChecksum(person) : pairChecksum(person.name, person.balance);
  }
  check("random reads", answer, expected);
  return sample;
}

async function query(contender: Contender, task: TaskOf<"count" | "sum">): Promise<Sample> {
  const answers: number[] = [];
  const ask = (session: Session): number =>
    task.kind === "count" ? session.countOlder(AGE_LIMIT) : session.sumOlder(AGE_LIMIT);
  const sample = await using(contender, task.database, (session) => {
    answers.push(ask(session));
    return measure(() => {
      for (let each = 0; each < task.repeats; each++) answers.push(ask(session));
    });
  });
  const expected = sumOf(task.database.count, (id) => {
    const person = makePerson(id);
    if (person.age <= AGE_LIMIT) return 0;
    return task.kind === "count" ? 1 : pairChecksum(person.name, person.balance);
  });
  for (const answer of answers) check(`age > ${AGE_LIMIT}`, answer, expected);
  return sample;
}

async function openAndRead(contender: Contender, task: TaskOf<"openOne" | "openAll">): Promise<Sample> {
  const { count } = task.database;
  const id = Math.floor(createRandom(process.pid)() * count);
  let answer = 0;
  let session: Session | undefined;
  const sample = await measure(() => {
    session = openSession(contender, task.database);
    answer = task.kind === "openOne" ? session.readWhole(Int32Array.of(id)) : session.scanAll();
  });
  await session?.close();
  const expected =
    task.kind === "openOne" ? wholeChecksum(makePerson(id)) : sumOf(count, (each) => wholeChecksum(makePerson(each)));
  check("the first read of a process", answer, expected);
  return sample;
}

async function update(contender: Contender, task: TaskOf<"update">): Promise<Sample> {
  const { database, value } = task;
  const ids = new Int32Array(shuffle(Array.from({ length: database.count }, (_unused, id) => id), SEED).slice(0, task.updates));
  const session = openSession(contender, database);
  const sample = await measure(() => {
    session.updateAll(ids, value);
    return session.close();
  });
  await using(contender, database, (reopened) => {
    if (database.isIndexed) {
      const updated = new Set(ids);
      const limit = value % 100;
      const others = sumOf(database.count, (id) => (!updated.has(id) && makePerson(id).age >= limit ? 1 : 0));
      check("the index after the updates", reopened.countOlder(limit - 1), others + ids.length);
    } else {
      const expected = ids.reduce((sum, id) => sum + pairChecksum(makePerson(id).name, value), 0);
      check("reads after the updates", reopened.readPair(ids), expected);
    }
  });
  return sample;
}

async function increments(contender: Contender, task: TaskOf<"increments">): Promise<Sample> {
  return using(contender, task.database, (session) =>
    measure(() => {
      for (let each = 0; each < task.count; each++) session.increment(0);
    }),
  );
}

const READS_PER_TURN = 200;
const CATCH_UP_MS = 5000;

/** Reads at random, letting the event loop turn in between, until told to stop; must then see the last commit. */
async function readUntilStopped(
  contender: Contender,
  task: TaskOf<"readUntilStopped">,
  isStopped: () => boolean,
): Promise<Sample> {
  const { database } = task;
  // Id 0 is what the writer changes, so it takes no part in the reads whose sum is known.
  const ids = randomIds(READS_PER_TURN, database.count - 1, SEED).map((id) => id + 1);
  const expected = ids.reduce((sum, id) => sum + wholeChecksum(makePerson(id)), 0);
  return using(contender, database, async (session) => {
    let reads = 0;
    let balance = session.readBalance(0);
    const sample = await measure(async () => {
      while (!isStopped()) {
        check("reads beside a writer", session.readWhole(ids), expected);
        const now = session.readBalance(0);
        if (now < balance) throw new Error(`a reader went back from ${balance} to ${now}`);
        balance = now;
        reads += ids.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const deadline = performance.now() + CATCH_UP_MS;
    while (session.readBalance(0) !== task.final && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    check("the writer's last commit", session.readBalance(0), task.final);
    return { ...sample, amount: reads };
  });
}

function sumOf(count: number, value: (id: number) => number): number {
  let sum = 0;
  for (let id = 0; id < count; id++) sum += value(id);
  return sum;
}

function folderBytes(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const found = statSync(join(folder, name));
    if (found.isFile()) bytes += found.size;
  }
  return bytes;
}
