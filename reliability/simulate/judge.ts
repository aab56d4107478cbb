/**
 * Which errors of the engine have a reason in what was done to it. Every other one is a failure of the engine.
 *
 * @module
 */
import { StoreError } from "@holdfast/storage-engine";
import { fail, SimulationFailure } from "./failure.ts";
import type { Handle, SimulatedProcess, World } from "./world.ts";

/** What was so before the call that failed. */
export interface Circumstances {
  readonly faults: number;
  readonly freezes: number;
  /** Codes that are right here, whatever was done to the disk. */
  readonly expected: readonly string[];
}

/** Notes what is so before a call. */
export function circumstances(world: World, expected: readonly string[] = []): Circumstances {
  return { faults: world.faultCount, freezes: world.freezeCount - world.frozen().length, expected };
}

/** @returns Normally if the error has a reason. @throws {SimulationFailure} if it has none. */
export function judge(world: World, process: SimulatedProcess, failed: { doing: string; error: unknown; before: Circumstances; handle?: Handle }): void {
  const { doing, error, before, handle } = failed;
  if (error instanceof SimulationFailure) throw error;
  world.trace?.(`  ${process.name}: ${doing}: ${String(error)}`);
  const code = (error as { code?: unknown } | null)?.code;
  if (process.isGone) {
    if (typeof code === "string") return;
    fail(`${process.name} was ended while ${doing}, and its last words are no coded error: ${describe(error)}`, error);
  }
  if (!(error instanceof StoreError)) fail(`${process.name}, ${doing}: not an error of the engine: ${describe(error)}`, error);
  const shorts = process.volume.faultsDone.filter((done) => done.outcome === "short" && done.operation === "read").length;
  world.noteFaults(process);
  const isFaulty = world.faultCount > before.faults;
  const reasons: Readonly<Record<string, boolean>> = {
    IO_FAILED: isFaulty,
    DISK_FULL: isFaulty || world.config.freeBytes !== undefined,
    COMMIT_UNKNOWN: isFaulty || world.config.freeBytes !== undefined || (handle !== undefined && world.faultCount > handle.openedAtFault),
    STORE_LOCKED: world.isNested || world.freezeCount > before.freezes,
    FILE_REPLACED: handle === undefined ? true : handle.file !== world.liveFile(),
  };
  if (reasons[error.code] === true || before.expected.includes(error.code)) return;
  // A read that ends too early looks like a file that was cut.
  if (shorts > 0 && (error.code.endsWith("_DAMAGED") || error.code === "NOT_A_STORE")) return;
  fail(`${process.name}, ${doing}: ${describe(error)}`, error);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${typeof code === "string" ? `${code} ` : `${error.name} `}${error.message}${cause}${typeof code === "string" ? "" : `\n${error.stack ?? ""}`}`;
}
