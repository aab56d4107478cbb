/**
 * What the sync server does in a second: field changes acknowledged durably and delivered, idle clients, many clients, a bootstrap.
 *
 * Everything on one machine: PostgreSQL, the server in a process of its own, and this load generator share its cores. TLS and rules are on.
 * `npm run bench:sync`, or after `npx tsc --build`: `node --conditions=@holdfast/source packages/sync-server/bench/main.ts`
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { load } from "./load.ts";
import { startProcesses } from "./processes.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" }, clients: { type: "string", default: "32" },
    server: { type: "string", default: join(import.meta.dirname, "../dist/cli/main.js") },
    "cpu-prof": { type: "string" },
  },
});
const profile = values["cpu-prof"];
const processes = await startProcesses({ program: values.server, nodeOptions: profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`] });
const result = await load(processes, { seconds: Number(values.seconds), clients: Number(values.clients), inFlight: 2, changes: 20, objects: 5, prefix: "load" });
console.log(JSON.stringify(result));
console.log(`${result.acknowledgedPerSecond.toFixed(0)}/s ack ${result.ack.p50.toFixed(0)}/${result.ack.p99.toFixed(0)} del ${result.delivery.p50.toFixed(0)}/${result.delivery.p99.toFixed(0)} us/change server ${result.cpu.server.toFixed(1)} pg ${result.cpu.postgres.toFixed(1)} gen ${result.cpu.generator.toFixed(1)} sum ${(result.cpu.server+result.cpu.postgres+result.cpu.generator).toFixed(1)} flushes ${result.flushes} ${result.meanFlushMs.toFixed(1)}ms`);
await processes.stop();
process.exit(0);
