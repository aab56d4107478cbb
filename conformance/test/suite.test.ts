/** The machinery of the suites: what is missing is reported, what throws has failed, what checks nothing has failed. */
import { describe, expect, it } from "vitest";
import { claimRefused, keyLeakIn } from "../src/claims.ts";
import type { RealmPlatform } from "../src/platform.ts";
import { seededBytes } from "../src/random.ts";
import { hasFailed, toMarkdown, type Report } from "../src/report.ts";
import { judge, percentile, spreadOf } from "../src/statistics.ts";
import { runSuite, type Suite, type SuiteResult } from "../src/suite.ts";

const bare = {
  name: "bare",
  description: "no capability",
  temporaryFolder: () => "folder",
  join: (folder: string, name: string) => `${folder}/${name}`,
  cleanUp: () => Promise.resolve(),
} as unknown as RealmPlatform;

function suiteOf(run: Suite["run"], needs: Suite["needs"] = []): Suite {
  return { name: "sample", title: "Sample", forms: ["plain"], needs, run };
}

function runOver(suite: Suite): Promise<SuiteResult> {
  return runSuite(suite, "plain", bare, { seed: 1, isLong: false });
}

describe("a suite", () => {
  it("is not run, with the reason, over a platform that lacks what it needs", async () => {
    const result = await runOver(suiteOf(() => Promise.reject(new Error("ran")), ["processes"]));
    expect(result).toMatchObject({ status: "not run", reason: expect.stringContaining('no "processes"') as string });
  });

  it("has failed if one of its checks throws, and runs the others", async () => {
    const result = await runOver(
      suiteOf(async (context) => {
        await context.check("first", () => {
          throw new Error("broken");
        });
        await context.check("second", () => {});
      }),
    );
    expect(result.checks.map((check) => check.failure)).toEqual(["Error: broken", undefined]);
    expect(result.status).toBe("failed");
  });

  it("has failed if it throws between its checks", async () => {
    expect((await runOver(suiteOf(() => Promise.reject(new Error("early"))))).status).toBe("failed");
  });

  it("has failed if it checks nothing", async () => {
    expect((await runOver(suiteOf(() => Promise.resolve()))).status).toBe("failed");
  });
});

describe("the report", () => {
  const result: SuiteResult = {
    suite: "sample",
    form: "plain",
    seed: 1,
    status: "failed",
    reason: undefined,
    checks: [{ title: "first", failure: "broken" }, { title: "second", failure: undefined }],
    figures: [{ title: "speed", text: "1.05" }],
    misses: ["a goal"],
  };
  const report: Report = {
    date: "2026-01-01",
    command: "run",
    seed: 1,
    isLong: false,
    durationSeconds: 1,
    targets: [
      { target: "Here", description: "Node", reason: undefined, suites: [result] },
      { target: "There", description: undefined, reason: "no machine", suites: [] },
    ],
    keyStores: { date: "2026-01-01", command: "run", seed: 1, adapters: [{ adapter: "Keys", kind: "real", description: "here", cases: [{ number: 1, title: "one", status: "passed", kind: "simulated", notes: ["a note"] }] }] },
  };

  it("names failures, misses, figures and targets that were not run", () => {
    const text = toMarkdown(report);
    for (const part of ["**FAILED** 1 of 2", "broken", "a goal", "1.05", "not run: no machine", "| 1 one | simulated |", "a note"]) expect(text).toContain(part);
  });

  it("counts as failed if any check failed", () => {
    expect(hasFailed(report)).toBe(true);
    expect(hasFailed({ ...report, targets: report.targets.slice(1) })).toBe(false);
    expect(hasFailed({ ...report, targets: [], keyStores: { ...report.keyStores, adapters: [{ adapter: "Keys", kind: "real", cases: [{ number: 1, title: "one", status: "failed", kind: "real", notes: [] }] }] } })).toBe(true);
  });
});

describe("the budget's verdict", () => {
  const ratios = (around: number, spread: number): number[] => Array.from({ length: 11 }, (_, index) => around + ((index - 5) / 5) * spread);

  it("is within at a median of 1.10 however wide the spread", () => expect(judge(spreadOf(ratios(1.1, 0.5)), 1.1)).toBe("within"));
  it("is unresolved above it while the middle half reaches down to it", () => expect(judge(spreadOf(ratios(1.15, 0.3)), 1.1)).toBe("unresolved"));
  it("is over when the whole middle half lies above it", () => expect(judge(spreadOf(ratios(1.3, 0.1)), 1.1)).toBe("over"));
  it("interpolates percentiles", () => expect(percentile([1, 2, 3, 4], 0.5)).toBe(2.5));
});

describe("the claims", () => {
  const key = seededBytes(1, 64);

  it("find key bytes as hex, as numbers and as base64, and nothing in an ordinary message", () => {
    const part = key.subarray(20, 30);
    for (const text of [Buffer.from(part).toString("hex"), `[${[...part].join(", ")}]`, btoa(String.fromCharCode(...part))]) {
      expect(keyLeakIn(`text ${text} text`, key)).toBeDefined();
    }
    expect(keyLeakIn("Encryption key must be 64 bytes, got 63. SecretKey(64 bytes)", key)).toBeUndefined();
  });

  it("do not accept a refusal without a stable code, nor an action that is accepted", async () => {
    await expect(claimRefused("it", () => { throw new Error("plain"); }, {})).rejects.toThrow(/no stable code/);
    await expect(claimRefused("it", () => 1, {})).rejects.toThrow(/was accepted/);
  });
});
