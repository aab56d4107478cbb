/**
 * A taste of the partition runs: one on each kind of database.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { postgresMissing } from "@holdfast/sync-server/testing";
import { isBefore } from "../src/content.ts";
import type { StoreName } from "../src/plan.ts";
import { runMany } from "../src/runs.ts";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? 21);

describe(`partition runs, seed ${String(SEED)}`, () => {
  const stores: readonly { readonly store: StoreName; readonly missing: string | undefined }[] = [
    { store: "sqlite", missing: undefined },
    { store: "postgres", missing: postgresMissing() },
  ];
  for (const { store, missing } of stores) {
    it.skipIf(missing !== undefined)(`on ${store}: every reader sees what it must, and all replicas are the rows in the end`, async () => {
      const [result] = await runMany({ runs: 1, seed: SEED, seconds: 2, store, clients: 5, only: [], parallel: 1, patienceMs: 60_000, onResult: () => undefined });
      expect(result?.failures).toEqual([]);
      expect(result?.writes).toBeGreaterThan(0);
      // Bootstraps of one page only would leave out what happens between two.
      expect(result?.pages).toBeGreaterThan(0);
    });
  }
});

describe("the order of a register's values", () => {
  it("is that of what their writers knew; neither of two is before the other where each knew something of its own", () => {
    const [first, second, other] = [{ a: 1 }, { a: 1, b: 1 }, { a: 2 }].map((past) => ({ writer: "x", past })) as [never, never, never];
    expect(isBefore(first, second)).toBe(true);
    expect(isBefore(second, first)).toBe(false);
    expect(isBefore(first, first)).toBe(false);
    expect([isBefore(second, other), isBefore(other, second)]).toEqual([false, false]);
  });
});
