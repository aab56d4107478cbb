/**
 * Random histories over the reference server.
 */
import { expect, it } from "vitest";
import { forEachMode } from "./support/modes.ts";
import { runHistory } from "./support/history.ts";
import { Link } from "./support/link.ts";
import { seeded } from "./support/seeded.ts";
import { ReferenceServer } from "./support/reference-server.ts";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env["HOLDFAST_RUNS"] ?? 2);

forEachMode((world) => {
  it(`three clients agree after ${RUNS} histories of faults (seed ${SEED})`, async () => {
    for (let run = 0; run < RUNS; run++) {
      const random = seeded(SEED + run * 7919 + (world.isEncrypted ? 1 : 0));
      const faults = { random: () => random.next(), cut: 0 };
      const server = new ReferenceServer({ rowsPerPage: 3 });
      const agreed = (await runHistory({ world, transport: new Link(server, faults), faults, random, name: `run ${run}` })) as [string, unknown[]][];
      expect(Object.keys(server.all("Task")).length).toBe(agreed.find(([name]) => name === "Task")?.[1].length);
    }
    expect(world.errors.filter((error) => error.code !== "CONNECTION_LOST")).toEqual([]);
  });
});
