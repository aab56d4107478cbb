/**
 * W1 to W10: which tasks each workload gives to a contender, and the rows it fills.
 *
 * @module
 */
import { makePerson } from "./people.ts";
import { HostProcess } from "./host-process.ts";
import type { DatabaseSpec } from "./database-spec.ts";
import { type GraphTask, HELD } from "./graph-tasks.ts";
import { TEAM_SIZE } from "./graph.ts";
import type { Sample } from "./measure.ts";
import type { Task } from "./tasks.ts";

/** How much work: the full form or the short one. */
export interface Scale {
  readonly objects: number;
  /** 0: the rows of a million objects are left out. */
  readonly manyObjects: number;
  readonly commits: number;
  readonly reads: number;
  readonly updates: number;
  readonly queryRepeats: number;
  readonly sharedCommits: number;
}

/** One line of the table. */
export interface RowSpec {
  readonly id: string;
  readonly title: string;
  readonly unit: "ms" | "us" | "MB" | "MiB";
  /** The row's figure from a sample. */
  readonly figure: (sample: Sample) => number;
  /** The most that encrypted may cost over plain. */
  readonly limit: number;
  /** Whether the row has CPU figures beside its own. */
  readonly hasCpu: boolean;
}

/** What a workload needs of the run, for one contender. */
export interface Bench {
  readonly contenderId: string;
  /** The contender's folder. */
  readonly folder: string;
  /** The long-lived host of this contender in this round. */
  readonly host: HostProcess;
  /** Another host, in a new process; the run ends it if the workload does not. */
  startHost(): Promise<HostProcess>;
}

/** One workload. */
export interface Workload {
  readonly id: string;
  readonly rows: readonly RowSpec[];
  /** At most this many pairs, where one is expensive. */
  readonly maxPairs?: number;
  /** Not measured: databases that the pairs read. */
  prepare(bench: Bench): Promise<void>;
  /** One repetition; a sample for each row. */
  repeat(bench: Bench, pair: number): Promise<Record<string, Sample>>;
}

const LIMIT = 1.1;
const COLD_LIMIT = 1.3;

/** All workloads at a scale, in order. */
export function createWorkloads(scale: Scale): Workload[] {
  const { objects, manyObjects } = scale;
  const workloads = [
    inserts(scale, "W1", objects),
    commits(scale),
    pointReads(scale),
    queries(scale),
    coldOpen(scale),
    updates(scale, objects, false),
    updates(scale, objects, true),
    sizes(scale),
    ...sharing(scale),
    realmStyle(scale),
    listeners(scale),
  ];
  if (manyObjects > 0) workloads.push(oneInsert(manyObjects), updates(scale, manyObjects, false));
  return workloads;
}

function timed(id: string, title: string, options: { unit?: "ms" | "us"; per?: number; limit?: number } = {}): RowSpec {
  const { unit = "ms", per = 1, limit = LIMIT } = options;
  const factor = unit === "us" ? 1000 : 1;
  return { id, title, unit, limit, hasCpu: true, figure: (sample) => (sample.wallMs * factor) / per };
}

function database(bench: Bench, purpose: string, count: number, isIndexed = false): DatabaseSpec {
  return { folder: `${bench.folder}/${purpose}`, count, isIndexed };
}

const thousands = (count: number): string => (count >= 1_000_000 ? `${count / 1_000_000}M` : `${count / 1000}k`);
const nothing = (): Promise<void> => Promise.resolve();

function inserts(scale: Scale, id: string, count: number): Workload {
  const forms = [
    { row: timed(`${id}-ordered`, `bulk insert of ${thousands(count)}, keys in order`), order: "ascending", isIndexed: false },
    { row: timed(`${id}-random`, `bulk insert of ${thousands(count)}, keys at random`), order: "random", isIndexed: false },
    { row: timed(`${id}-indexed`, `bulk insert of ${thousands(count)}, index on age`), order: "ascending", isIndexed: true },
  ] as const;
  return {
    id,
    rows: forms.map((form) => form.row),
    async prepare(bench) {
      const few = database(bench, "warm", Math.ceil(scale.objects / 10));
      await bench.host.run({ kind: "insert", database: few, order: "ascending" });
    },
    async repeat(bench) {
      const samples: Record<string, Sample> = {};
      for (const { row, order, isIndexed } of forms) {
        const target = database(bench, "insert", count, isIndexed);
        samples[row.id] = await bench.host.run({ kind: "insert", database: target, order });
      }
      return samples;
    },
  };
}

function oneInsert(count: number): Workload {
  const row = timed("W1-many", `bulk insert of ${thousands(count)}, keys in order, once`);
  return {
    id: "W1",
    rows: [row],
    maxPairs: 1,
    prepare: nothing,
    async repeat(bench) {
      return { [row.id]: await bench.host.run({ kind: "insert", database: database(bench, "insert", count), order: "ascending" }) };
    },
  };
}

function commits(scale: Scale): Workload {
  const row = timed("W2", `durable one-object transaction, over ${scale.commits} and the close`, { unit: "us", per: scale.commits });
  const next = new Map<string, number>();
  const run = (bench: Bench, count: number): Promise<Sample> => {
    const firstId = next.get(bench.contenderId) ?? scale.objects;
    next.set(bench.contenderId, firstId + count);
    return bench.host.run({ kind: "commits", database: database(bench, "commits", scale.objects), firstId, count });
  };
  return {
    id: "W2",
    rows: [row],
    async prepare(bench) {
      await bench.host.run({ kind: "build", database: database(bench, "commits", scale.objects) });
      await run(bench, Math.ceil(scale.commits / 5));
    },
    async repeat(bench) {
      return { [row.id]: await run(bench, scale.commits) };
    },
  };
}

function pointReads(scale: Scale): Workload {
  const rows = {
    whole: timed("W3-whole", "random read by primary key, whole object", { unit: "us", per: scale.reads }),
    pair: timed("W3-pair", "random read by primary key, two fields", { unit: "us", per: scale.reads }),
  };
  return {
    id: "W3",
    rows: [rows.whole, rows.pair],
    prepare: (bench) => build(bench, database(bench, "read", scale.objects)),
    async repeat(bench, pair) {
      const work = { database: database(bench, "read", scale.objects), reads: scale.reads, seed: 100 + 2 * pair };
      return {
        [rows.whole.id]: await bench.host.run({ kind: "whole", ...work }),
        [rows.pair.id]: await bench.host.run({ kind: "pair", ...work }),
      };
    },
  };
}

function queries(scale: Scale): Workload {
  const { queryRepeats } = scale;
  const forms = (["count", "sum"] as const).flatMap((kind) =>
    [false, true].map((isIndexed) => ({
      kind,
      isIndexed,
      repeats: kind === "count" ? queryRepeats * (isIndexed ? 10 : 1) : 1,
    })),
  );
  const rowOf = (form: (typeof forms)[number]): RowSpec =>
    timed(
      `W4-${form.kind}${form.isIndexed ? "-indexed" : ""}`,
      `age > 50: ${form.kind === "count" ? "count" : "iterate, two fields"}, ${form.isIndexed ? "index" : "no index"}`,
      { per: form.repeats },
    );
  return {
    id: "W4",
    rows: forms.map(rowOf),
    async prepare(bench) {
      await build(bench, database(bench, "read", scale.objects));
      await build(bench, database(bench, "read", scale.objects, true));
    },
    async repeat(bench) {
      const samples: Record<string, Sample> = {};
      for (const form of forms) {
        const source = database(bench, "read", scale.objects, form.isIndexed);
        samples[rowOf(form).id] = await bench.host.run({ kind: form.kind, database: source, repeats: form.repeats });
      }
      return samples;
    },
  };
}

function coldOpen(scale: Scale): Workload {
  const one = timed("W5-one", "new process: open and read one", { limit: COLD_LIMIT });
  const all = timed("W5-all", "new process: open and iterate all, whole objects", { limit: COLD_LIMIT });
  return {
    id: "W5",
    rows: [one, all],
    prepare: (bench) => build(bench, database(bench, "read", scale.objects)),
    async repeat(bench) {
      const source = database(bench, "read", scale.objects);
      return {
        [one.id]: await inNewProcess(bench, { kind: "openOne", database: source }),
        [all.id]: await inNewProcess(bench, { kind: "openAll", database: source }),
      };
    },
  };
}

function updates(scale: Scale, count: number, isIndexed: boolean): Workload {
  const title = `${thousands(scale.updates)} random updates in ${thousands(count)}, ${isIndexed ? "indexed field" : "no index"}, and the close`;
  const row = timed(`W6-${thousands(count)}${isIndexed ? "-indexed" : ""}`, title);
  const values = new Map<string, number>();
  const run = (bench: Bench): Promise<Sample> => {
    const value = (values.get(bench.contenderId) ?? 0) + 1;
    values.set(bench.contenderId, value);
    // From 60 to 89: never the value the objects have from the repetition before.
    const target = database(bench, "update", count, isIndexed);
    return bench.host.run({ kind: "update", database: target, updates: scale.updates, value: 60 + (value % 30) });
  };
  return {
    id: "W6",
    rows: [row],
    async prepare(bench) {
      await build(bench, database(bench, "update", count, isIndexed));
      await run(bench);
    },
    async repeat(bench) {
      return { [row.id]: await run(bench) };
    },
  };
}

function sizes(scale: Scale): Workload {
  const bytes = (id: string, title: string, unit: "MB" | "MiB", figure: (sample: Sample) => number): RowSpec => ({
    id, title, unit, figure, limit: LIMIT, hasCpu: false,
  });
  const file = bytes("W7-file", `file size with ${thousands(scale.objects)} objects`, "MB", (sample) => sample.amount / 1e6);
  const write = bytes("W7-write", "peak memory of a new process, bulk insert", "MiB", (sample) => sample.peakBytes / 2 ** 20);
  const read = bytes("W7-read", "peak memory of a new process, iterate all", "MiB", (sample) => sample.peakBytes / 2 ** 20);
  return {
    id: "W7",
    rows: [file, write, read],
    maxPairs: 3,
    prepare: nothing,
    async repeat(bench, pair) {
      const target = database(bench, `size-${pair}-${process.hrtime.bigint()}`, scale.objects);
      const written = await inNewProcess(bench, { kind: "build", database: target });
      const sized = await bench.host.run({ kind: "size", database: target });
      const scanned = await inNewProcess(bench, { kind: "openAll", database: target });
      return { [file.id]: sized, [write.id]: written, [read.id]: scanned };
    },
  };
}

function sharing(scale: Scale): Workload[] {
  const each = scale.sharedCommits;
  const write = timed("W8-write", "one process writes, three read: one durable increment", { unit: "us", per: each });
  const read: RowSpec = {
    ...timed("W8-read", "three processes read beside a writer: one whole object", { unit: "us" }),
    figure: (sample) => (sample.wallMs * 1000) / sample.amount,
    hasCpu: false,
  };
  const turns = timed("W8-turns", "two processes write in turn: one durable increment", { unit: "us", per: 2 * each });
  const spec = (bench: Bench): DatabaseSpec => database(bench, "shared", scale.objects);
  const balance = async (bench: Bench): Promise<number> =>
    (await bench.host.run({ kind: "readBalance", database: spec(bench), id: 0 })).amount;
  const prepare = async (bench: Bench): Promise<void> => {
    await build(bench, spec(bench));
    if ((await balance(bench)) < makePerson(0).balance) throw new Error("the shared database lost a balance");
  };
  return [
    {
      id: "W8",
      rows: [write, read],
      prepare,
      async repeat(bench) {
        const final = (await balance(bench)) + each;
        const readers = await Promise.all([1, 2, 3].map(() => bench.startHost()));
        const reading = readers.map((reader) => reader.run({ kind: "readUntilStopped", database: spec(bench), final }));
        // A reader that fails early must not go unheard, nor end this process while the writer works.
        const read3 = Promise.all(reading);
        read3.catch(() => undefined);
        const written = await bench.host.run({ kind: "increments", database: spec(bench), count: each });
        for (const reader of readers) reader.stop();
        const samples = await read3;
        await Promise.all(readers.map((reader) => reader.close()));
        const amount = samples.reduce((sum, sample) => sum + sample.amount, 0);
        const wallMs = samples.reduce((sum, sample) => sum + sample.wallMs, 0);
        return { [write.id]: written, [read.id]: { ...written, wallMs, amount } };
      },
    },
    {
      id: "W8",
      rows: [turns],
      prepare,
      async repeat(bench) {
        const before = await balance(bench);
        const other = await bench.startHost();
        const task: Task = { kind: "increments", database: spec(bench), count: each };
        const [first, second] = await Promise.all([bench.host.run(task), other.run(task)]);
        await other.close();
        const after = await balance(bench);
        if (after !== before + 2 * each) throw new Error(`a lost update: ${after} instead of ${before + 2 * each}`);
        return { [turns.id]: { ...first, wallMs: Math.max(first.wallMs, second.wallMs) } };
      },
    },
  ];
}

/** What applications written for Realm do all day. Where a peer has no live objects, a held object is read by its key. */
function realmStyle(scale: Scale): Workload {
  const { objects, reads } = scale;
  // Each list five times: once would be over before anything else than its beginning is measured.
  const teams = 5 * Math.ceil(objects / TEAM_SIZE);
  const queries = scale.queryRepeats * 4;
  const forms = [
    { row: timed("W9-held", `one field of each of ${thousands(HELD)} held objects`, { unit: "us", per: reads }), what: "hold", amount: reads, isIndexed: false },
    { row: timed("W9-list", `lists of ${TEAM_SIZE} linked objects, one field of each`, { unit: "us", per: teams * TEAM_SIZE }), what: "lists", amount: teams, isIndexed: false },
    { row: timed("W9-links", "three links up from a random object", { unit: "us", per: reads }), what: "links", amount: reads, isIndexed: false },
    { row: timed("W9-filter", "city == x AND points > y, best 10, no index", { per: queries }), what: "best", amount: queries, isIndexed: false },
    { row: timed("W9-filter-indexed", "city == x AND points > y, best 10, index on city", { per: 10 * queries }), what: "best", amount: 10 * queries, isIndexed: true },
  ] as const;
  return {
    id: "W9",
    rows: forms.map(({ row }) => row),
    async prepare(bench) {
      for (const isIndexed of [false, true]) await graph(bench, { what: "build", database: database(bench, "graph", objects, isIndexed), amount: 0, seed: 0 });
    },
    async repeat(bench, pair) {
      const samples: Record<string, Sample> = {};
      for (const { row, what, amount, isIndexed } of forms) {
        samples[row.id] = await graph(bench, { what, amount, database: database(bench, "graph", objects, isIndexed), seed: 500 + pair });
      }
      return samples;
    },
  };
}

/** No peer has listeners: the row is Holdfast's alone. */
function listeners(scale: Scale): Workload {
  const { commits } = scale;
  const row = timed("W10", `durable one-object transaction until its listener is called, among ${thousands(HELD)} listeners`, { unit: "us", per: commits });
  const isPeer = ({ contenderId }: Bench): boolean => !contenderId.startsWith("holdfast");
  return {
    id: "W10",
    rows: [row],
    async prepare(bench) {
      if (!isPeer(bench)) await graph(bench, { what: "build", database: database(bench, "listeners", scale.objects), amount: 0, seed: 0 });
    },
    async repeat(bench, pair) {
      if (isPeer(bench)) return {};
      return { [row.id]: await graph(bench, { what: "listeners", amount: commits, database: database(bench, "listeners", scale.objects), seed: 2_000_000 + pair * commits }) };
    },
  };
}

function graph(bench: Bench, task: Omit<GraphTask, "kind">): Promise<Sample> {
  return bench.host.run({ kind: "graph", ...task });
}

async function build(bench: Bench, spec: DatabaseSpec): Promise<void> {
  await bench.host.run({ kind: "build", database: spec });
}

async function inNewProcess(bench: Bench, task: Task): Promise<Sample> {
  const host = await bench.startHost();
  const sample = await host.run(task);
  await host.close();
  return sample;
}
