/**
 * What the demo shows: headings, lines, progress bars and small charts; plain lines when not on a terminal.
 *
 * @module
 */
import { intro, log, outro, progress } from "@clack/prompts";

const isTerminal = process.stdout.isTTY === true;

/** A step of the demo did not go as it must. The demo ends with exit code 1. */
export class DemoFailure extends Error {
  override readonly name = "DemoFailure";
}

/** Ends the demo unless the condition holds. */
export function expect(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new DemoFailure(`expected: ${sentence}`);
}

/** The first line of the demo. */
export function open(title: string): void {
  if (isTerminal) intro(title);
  else console.log(title);
}

/** The last line of the demo. */
export function close(text: string): void {
  if (isTerminal) outro(text);
  else console.log(text);
}

/** The heading of a step. */
export function step(title: string): void {
  if (isTerminal) log.step(title);
  else console.log(`\n${title}`);
}

/** Lines under a heading. */
export function say(...lines: readonly string[]): void {
  if (isTerminal) log.message(lines.join("\n"));
  else for (const line of lines) console.log(`  ${line}`);
}

/** A bar that fills up; off a terminal nothing but its last line. */
export interface Bar {
  advance(count: number): void;
  finish(text: string): void;
}

/** Starts a bar that is full at `total`. */
export function startBar(title: string, total: number): Bar {
  if (!isTerminal) return { advance: () => undefined, finish: (text) => say(text) };
  const bar = progress({ max: total, size: 32 });
  bar.start(title);
  return { advance: (count) => bar.advance(count, title), finish: (text) => bar.stop(text) };
}

const LEVELS = "▁▂▃▄▅▆▇█";

/** One character for each value, from `low` to `high`. */
export function sparkline(values: readonly number[], range: { readonly low: number; readonly high: number }): string {
  const span = range.high - range.low;
  return values
    .map((value) => {
      const level = Math.round(((value - range.low) / span) * (LEVELS.length - 1));
      return LEVELS[Math.max(0, Math.min(LEVELS.length - 1, level))] ?? "?";
    })
    .join("");
}

const BAR_WIDTH = 30;

/** Two bars for each row on a scale of its own: plain and encrypted. */
export function barChart(rows: readonly { readonly title: string; readonly plainMs: number; readonly encryptedMs: number }[]): string[] {
  const width = Math.max(...rows.map(({ title }) => title.length));
  return rows.flatMap(({ title, plainMs, encryptedMs }) => {
    const longest = Math.max(plainMs, encryptedMs);
    const bar = (value: number): string => "█".repeat(Math.max(1, Math.round((value / longest) * BAR_WIDTH))).padEnd(BAR_WIDTH);
    const ratio = (encryptedMs / plainMs).toFixed(2);
    return [
      `${title.padEnd(width)}  plain     ${bar(plainMs)} ${plainMs.toFixed(1)} ms`,
      `${"".padEnd(width)}  encrypted ${bar(encryptedMs)} ${encryptedMs.toFixed(1)} ms  x ${ratio}`,
    ];
  });
}
