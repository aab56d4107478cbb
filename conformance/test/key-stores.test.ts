/** The key-store suite itself: it passes over what works, fails over what is broken on purpose, and says what it did not run. */
import { describe, expect, it } from "vitest";
import { memoryBinding, memoryHome } from "../src/key-stores/bindings/memory.ts";
import type { KeyStoreBinding } from "../src/key-stores/binding.ts";
import type { KeyStoreCase, KeyStoreReport } from "../src/key-stores/case.ts";
import { KEY_STORE_CASES, runKeyStoreCases } from "../src/key-stores/run-cases.ts";
import { BROKEN_ADAPTERS, breakBinding, selfTest } from "../src/key-stores/self-test.ts";
import type { BrokenAdapter } from "../src/key-stores/self-test.ts";

const options = { seed: 54, isLong: false } as const;
const only = (...numbers: number[]): KeyStoreCase[] => KEY_STORE_CASES.filter(({ number }) => numbers.includes(number));
const failed = (report: KeyStoreReport): number[] => report.cases.filter(({ status }) => status === "failed").map(({ number }) => number);

it("has the 54 cases, each once", () => {
  expect(KEY_STORE_CASES.map(({ number }) => number)).toEqual(Array.from({ length: 54 }, (_, index) => index + 1));
});

it("passes over the store in memory, and says why the other cases do not apply", async () => {
  const report = await runKeyStoreCases(memoryBinding(), options);
  expect(report.cases.filter(({ status }) => status === "failed")).toEqual([]);
  for (const one of report.cases) if (one.status !== "passed") expect([one.status, one.reason]).toEqual(["does not apply", expect.stringMatching(/\w+ \w+/u)]);
  expect(report.cases.find(({ number }) => number === 44)).toMatchObject({ status: "passed", kind: "simulated" });
});

/** More ways to be broken than every adapter is tried with in case 54. */
const MORE: readonly BrokenAdapter[] = [
  {
    title: "shows the value in an error",
    noticedBy: 45,
    failure: /shows bytes 0-\d+ of the key/u,
    breakStore: (store) => ({
      write: async (name, value, ...rest) =>
        store.write(name, value, ...rest).catch((error: unknown) => {
          throw Object.assign(new Error(`cannot write ${String(value)}`), { code: (error as { code: string }).code });
        }),
    }),
  },
  { title: "reads one buffer for all", noticedBy: 8, failure: /changed what it had read/u, breakStore: (store) => ({ read: memoize(store.read.bind(store)) }) },
  { title: "folds case", noticedBy: 12, failure: /the entry "key"/u, breakStore: (store) => folding(store) },
  { title: "goes on after dispose", noticedBy: 53, failure: /after dispose: was accepted/u, breakStore: () => ({ dispose: async () => undefined }) },
  {
    title: "makes a key for a database that exists",
    noticedBy: 25,
    failure: /was accepted|something was written/u,
    breakStore: (store) => ({ exclusively: async (name, action) => store.exclusively(name, async () => action().catch(() => new Uint8Array(64) as never)) }),
  },
];

describe("fails over an adapter that", () => {
  for (const broken of [...BROKEN_ADAPTERS, ...MORE]) {
    it(broken.title, async () => {
      const binding = breakBinding(memoryBinding(), memoryHome(), broken, "broken");
      const report = await runKeyStoreCases(binding, { ...options, cases: only(broken.noticedBy) });
      expect(report.cases[0]?.failure).toMatch(broken.failure);
      expect(failed(report)).toEqual([broken.noticedBy]);
    });
  }

  it("is not the backend that it should be", async () => {
    expect(failed(await runKeyStoreCases({ ...memoryBinding(), backend: "secret-service" }, { ...options, cases: only(31) }))).toEqual([31]);
  });
});

it("case 54 fails if the suite lets a broken adapter pass", async () => {
  const blind = selfTest(async (binding, { cases }) => ({ adapter: binding.name, kind: "real", cases: cases.map(({ number, title }) => ({ number, title, status: "passed", kind: "real", notes: [] })) }));
  const report = await runKeyStoreCases(memoryBinding(), { ...options, cases: [blind] });
  expect(report.cases[0]?.failure).toBe("an adapter that gives null on an error passes case 27");
});

it("a home that does not open fails every case that needs it; a declared reason is shown", async () => {
  const binding: KeyStoreBinding = { ...memoryBinding(), notRun: { 2: "no such thing here" }, openHome: () => Promise.reject(new Error("no home")) };
  const { cases } = await runKeyStoreCases(binding, { ...options, cases: only(1, 2, 20) });
  expect(cases.map(({ status, reason, failure }) => [status, reason ?? failure])).toEqual([
    ["failed", "the home could not be opened: Error: no home"],
    ["not run", "no such thing here"],
    ["failed", "the home could not be opened: Error: no home"],
  ]);
});

function memoize<Parameters extends unknown[], Result>(action: (...values: Parameters) => Promise<Result>): (...values: Parameters) => Promise<Result> {
  let last: Promise<Result> | undefined;
  return (...values) => (last ??= action(...values));
}

function folding(store: Parameters<BrokenAdapter["breakStore"]>[0]): ReturnType<BrokenAdapter["breakStore"]> {
  return { write: (name, value, ...rest) => store.write(name.toLowerCase(), value, ...rest), readText: (name, ...rest) => store.readText(name.toLowerCase(), ...rest) };
}
