/**
 * Everything that was ever worth keeping, once more: seeds, corpora and the inputs that failed before they were understood.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { readCorpus, readCrashes } from "../fuzzer/corpus-file.ts";
import { tryInput } from "../fuzzer/failure.ts";
import type { FuzzTarget } from "../target.ts";
import { moduleOf, TARGETS } from "../targets/index.ts";

describe.each(TARGETS)("%s", (name) => {
  it("passes every kept input", async () => {
    const { target } = (await import(moduleOf(name))) as { target: FuzzTarget };
    expect(target.name).toBe(name);
    for (const input of [...target.seeds(), ...readCorpus(name)]) {
      const problem = tryInput(target, input);
      if (problem !== undefined) throw new Error(`the input ${shown(target, input)} fails`, { cause: problem });
    }
  });

  it("passes every input that once failed", async () => {
    const { target } = (await import(moduleOf(name))) as { target: FuzzTarget };
    for (const { name: file, input } of readCrashes(name)) {
      const problem = tryInput(target, input);
      if (problem !== undefined) throw new Error(`crashes/${name}/${file} fails again`, { cause: problem });
    }
  });
});

function shown(target: FuzzTarget, input: Uint8Array): string {
  return target.isText === true ? JSON.stringify(new TextDecoder().decode(input)) : Array.from(input, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
