/**
 * The suites over deliberately broken implementations: each must fail, in the check that is about what is broken.
 *
 * Without this a suite that passes says nothing: it might pass over anything.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { CipherAccess, RealmPlatform } from "../src/platform.ts";
import { createNodePlatform } from "../src/platforms/node.ts";
import { runSuite, type Form, type Suite } from "../src/suite.ts";
import { createBudgetSuite } from "../src/suites/budget.ts";
import { copyAndRekey } from "../src/suites/copy-and-rekey.ts";
import { crashAndReopen } from "../src/suites/crash-and-reopen.ts";
import { keyValidation } from "../src/suites/key-validation.ts";
import { refusedKeys } from "../src/suites/refused-keys.ts";
import { secrecy } from "../src/suites/secrecy.ts";
import { severalProcesses } from "../src/suites/several-processes.ts";
import { size } from "../src/suites/size.ts";
import { runSoftwareBudget } from "../src/suites/software-budget.ts";

/** One broken implementation, the checks that are run over it, and what the failure must say. */
interface Broken {
  readonly implementation: string;
  readonly suite: Suite;
  readonly form: Form;
  readonly checks: RegExp;
  readonly failure: RegExp;
  /** The working implementation passes the same checks; not asked where those judge a speed on a noisy machine. */
  readonly isTiming?: boolean;
}

const reads = createBudgetSuite({ objectCount: 2000, commitCount: 1, readCount: 2000, updateCount: 1, workloads: ["point reads"] });
const both = "plain and encrypted";

const BROKEN: readonly Broken[] = [
  { implementation: "accepts-short-keys", suite: keyValidation, form: "encrypted", checks: /^63 bytes is refused as/, failure: /was accepted/ },
  { implementation: "opens-with-wrong-key", suite: refusedKeys, form: "encrypted", checks: /^another key:/, failure: /was accepted/ },
  { implementation: "ignores-second-half", suite: refusedKeys, form: "encrypted", checks: /^a wrong second half:/, failure: /was accepted/ },
  { implementation: "touches-file-on-failure", suite: refusedKeys, form: "encrypted", checks: /^another key:/, failure: /was changed/ },
  { implementation: "touches-file-on-failure", suite: refusedKeys, form: "plain", checks: /^a key for a plain file:/, failure: /was changed/ },
  { implementation: "deletes-on-wrong-key", suite: refusedKeys, form: "encrypted", checks: /^another key:/, failure: /was accepted|is gone/ },
  { implementation: "leaks-key", suite: refusedKeys, form: "encrypted", checks: /^another key:/, failure: /bytes 0-3 of the key as hex/ },
  { implementation: "calls-damage-wrong-key", suite: refusedKeys, form: "encrypted", checks: /^a changed byte/, failure: /KEY_WRONG although the key is right/ },
  { implementation: "leaks-plaintext", suite: secrecy, form: both, checks: /^no known word/, failure: /stands readable in test\.realm\.notes/ },
  { implementation: "overwrites-target", suite: copyAndRekey, form: both, checks: /refuses a realm that is already there/, failure: /was accepted/ },
  { implementation: "unsafe-rekey", suite: copyAndRekey, form: both, checks: /key to another key, killed/, failure: /content of the file differs|does not open/ },
  { implementation: "loses-updates", suite: severalProcesses, form: "encrypted", checks: /in turn/, failure: /the shared counter/ },
  { implementation: "late-listeners", suite: severalProcesses, form: "encrypted", checks: /listen/, failure: /99th percentile/, isTiming: true },
  { implementation: "loses-last-commit", suite: crashAndReopen, form: "encrypted", checks: /small commits/, failure: /were acknowledged/ },
  { implementation: "splits-commits", suite: crashAndReopen, form: "encrypted", checks: /bulk commits/, failure: /half there/ },
  { implementation: "scans-on-open", suite: size, form: "encrypted", checks: /^opening/, failure: /times as long/, isTiming: true },
  { implementation: "slow-encryption", suite: reads, form: both, checks: /point reads/, failure: /lies above 1\.10/, isTiming: true },
];

const SEED = 20_261;

describe("a suite fails when it is handed", () => {
  let platform: RealmPlatform | undefined;
  afterEach(async () => {
    await platform?.cleanUp();
  });

  for (const { implementation, suite, form, checks, failure } of BROKEN) {
    it(`an implementation that ${implementation.replaceAll("-", " ")} (${suite.name}, ${form})`, async () => {
      platform = await createNodePlatform(new URL(`./broken/${implementation}.ts`, import.meta.url).href);
      const result = await runSuite(suite, form, platform, { seed: SEED, isLong: false, checks });
      expect(result.status).toBe("failed");
      expect(result.checks.map((check) => check.failure).join("\n")).toMatch(failure);
    });
  }
});

describe("where the cipher is software, the budget fails when it is handed", () => {
  const software: Suite = {
    name: "budget",
    title: "The budget where the cipher is software",
    forms: [both],
    needs: ["clocks", "cipher"],
    run: (context) => runSoftwareBudget(context, { objectCount: 1000, readCount: 1000, commitCount: 1, updateCount: 1 }),
  };
  /** Notes nothing. */
  const cipher: CipherAccess = { start: () => undefined, unitCount: () => 0, replayMs: () => 0 };

  it.each([
    ["reads that are slow on warm rows", "./broken/slow-encryption.ts", /^point reads, warm/, /lies above 1\.10/],
    ["a cold row that opens no unit", undefined, /^cold iteration/, /that is no cold row/],
  ])("%s", async (_name, implementation, checks, failure) => {
    const platform = await createNodePlatform(implementation === undefined ? undefined : new URL(implementation, import.meta.url).href);
    const result = await runSuite(software, both, { ...platform, cipher }, { seed: SEED, isLong: false, checks });
    await platform.cleanUp();
    expect(result.checks.map((check) => check.failure).join("\n")).toMatch(failure);
  });
});

describe("the same checks pass over the working implementation", () => {
  const distinct = new Map(BROKEN.filter((broken) => broken.isTiming !== true).map((broken) => [`${broken.suite.name}, ${broken.form}, ${broken.checks}`, broken]));
  for (const [name, { suite, form, checks }] of distinct) {
    it(name, async () => {
      const platform = await createNodePlatform();
      const result = await runSuite(suite, form, platform, { seed: SEED, isLong: false, checks });
      expect(result.checks.filter((check) => check.failure !== undefined)).toEqual([]);
      expect(result.status).toBe("passed");
    });
  }
});
