/**
 * What is left of a key in a process after `close`: its heap snapshot and its whole memory are searched.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Check } from "./check.ts";
import { mask } from "./mask.ts";
import { keyForms, rawKeyForms } from "./marks.ts";
import { canReadMemory, searchMemory } from "./node-memory.ts";
import { countInFile } from "./node-search.ts";

const CHILD = fileURLToPath(new URL("memory-child.ts", import.meta.url));

/** Counts at each stage: how often each quarter of the key, and each pad, stands in the process's memory. */
interface Survey {
  readonly stages: readonly { readonly stage: string; readonly counts: ReadonlyMap<string, number>; readonly bytes: number }[];
  readonly snapshot: ReadonlyMap<string, number>;
}

/** The checks of memory. */
export const memoryChecks: readonly Check[] = [
  {
    name: "after close, neither heap snapshot nor memory holds a key byte that is ours to wipe",
    missing: () => (canReadMemory() ? undefined : "another process's memory cannot be read here"),
    async run(say) {
      const { stages, snapshot } = await survey();
      for (const { stage, counts, bytes } of stages) say(`${stage} (${Math.round(bytes / 1024 / 1024)} MiB): ${describe(counts)}`);
      say(`heap snapshot after close: ${describe(snapshot)}`);
      const at = (name: string): ReadonlyMap<string, number> => stages.find(({ stage }) => stage === name)?.counts ?? new Map();
      // The search must be able to fail: an open realm's process does hold its key.
      if (countOf(at("open"), "raw") < 4) throw new Error(`the key of an open realm was not found: ${describe(at("open"))}`);
      if (snapshot.size > 0) throw new Error(`the heap snapshot holds ${describe(snapshot)}`);
      // The encryption half stays in a KeyObject of node:crypto until it is collected; nothing else may.
      const atOnce = [...at("closed")].filter(([name]) => !/bytes (0|16) to/u.test(name));
      if (atOnce.length > 0) throw new Error(`left after close: ${describe(new Map(atOnce))}`);
      const left = at("closed and collected");
      if (left.size > 0) throw new Error(`left after close and collection: ${describe(left)}`);
    },
  },
];

function countOf(counts: ReadonlyMap<string, number>, start: string): number {
  return [...counts].filter(([name]) => name.startsWith(start)).reduce((sum, [, count]) => sum + count, 0);
}

function describe(counts: ReadonlyMap<string, number>): string {
  return counts.size === 0 ? "nothing" : [...counts].map(([name, count]) => `${count} times ${name}`).join(", ");
}

async function survey(): Promise<Survey> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-memory-"));
  const key = randomBytes(64);
  try {
    writeFileSync(join(folder, "masked"), mask(key));
    const child = spawn(process.execPath, [...process.execArgv, "--expose-gc", CHILD, folder], { stdio: ["ignore", "pipe", "inherit"] });
    const stages: { stage: string; counts: Map<string, number>; bytes: number }[] = [];
    for await (const stage of stagesOf(child)) {
      const { counts, bytes } = searchMemory(child.pid ?? 0, rawKeyForms(key));
      stages.push({ stage, counts, bytes });
      writeFileSync(join(folder, stage), "");
    }
    const snapshot = join(folder, "closed.heapsnapshot");
    if (!existsSync(snapshot)) throw new Error("the process wrote no heap snapshot");
    return { stages, snapshot: countInFile(snapshot, keyForms(key)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* stagesOf(child: ChildProcess): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}
