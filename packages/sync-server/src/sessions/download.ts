/**
 * What a session gets before it follows the feed: a bootstrap, or what it missed since its resume point.
 *
 * One snapshot for all of it, its version read inside: what is newer comes through the feed, what is older is in the pages.
 *
 * @module
 */
import type { ObjectState } from "@holdfast/sync-protocol";
import { SyncServerError } from "../errors.ts";
import type { Metrics } from "../operations/metrics.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";
import { keyColumnText } from "../schema/wire-scalar.ts";
import { jsonOfText, stateOfText } from "../store/state-text.ts";
import type { ChangeEntry, RowPage, Snapshot, Store, StoredRow } from "../store/store.ts";
import { cameIntoView, ChangeBatch, deltaOf, downText, entering, goneOf, rowJson, spansInView, writersOf } from "./delta.ts";
import type { Gate } from "./gate.ts";
import type { Outgoing } from "./outgoing.ts";
import type { ResumePoint } from "./resume-token.ts";
import { visibleState } from "./view.ts";
import type { ClassView, View } from "./view.ts";

/** What a download needs. */
export interface DownloadOptions {
  readonly store: Store;
  readonly bootstraps: Gate;
  readonly metrics: Metrics;
  readonly layout: SchemaLayout;
  readonly view: View;
  /** Of the subscription set. */
  readonly version: number;
  readonly outgoing: Outgoing;
  readonly client: string;
  readonly seal: (point: ResumePoint) => string;
}

const ROWS_PER_PAGE = 1000;
/** In every state that has containers. */
const BOXES = '"b":';
/**
 * A page is one frame, and a client hears nothing before it has all of it: over a slow line a large one would outlast the client's patience,
 * with every connection anew. So each connection begins with a small page, and they grow while the line takes them quickly.
 */
const PAGE_CHARACTERS = { first: 64 * 1024, max: 1024 * 1024 };
/** A page that has left this process within this time may be followed by one of twice its length; else by one of half of it. */
const QUICK_MS = 250;
/** What was missed goes into one frame, applied as a whole. Beyond this a bootstrap is cheaper for everybody. */
const MISSED_ENTRIES_MAX = 20_000;
const MISSED_CHARACTERS_MAX = 8 * 1024 * 1024;
const READ_MAX = 5000;
/** How long a page may take to leave this process before others get their turn. */
const PATIENCE_MS = 1000;

/** What takes the place of rows that were sent before. */
interface Corrections {
  /** Of what has changed since, as it is now. */
  readonly rows: readonly string[];
  /** Names of what has left view. */
  readonly out: readonly string[];
}

/** A bootstrap, or what is left of one. */
interface BootPlan {
  /** What the first page is as of. */
  readonly start: ResumePoint;
  /** What all pages are as of, together with the corrections in the last one. */
  readonly end: ResumePoint;
  readonly from?: ResumePoint["boot"];
  readonly corrections?: Corrections;
}

/** One download. */
export class Download {
  readonly #options: DownloadOptions;
  #isCancelled = false;
  /** What was sent last has not been taken yet, and where it goes on then. */
  #pause: { readonly sent: Promise<boolean>; readonly at: ResumePoint } | undefined;

  constructor(options: DownloadOptions) {
    this.#options = options;
  }

  /** Nothing more is sent. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** Sends what was missed up to a snapshot, which may be nothing. Returns where that is; undefined if it is too much for one frame. */
  async catchUp(snapshot: Snapshot, from: ResumePoint): Promise<ResumePoint | undefined> {
    const here = await this.#pointAt(snapshot);
    // Taken before the one that this point is of.
    if (here.version <= from.version) return from;
    return (await this.#sendMissed(snapshot, from, here)) ? here : undefined;
  }

  /** Sends what is missing. Returns where the feed goes on; undefined if it was cancelled. */
  async run(from: ResumePoint | undefined): Promise<ResumePoint | undefined> {
    for (let start = from; ; ) {
      const end = await this.#options.bootstraps.run(() => this.#round(start));
      const pause = this.#pause;
      if (pause === undefined || this.#isCancelled) return this.#isCancelled ? undefined : end;
      // Whoever does not read holds no snapshot, and no place that others wait for.
      this.#pause = undefined;
      if (!(await pause.sent) || this.#isCancelled) return undefined;
      start = pause.at;
    }
  }

  async #round(from: ResumePoint | undefined): Promise<ResumePoint | undefined> {
    if (this.#isCancelled) return undefined;
    const snapshot = await this.#options.store.snapshot();
    try {
      return await this.#send(snapshot, from);
    } finally {
      await snapshot.release();
    }
  }

  /** True once a text has left this process; false if that failed, or takes so long that the download has to pause. */
  async #sentInTime(sent: Promise<boolean>, at: ResumePoint): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), PATIENCE_MS)));
    const outcome = await Promise.race([sent, late]);
    clearTimeout(timer);
    if (outcome !== "late") return outcome;
    this.#pause = { sent, at };
    return false;
  }

  async #send(snapshot: Snapshot, from: ResumePoint | undefined): Promise<ResumePoint | undefined> {
    const { view } = this.#options;
    const here = await this.#pointAt(snapshot);
    if (from !== undefined) await checkHistory(snapshot, from);
    // Another view needs another bootstrap: the client works out what differs.
    const known = from !== undefined && from.digest === view.digest ? from : undefined;
    const anew: BootPlan = { start: here, end: here };
    if (known === undefined) return this.#boot(snapshot, anew);
    if (known.boot === undefined) return (await this.#sendMissed(snapshot, known, here)) ? here : this.#boot(snapshot, anew);
    // An interrupted bootstrap goes on. What its first pages have missed since is in the last one: all of it takes effect at once.
    const start = withoutBoot(known);
    const corrections = await this.#corrections(snapshot, start, here);
    return this.#boot(snapshot, corrections === undefined ? anew : { start, end: here, from: known.boot, corrections });
  }

  async #pointAt(snapshot: Snapshot): Promise<ResumePoint> {
    const { epoch, version } = snapshot.position;
    return { epoch, version, salt: (await snapshot.salt(version)) ?? "", digest: this.#options.view.digest };
  }

  /** The changes between two points; undefined if there are too many. */
  async #between(snapshot: Snapshot, from: ResumePoint, to: ResumePoint): Promise<ChangeBatch | undefined> {
    const { view } = this.#options;
    const entries: ChangeEntry[] = [];
    for (let at = from.version; at < to.version; ) {
      const page = await snapshot.changes(at, READ_MAX);
      entries.push(...page.filter(({ type }) => view.classes.has(type)));
      if (entries.length > MISSED_ENTRIES_MAX) return undefined;
      const last = page.at(-1);
      if (last === undefined) break;
      at = last.version;
    }
    return new ChangeBatch(entries, to);
  }

  /** Undefined if there is too much for one frame. */
  async #corrections(snapshot: Snapshot, from: ResumePoint, to: ResumePoint): Promise<Corrections | undefined> {
    const { view, client } = this.#options;
    const batch = await this.#between(snapshot, from, to);
    if (batch === undefined) return undefined;
    const spans = spansInView(batch, view);
    const states = await snapshot.states(spans.flatMap(({ span, isShown }) => (isShown ? [span] : [])));
    const out: string[] = [];
    const rows = spans.flatMap(({ span, isShown, wasShown }) => {
      const { type, pk, name } = span;
      const state = states.get(name);
      const shown = view.classes.get(type);
      if (shown === undefined) return [];
      if (isShown) return state === undefined ? [] : [rowJson(type, pk, visibleState(state, shown))];
      // Pages behind the first were read later: what came and went since the first one may be in them.
      if (!wasShown && !writersOf(span).has(client) && !cameIntoView(span, shown)) return [];
      const gone = goneOf(span, shown);
      // One that has left view is nothing here, until its name comes behind the bootstrap.
      if (gone.out !== undefined) out.push(gone.out);
      return [gone.row ?? rowJson(type, pk, {})];
    });
    // In the order of the changes they would tell which object somebody has touched before, out of view or in hidden fields.
    rows.sort();
    out.sort();
    return rows.reduce((sum, row) => sum + row.length, 0) > MISSED_CHARACTERS_MAX ? undefined : { rows, out };
  }

  /** False if it is too much for one frame. */
  async #sendMissed(snapshot: Snapshot, from: ResumePoint, to: ResumePoint): Promise<boolean> {
    const { view, outgoing, client, seal } = this.#options;
    const batch = await this.#between(snapshot, from, to);
    if (batch === undefined) return false;
    const spans = spansInView(batch, view);
    const wanted = entering(spans, view);
    const states = wanted.length === 0 ? new Map<string, ObjectState>() : await snapshot.states(wanted);
    const delta = deltaOf(batch, view, spans, states);
    if (delta.size > MISSED_CHARACTERS_MAX) return false;
    const resume = seal(to);
    const cseq = delta.rows.length + delta.gone.length === 0 ? 0 : await snapshot.lastCseq(client);
    if (this.#isCancelled) return true;
    void outgoing.sendAndWait(downText(delta, client, { resume: () => resume, cseq: () => cseq }) ?? `{"msg":"progress","estimate":1,"resume":${JSON.stringify(resume)}}`);
    return true;
  }

  async #boot(snapshot: Snapshot, { start, end, from, corrections = { rows: [], out: [] } }: BootPlan): Promise<ResumePoint | undefined> {
    const { view, version, outgoing, seal, metrics, client } = this.#options;
    metrics.add("holdfast_bootstraps_total");
    // The client's own operations are not sent to it: it has to know which of them the pages lack.
    const cseq = from === undefined ? `,"cseq":${String(await snapshot.lastCseq(client))}` : "";
    let page = from === undefined ? 0 : from.page + 1;
    let length = PAGE_CHARACTERS.first;
    let pending: { rows: string[]; size: number; boot: NonNullable<ResumePoint["boot"]> } = { rows: [], size: 0, boot: { page, type: "", after: null } };
    const send = async (isLast: boolean): Promise<boolean> => {
      // Another view's pages may be under way by now.
      if (this.#isCancelled) return false;
      // Whoever is cut off between the last page and the names behind it has to hear them.
      const here = !isLast ? { ...start, boot: { ...pending.boot, page } } : corrections.out.length > 0 ? start : end;
      const resume = seal(here);
      const beganMs = performance.now();
      const sent = outgoing.sendAndWait(`{"msg":"boot","version":${String(version)},"page":${String(page)},"rows":[${pending.rows.join(",")}],"last":${String(isLast)},"resume":${JSON.stringify(resume)}${page === 0 ? cseq : ""}}`);
      page++;
      pending = { rows: [], size: 0, boot: pending.boot };
      // Behind the last page come the changes, which are bounded by themselves.
      if (isLast) return !this.#isCancelled;
      const isInTime = await this.#sentInTime(sent, here);
      length = performance.now() - beganMs < QUICK_MS ? Math.min(length * 2, PAGE_CHARACTERS.max) : Math.max(length / 2, PAGE_CHARACTERS.first);
      return isInTime && !this.#isCancelled;
    };
    for (const shown of view.classes.values()) {
      if (from !== undefined && shown.type < from.type) continue;
      const after = from !== undefined && shown.type === from.type ? (from.after ?? undefined) : undefined;
      let reading: Promise<RowPage> | undefined = snapshot.rows(shown.type, shown.filter, { after, limit: ROWS_PER_PAGE });
      while (reading !== undefined) {
        const { rows, next }: RowPage = await reading;
        if (this.#isCancelled) return undefined;
        // The database goes on while these are sent.
        reading = next === undefined ? undefined : snapshot.rows(shown.type, shown.filter, { after: next, limit: ROWS_PER_PAGE });
        // Whoever is cancelled does not come back for it.
        reading?.catch(() => undefined);
        for (const row of rows) {
          if (pending.size > length && !(await send(false))) return undefined;
          const json = storedRowJson(row, shown);
          pending.rows.push(json);
          pending.size += json.length;
          pending.boot = { page, type: shown.type, after: keyColumnText(row.pk) };
        }
      }
    }
    pending.rows.push(...corrections.rows);
    if (!(await send(true))) return undefined;
    if (corrections.out.length > 0) void outgoing.sendAndWait(`{"msg":"down","resume":${JSON.stringify(seal(end))},"txs":[],"out":[${corrections.out.join(",")}]}`);
    return end;
  }
}

/** States that hold nothing that is hidden go out as they are stored: writing them again would be most of a bootstrap, and reading them a part of it. */
function storedRowJson({ type, pk, stateText }: StoredRow, shown: ClassView): string {
  if (mayName(stateText, shown.hidden) || (shown.mayReplace && stateText.includes(BOXES))) {
    const state = stateOfText(stateText);
    const visible = visibleState(state, shown);
    if (visible !== state) return rowJson(type, pk, visible);
  }
  return `{"type":${JSON.stringify(type)},"pk":${JSON.stringify(pk)},"state":${jsonOfText(stateText)}}`;
}

/** False only if no name in the JSON can be one of these. Behind a backslash a name could be written in another way. */
function mayName(json: string, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false;
  if (json.includes("\\")) return true;
  for (const name of names) if (json.includes(JSON.stringify(name))) return true;
  return false;
}

/** A restored backup and a log that no longer reaches back must not be papered over. */
async function checkHistory(snapshot: Snapshot, from: ResumePoint): Promise<void> {
  const { epoch, version, floor } = snapshot.position;
  const isOurs = from.epoch === epoch && from.version <= version && from.version >= floor && (from.version === 0 || (await snapshot.salt(from.version)) === from.salt);
  if (!isOurs) throw new SyncServerError("HISTORY_LOST", "the server does not continue what this client has seen");
}

function withoutBoot({ epoch, version, salt, digest }: ResumePoint): ResumePoint {
  return { epoch, version, salt, digest };
}
