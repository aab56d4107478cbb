/**
 * `node --conditions=@holdfast/source reliability/attacks/sync/timing.ts [--tries N] [--store postgres]`: whether the time of a refusal tells that an object is there.
 *
 * A user who may see nothing writes on an object that is there, out of his sight, and on one that never was, in turns, over loopback. Prints medians
 * and how often the slower half tells the two apart: 50% is a guess.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HybridClock } from "@holdfast/sync-protocol";
import { PostgresStore, SqliteStore, SyncServer } from "@holdfast/sync-server";
import { sharedCluster } from "@holdfast/sync-server/testing";
import { HonestClient, LiveClient } from "./live-client.ts";
import { authenticator, ROLES, rulesOf, SCHEMA, tokenOf } from "./scene.ts";

const { values } = parseArgs({ options: { tries: { type: "string", default: "1000" }, store: { type: "string", default: "sqlite" } } });
const folder = mkdtempSync(join(tmpdir(), "holdfast-timing-"));
const store = values.store === "postgres" ? new PostgresStore({ connection: await (await sharedCluster()).createDatabase(), connections: 6 }) : new SqliteStore(join(folder, "sync.db"));
const server = new SyncServer({ store, rules: rulesOf(true), schema: SCHEMA, authenticator: authenticator(new Map(Object.entries(ROLES)), "") });
await server.start();
const options = { url: server.url, onText: (): void => undefined };
const root = await HonestClient.connect(options, tokenOf("root"));
for (const [pk, length] of [["small", 0], ["middling", 1000], ["large", 20_000]] as const) {
  await root.up(...root.create(pk, { owner: "root" }), ...(length === 0 ? [] : Array.from({ length: Math.ceil(length / 10_000) }, () => root.in(pk, "lines", "list", { act: "insert", values: Array.from({ length: Math.min(length, 10_000) }, () => "x") }))));
}
const spy = await LiveClient.open(options);
await spy.hello(tokenOf("cy"));
const clock = new HybridClock({ replica: spy.client, now: Date.now });

async function ask(pk: string): Promise<number> {
  const cseq = ++spy.cseq;
  const beganMs = performance.now();
  spy.send({ msg: "up", txs: [{ cseq, ops: [{ type: "Task", pk, h: clock.tick(), path: ["title"], do: { act: "set", value: "x" } }] }] });
  await spy.until(() => spy.acked >= cseq);
  return performance.now() - beganMs;
}

function median(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0;
}

for (const pk of ["never was", "small", "middling", "large"]) {
  const [there, absent]: [number[], number[]] = [[], []];
  for (let each = 0; each < Number(values.tries); each++) {
    // Whoever comes second must not gain by it.
    if (each % 2 === 0) there.push(await ask(pk));
    absent.push(await ask(`nothing ${String(each)}`));
    if (each % 2 === 1) there.push(await ask(pk));
  }
  const limit = median([...there, ...absent]);
  const right = there.filter((time) => time > limit).length + absent.filter((time) => time <= limit).length;
  process.stdout.write(`${pk}: median ${median(there).toFixed(3)} ms, of none ${median(absent).toFixed(3)} ms; one try tells them apart in ${((100 * right) / (there.length + absent.length)).toFixed(1)}%\n`);
}
root.live.close();
spy.close();
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exit();
