/**
 * Leaks on purpose: the attacks on live sessions find each of them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SqliteStore } from "@holdfast/sync-server";
import { runLiveFuzz } from "../sync/live-fuzz.ts";
import { PLANTS } from "../sync/planted.ts";

let folder = "";

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "holdfast-live-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const WHERE = { "fields that are not hidden": "a frame", "rows that no rule lets through": "a frame", "an error that quotes": "a frame", "a log line that quotes": "a log line" } as const;

it.each(PLANTS)("%s: found", async (plant) => {
  const { failures } = await runLiveFuzz({ seed: 1, store: new SqliteStore(join(folder, "sync.db")), messages: 100, plant });
  expect(failures.find((failure) => failure.includes("a canary in"))).toContain(`a canary in ${WHERE[plant]} of`);
}, 60_000);
