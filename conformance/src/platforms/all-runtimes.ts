/**
 * Processes of every server runtime at once, this one included, and of a simulated phone, over the compiled packages.
 *
 * @module
 */
import type { RuntimesAccess } from "../platform.ts";
import { compile, compiled } from "./compiled.ts";
import { DEFAULT_IMPLEMENTATION } from "./node.ts";
import { createNodeProcesses } from "./node-processes.ts";
import { phoneCommand, phoneName, simulatedPhone } from "./phones.ts";
import { findRuntime, ownCommand, ownRuntime, SERVER_RUNTIMES, type RuntimeCommand } from "./server-runtimes.ts";

/** With a way to end all that still run. */
export interface AllRuntimes extends RuntimesAccess {
  endAll(): Promise<void>;
}

/** Those that are installed; `undefined` if this one is alone. */
export function findAllRuntimes(): AllRuntimes | undefined {
  const commands = new Map<string, RuntimeCommand>([[ownRuntime().replace(/\..*/, ""), ownCommand()]]);
  for (const runtime of SERVER_RUNTIMES) {
    const found = findRuntime(runtime);
    if (!("reason" in found)) commands.set(runtime.name, found);
  }
  if (commands.size === 1) return undefined;
  compile();
  const host = compiled("node-host");
  const starters = new Map([...commands].map(([name, command]) => [name, createNodeProcesses({ implementation: DEFAULT_IMPLEMENTATION, command, host })]));
  const namesThatLock = [...starters.keys()];
  // One of the two: the adapter is the same, and each more of them adds files to open for all; `npm test`, which has no time, does without.
  if (process.env["HOLDFAST_SHORT"] !== "1") starters.set(phoneName("android"), createNodeProcesses({ implementation: simulatedPhone("android"), command: phoneCommand(), host }));
  return {
    names: [...starters.keys()],
    namesThatLock,
    start(runtime, program, values) {
      const starter = starters.get(runtime);
      if (starter === undefined) throw new Error(`there is no runtime "${runtime}"`);
      return starter.start(program, values);
    },
    async endAll() {
      for (const starter of starters.values()) await starter.endAll();
    },
  };
}
