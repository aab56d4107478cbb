/**
 * The entry of a server runtime that runs suites itself: the Node binding, in whatever runtime this process is.
 *
 * Says the platform's description, then answers each line, which asks for a suite, with its result.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { RealmPlatform } from "../platform.ts";
import { runSuite, type SuiteResult } from "../suite.ts";
import { SUITES } from "../suites/index.ts";
import { createNodePlatform } from "./node.ts";
import type { SuiteRequest } from "./runtime-platform.ts";

const platform = await createPlatform(process.argv[2]);
say({ description: platform.description });
for await (const line of createInterface({ input: process.stdin })) say(await answer(JSON.parse(line) as SuiteRequest));
await platform.cleanUp();
process.exit(0);

/** A simulated phone brings what Node's binding cannot know of it. */
async function createPlatform(implementation: string | undefined): Promise<RealmPlatform> {
  const platform = await createNodePlatform(implementation);
  const { asOnPhone } = (implementation === undefined ? {} : await import(implementation)) as { asOnPhone?: (platform: RealmPlatform) => RealmPlatform };
  return asOnPhone?.(platform) ?? platform;
}

async function answer({ suite: name, form, seed, isLong, isBrief, checks }: SuiteRequest): Promise<SuiteResult> {
  const suite = SUITES.find((one) => one.name === name);
  if (suite === undefined) throw new Error(`there is no suite "${name}"`);
  return runSuite(suite, form, platform, { seed, isLong, isBrief, ...(checks === undefined ? {} : { checks: new RegExp(checks) }) });
}

/** Long lines: a pipe may take them piece by piece. */
function say(line: unknown): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}
