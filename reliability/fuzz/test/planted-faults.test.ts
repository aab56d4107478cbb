/**
 * Mistakes put into the packages one by one: the targets have to find them, in few inputs and without a corpus.
 *
 * @module
 */
import { expect, it } from "vitest";
import type { Fault } from "../fuzzer/load-hooks.ts";
import { runTarget } from "../fuzzer/run-target.ts";
import { moduleOf } from "../targets/index.ts";

/** One search in some ten does not come by the place in time, and which one changes with every line of the sources. */
const SEEDS: readonly number[] = [7, 8, 9];

interface Planted {
  readonly target: string;
  readonly what: string;
  readonly fault: Fault;
  /** What one of the failures must be. */
  readonly signature: RegExp;
}

const PLANTED: readonly Planted[] = [
  {
    target: "query-run",
    what: "`<=` that means `<`",
    fault: { file: "/realm/src/queries/compile.ts", from: "stored !== null && stored <= value", to: "stored !== null && stored < value" },
    signature: /^(WRONG_RESULT|INDEX_CHANGES_RESULT|LENGTH_DIFFERS)$/,
  },
  {
    target: "query-text",
    what: "numbers of arguments beyond all counting",
    fault: { file: "/query/src/parser-state.ts", from: "if (!Number.isSafeInteger(count)) throw", to: "if (Number.isNaN(count)) throw" },
    signature: /PRINT_NOT_STABLE/,
  },
  {
    target: "file-forged",
    what: "a page whose tag is not checked",
    fault: { file: "/core-cipher/src/unit-seal.ts", from: "if (!verify(identity, sealed)) return undefined;", to: "" },
    signature: /./,
  },
  {
    target: "file-pages",
    what: "cells that need not add up",
    fault: { file: "/storage-engine/src/node-page.ts", from: 'return cells === PAGE_PAYLOAD_BYTES - heap ? undefined : "cells and unused bytes do not add up";', to: "return undefined;" },
    signature: /RangeError|CLEAN_BUT|DIFFERS|STEPS_EXCEEDED|LOST/,
  },
  {
    target: "log-records",
    what: "a record that names a tree that there is not",
    fault: { file: "/storage-engine/src/view.ts", from: "if (root === undefined) throw new StoreError", to: "if (root === null) throw new StoreError" },
    signature: /TypeError/,
  },
  {
    target: "file-slots",
    what: "a map that may give away the header",
    fault: { file: "/storage-engine/src/space.ts", from: "for (let page = 0; page < firstPage; page++) if (!space.isUsed(page)) throw", to: "for (let page = 0; page < 0; page++) if (!space.isUsed(page)) throw" },
    signature: /./,
  },
  {
    target: "realm-file",
    what: "counts that are believed",
    fault: { file: "/realm/src/records/read.ts", from: "if (typeof count !== \"number\" || !(count >= 0 && count <= bytes.length - at)) throw", to: "if (typeof count !== \"number\") throw" },
    signature: /RangeError|EXCEEDED/,
  },
  {
    target: "schema",
    what: "a property that vanishes",
    fault: { file: "/realm/src/schema/parse-property.ts", from: 'name !== "__proto__"', to: "name !== undefined || true" },
    signature: /PROPERTY_LOST/,
  },
  {
    target: "json-import",
    what: "a list that need not be one",
    fault: { file: "/realm/src/json/import-json.ts", from: 'if (!Array.isArray(value)) throw invalid(place, "expected a list");', to: "" },
    signature: /TypeError/,
  },
  {
    target: "key-entry",
    what: "a wrap that need not have its form",
    fault: { file: "/key-store/src/key-entry.ts", from: "if (match?.groups === undefined) throw", to: "if (match === undefined) throw" },
    signature: /TypeError/,
  },
];

/** All of them take a minute; elsewhere than in CI one of each kind has to do. */
const isWhole = process.env["CI"] === "true" || process.env["HOLDFAST_EXHAUSTIVE"] !== undefined;
const USUAL: readonly string[] = ["query-run", "log-records", "realm-file"];

it.each(PLANTED.filter(({ target }) => isWhole || USUAL.includes(target)))(`$target finds $what (with one of the seeds ${SEEDS.join()})`, async ({ target, fault, signature }) => {
  const found: string[] = [];
  for (const seed of SEEDS) {
    const report = await runTarget({ target, module: moduleOf(target), seed, seconds: 60, executions: 200_000, maxFailures: 1, isWithCorpus: false, faults: [fault] });
    found.push(...report.failures.map((failure) => failure.signature));
    if (found.length > 0) break;
  }
  expect(found.join()).toMatch(signature);
}, 200_000);
