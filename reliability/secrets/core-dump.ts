/**
 * A core dump of a process that crashes after it has closed its realm: what the kernel writes to the disk is searched, as well as the dump of one
 * that crashes while the realm is open, which must hold the key.
 *
 * Linux, where dumps are written to the folder of the process. A dump has the memory of the process, so `close` has to have wiped it.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Check } from "./check.ts";
import { mask } from "./mask.ts";
import { rawKeyForms } from "./marks.ts";
import { countInFile } from "./node-search.ts";

const CHILD = fileURLToPath(new URL("memory-child.ts", import.meta.url));
const CORE_PATTERN = "/proc/sys/kernel/core_pattern";

/** The checks of core dumps. */
export const coreChecks: readonly Check[] = [
  {
    name: "a core dump of a process that has closed its realm holds no key byte",
    missing: whyNoDumps,
    async run(say) {
      const open = await dumpAt("open");
      say(`dumped while open (${open.mebibytes} MiB): ${describe(open.counts)}`);
      if (open.counts.size === 0) throw new Error("the key of an open realm was not found: the search finds nothing");
      const closed = await dumpAt("closed and collected");
      say(`dumped after close and collection (${closed.mebibytes} MiB): ${describe(closed.counts)}`);
      if (closed.counts.size > 0) throw new Error(`left in the dump: ${describe(closed.counts)}`);
    },
  },
];

function whyNoDumps(): string | undefined {
  if (process.platform !== "linux") return "where dumps go is known of Linux only";
  const pattern = readFileSync(CORE_PATTERN, "latin1").trim();
  return /^core[.%a-z]*$/u.test(pattern) ? undefined : `the kernel hands dumps to others (${CORE_PATTERN})`;
}

/** Lets a process come to a stage, and crash there. */
async function dumpAt(last: string): Promise<{ counts: ReadonlyMap<string, number>; mebibytes: number }> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-core-"));
  const key = randomBytes(64);
  try {
    writeFileSync(join(folder, "masked"), mask(key));
    const words = [process.execPath, ...process.execArgv, "--expose-gc", CHILD, folder];
    const child = spawn("sh", ["-c", 'ulimit -c unlimited && exec "$@"', "sh", ...words], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    for await (const chunk of child.stdout) {
      for (const stage of String(chunk).split("\n").filter((line) => line !== "")) {
        if (stage === last) child.kill("SIGABRT");
        else writeFileSync(join(folder, stage), "");
      }
    }
    await ended;
    const dump = readdirSync(folder).find((name) => name.startsWith("core"));
    if (dump === undefined) throw new Error("the kernel wrote no dump");
    const path = join(folder, dump);
    return { counts: countInFile(path, rawKeyForms(key)), mebibytes: Math.round(statSync(path).size / 1024 / 1024) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function describe(counts: ReadonlyMap<string, number>): string {
  return counts.size === 0 ? "nothing" : [...counts].map(([name, count]) => `${count} times ${name}`).join(", ");
}
