/**
 * A run: each activity in each form until it has had its share of the kills.
 *
 * @module
 */
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import { ACTIVITIES, type Activity } from "./activities.ts";
import { ProcessPool } from "./processes.ts";
import { Session, type Form } from "./session.ts";

/** How a run is made. */
export interface RunOptions {
  readonly kills: number;
  readonly seed: number;
  readonly forms: readonly Form[];
  /** The module whose default export is the SDK of the killed processes. */
  readonly implementation?: string;
  /** Only these activities. */
  readonly activities?: readonly Activity[];
  /** An activity ends early after so many failed rounds. */
  readonly mostFailures?: number;
  /** Keeps the files of failed rounds, for whoever looks into them. Default true. */
  readonly keepsFailed?: boolean;
  /** Files that are worked on at the same time: a round waits most of its time. Default 2. */
  readonly parallel?: number;
  /** Ends the run early, after the rounds under way. */
  readonly signal?: AbortSignal;
  /** Called after each round with the kills that it made. */
  readonly onKills?: (kills: number) => void;
}

/** One line of the table. */
export interface Row {
  readonly activity: string;
  readonly form: Form;
  rounds: number;
  kills: number;
  /** Of the kills: at the defined moment, right behind an acknowledgement. */
  killsAtRest: number;
  survived: number;
  unreturned: number;
  readonly failures: string[];
}

/** A file has seen enough after so many rounds. */
const ROUNDS_PER_FILE = 12;
/** After so many failures an activity is given up, unless said otherwise. */
const MOST_FAILURES = 3;
/** Runs until the kills are made. */
export async function run(options: RunOptions): Promise<Row[]> {
  const { parallel = 2 } = options;
  const pool = new ProcessPool(options.implementation ?? "@holdfast/realm", 2 * parallel);
  const activities = options.activities ?? ACTIVITIES;
  const shares = activities.reduce((sum, { share }) => sum + share, 0);
  const tasks = activities.flatMap((activity) => options.forms.map((form) => ({ activity, form })));
  const rows: Row[] = [];
  try {
    const work = async (): Promise<void> => {
      for (let index = rows.length; index < tasks.length; index = rows.length) {
        const { activity, form } = tasks[index] as (typeof tasks)[number];
        const row: Row = { activity: activity.name, form, rounds: 0, kills: 0, killsAtRest: 0, survived: 0, unreturned: 0, failures: [] };
        rows.push(row);
        const wanted = Math.max(2, Math.round((options.kills * activity.share) / shares / options.forms.length));
        // One row after the other in each of the workers: the next one depends on nothing but its own seed.
        await fillRow(row, { activity, form, wanted, seed: options.seed * 1000 + index, pool, options });
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
  } finally {
    await pool.close();
  }
  return rows;
}

interface RowTask {
  readonly activity: Activity;
  readonly form: Form;
  readonly wanted: number;
  readonly seed: number;
  readonly pool: ProcessPool;
  readonly options: RunOptions;
}

async function fillRow(row: Row, task: RowTask): Promise<void> {
  const { mostFailures = MOST_FAILURES, keepsFailed = true, onKills, signal } = task.options;
  const random = new SeededRandom(task.seed);
  const session = new Session(task.activity, task.form, { pool: task.pool, random });
  while (row.kills < task.wanted && row.failures.length < mostFailures && signal?.aborted !== true) {
    row.rounds += 1;
    try {
      const found = await session.round();
      row.kills += found.kills;
      row.killsAtRest += found.isAtRest ? found.kills : 0;
      row.survived += found.survived;
      row.unreturned += found.unreturned;
      onKills?.(found.kills);
      if (row.rounds % ROUNDS_PER_FILE !== 0) continue;
      session.remove();
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      row.failures.push(`round ${row.rounds} (seed ${task.seed}${keepsFailed ? `, files kept in ${session.folder}` : ""}): ${text}`);
      if (!keepsFailed) session.remove();
    }
    session.renew();
  }
  session.remove();
}
