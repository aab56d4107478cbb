/**
 * Results as a Markdown page with ratios, spreads and losses, and as JSON. Pure.
 *
 * @module
 */
import { CONTENDERS } from "./contender.ts";
import { REASONS } from "./reasons.ts";
import { JUDGED, judgedRatios, ratiosAgainst, type RowResult } from "./run.ts";
import { type Spread, summarize } from "./statistics.ts";
import type { Sample } from "./measure.ts";

/** Where and how the run was made. */
export interface RunFacts {
  readonly machine: string;
  readonly runtime: string;
  readonly date: string;
  readonly command: string;
  readonly form: string;
  readonly seed: number;
  readonly seconds: number;
  /** Speed of SHA-256 and of AES-256-CTR in bytes per millisecond: the floor of a sealed byte. */
  readonly sha256BytesPerMs: number;
  readonly aesBytesPerMs: number;
}

/** The whole report as Markdown. */
export function renderMarkdown(results: readonly RowResult[], facts: RunFacts): string {
  return [
    "# Benchmark results",
    "",
    `${facts.form}. Date ${facts.date}. Machine: ${facts.machine}. Runtime: ${facts.runtime}. Command: \`${facts.command}\`. Seed ${facts.seed}. Took ${Math.round(facts.seconds)} s.`,
    "",
    "Read the ratios, not the times: the machine may be shared. A ratio is the median of paired ratios (both halves ran next to each other), followed by the middle half of them and the number of pairs. Every answer of every contender was checked.",
    "",
    "## Encrypted against plain",
    "",
    ...judgedTable(results),
    "",
    floorLine(results, facts),
    "",
    "## Against the peers (medians; in brackets: encrypted Holdfast as a multiple of the peer, paired; under 1 Holdfast is ahead)",
    "",
    ...peerTable(results),
    "",
    ...CONTENDERS.map(({ title, note }) => `- ${title}: ${note}`),
    "",
    "## Losses",
    "",
    ...losses(results),
    "",
    ...notRun(results),
  ].join("\n");
}

/** The results as data: every sample of every row. */
export function renderJson(results: readonly RowResult[], facts: RunFacts): string {
  const rows = results.map((result) => ({
    id: result.row.id,
    title: result.row.title,
    unit: result.row.unit,
    limit: result.row.limit,
    encryptedOverPlain: summarize(judgedRatios(result, result.row.figure)) ?? null,
    encryptedOverPlainThreadCpu: result.row.hasCpu ? (summarize(judgedRatios(result, threadCpu)) ?? null) : null,
    encryptedOverPlainProcessCpu: result.row.hasCpu ? (summarize(judgedRatios(result, processCpu)) ?? null) : null,
    contenders: CONTENDERS.map(({ id }) => ({
      id,
      median: medianOf(result, id)?.median ?? null,
      encryptedHoldfastOver: summarize(ratiosAgainst(result, id, result.row.figure)) ?? null,
      notRun: result.failures.get(id) ?? null,
      samples: [...(result.samples.get(id) ?? [])].map(([pair, sample]) => ({ pair, ...sample })),
    })),
  }));
  return `${JSON.stringify({ facts, rows }, undefined, 1)}\n`;
}

const threadCpu = (sample: Sample): number => sample.threadCpuMs;
const processCpu = (sample: Sample): number => sample.processCpuMs;

function medianOf(result: RowResult, id: string): Spread | undefined {
  return summarize([...(result.samples.get(id)?.values() ?? [])].map(result.row.figure));
}

function judgedTable(results: readonly RowResult[]): string[] {
  const lines = [
    "| row | encrypted | plain | ratio | limit | main-thread CPU | whole process CPU | verdict |",
    "|---|---|---|---|---|---|---|---|",
  ];
  for (const result of results) {
    const { row } = result;
    const wall = summarize(judgedRatios(result, row.figure));
    const cpu = row.hasCpu ? summarize(judgedRatios(result, threadCpu)) : undefined;
    const whole = row.hasCpu ? summarize(judgedRatios(result, processCpu)) : undefined;
    const cells = [
      `${row.id} ${row.title}`,
      withUnit(medianOf(result, JUDGED.encrypted), row.unit),
      withUnit(medianOf(result, JUDGED.plain), row.unit),
      ratioText(wall),
      row.limit.toFixed(2),
      ratioText(cpu),
      ratioText(whole),
      verdict(row.limit, wall, cpu),
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return lines;
}

/** Wall time and main-thread CPU must both be within; a single pair has no spread and settles nothing. */
function verdict(limit: number, wall: Spread | undefined, cpu: Spread | undefined): string {
  if (wall === undefined) return "not run";
  const spreads = cpu === undefined ? [wall] : [wall, cpu];
  const isOver = spreads.some(({ median }) => median > limit);
  const isNoisy = spreads.some(({ lowerQuartile, upperQuartile }) => lowerQuartile <= limit && limit <= upperQuartile);
  return `${isOver ? "**over**" : "within"}${wall.count === 1 ? ", one pair" : isNoisy ? ", noisy" : ""}`;
}

function peerTable(results: readonly RowResult[]): string[] {
  const peers = CONTENDERS.filter(({ id }) => id !== JUDGED.plain && id !== JUDGED.encrypted);
  const lines = [
    `| row | Holdfast encrypted | ${peers.map(({ title }) => title).join(" | ")} |`,
    `|---|---|${peers.map(() => "---").join("|")}|`,
  ];
  for (const result of results) {
    const { row } = result;
    const cells = peers.map(({ id }) => {
      const median = medianOf(result, id);
      if (median === undefined) return "not run";
      const ratio = summarize(ratiosAgainst(result, id, row.figure));
      return `${withUnit(median, row.unit)} (${ratio === undefined ? "-" : significant(ratio.median)})`;
    });
    lines.push(`| ${row.id} ${row.title} | ${withUnit(medianOf(result, JUDGED.encrypted), row.unit)} | ${cells.join(" | ")} |`);
  }
  return lines;
}

function losses(results: readonly RowResult[]): string[] {
  const isAnyJudged = results.some((result) => judgedRatios(result, result.row.figure).length > 0);
  if (!isAnyJudged) return ["Nothing can be said: Holdfast did not run."];
  const lines = results.flatMap((result) => {
    const own = lossesOf(result);
    return own.length === 0 ? [] : [...own, `  - ${REASONS[result.row.id] ?? `**Why? Nobody has said it yet: a sentence for ${result.row.id} belongs in bench/src/reasons.ts.**`}`];
  });
  return lines.length === 0 ? ["None in this run."] : lines;
}

/** Rows that are behind a peer or over their limit, and for which `reasons.ts` has no sentence. */
export function unexplained(results: readonly RowResult[]): string[] {
  return results.filter((result) => REASONS[result.row.id] === undefined && lossesOf(result).length > 0).map((result) => result.row.id);
}

function lossesOf(result: RowResult): string[] {
  const { row } = result;
  const lines: string[] = [];
  const over = (what: string, measure: (sample: Sample) => number): void => {
    const spread = summarize(judgedRatios(result, measure));
    if (spread !== undefined && spread.median > row.limit) lines.push(`- ${row.id}: encrypted / plain ${what} ${ratioText(spread)}, limit ${row.limit.toFixed(2)}`);
  };
  over(row.hasCpu ? "wall" : "size", row.figure);
  if (row.hasCpu) over("main-thread CPU", threadCpu);
  for (const { id, title } of CONTENDERS) {
    if (id === JUDGED.plain || id === JUDGED.encrypted) continue;
    const spread = summarize(ratiosAgainst(result, id, row.figure));
    if (spread !== undefined && spread.median > 1) lines.push(`- ${row.id}: behind ${title}, ${ratioText(spread)}`);
  }
  return lines;
}

/** Each reason once: the rows it concerns, and how to install what is missing. */
function notRun(results: readonly RowResult[]): string[] {
  const rowsByReason = new Map<string, string[]>();
  for (const result of results) {
    for (const [id, reason] of result.failures) {
      const entry = CONTENDERS.find((contender) => contender.id === id);
      const hint = reason.startsWith("cannot load") && entry?.install !== undefined ? `; install with \`${entry.install}\`` : "";
      const text = `${entry?.title ?? id}: ${reason}${hint}`;
      rowsByReason.set(text, [...(rowsByReason.get(text) ?? []), result.row.id]);
    }
  }
  if (rowsByReason.size === 0) return [];
  return ["## Not run", "", ...[...rowsByReason].map(([reason, rows]) => `- ${reason} (${rows.join(", ")})`), ""];
}

function floorLine(results: readonly RowResult[], facts: RunFacts): string {
  const speeds = `SHA-256 ${significant(facts.sha256BytesPerMs / 1e6)} GB/s and AES-256-CTR ${significant(facts.aesBytesPerMs / 1e6)} GB/s here`;
  const size = results.find((result) => result.row.id === "W7-file");
  const megabytes = size === undefined ? undefined : medianOf(size, JUDGED.encrypted)?.median;
  if (megabytes === undefined) return `Floor of the cryptography: ${speeds}.`;
  const floorMs = (megabytes * 1e6) / facts.sha256BytesPerMs + (megabytes * 1e6) / facts.aesBytesPerMs;
  return `Floor of the cryptography: ${speeds}, so sealing or opening every byte of the file once takes ${significant(floorMs)} ms.`;
}

function ratioText(spread: Spread | undefined): string {
  if (spread === undefined) return "-";
  const { median, lowerQuartile, upperQuartile, count } = spread;
  return `${significant(median)} (${significant(lowerQuartile)} to ${significant(upperQuartile)}, ${count})`;
}

function withUnit(spread: Spread | undefined, unit: string): string {
  return spread === undefined ? "not run" : `${significant(spread.median)} ${unit}`;
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 0.1 ? 2 : 3);
}
