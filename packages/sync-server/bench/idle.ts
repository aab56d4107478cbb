/**
 * Clients that are connected and say nothing: what they hold in the server.
 *
 * @module
 */
import { connectAll } from "./client.ts";
import type { Processes } from "./processes.ts";

/** Bytes of resident memory of the server. */
export interface IdleResult {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly connectedPerSecond: number;
}

/** How long they are idle before it is looked: the server gives memory back after some quiet seconds. */
const REST_MS = 12_000;

/** Connects clients over TLS, each with a user and a subscription of its own. */
export async function idle(processes: Processes, count: number): Promise<IdleResult> {
  const bytesBefore = await processes.serverBytes();
  const startedAt = performance.now();
  const clients = await connectAll(processes, Array.from({ length: count }, (_each, index) => `idle${String(index)}`));
  for (const client of clients) await client.subscribe("TRUEPREDICATE");
  const seconds = (performance.now() - startedAt) / 1000;
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const bytesAfter = await processes.serverBytes();
  for (const { socket } of clients) socket.terminate();
  return { bytesBefore, bytesAfter, connectedPerSecond: count / seconds };
}
