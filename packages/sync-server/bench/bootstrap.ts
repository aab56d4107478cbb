/**
 * A new device that gets everything there is.
 *
 * @module
 */
import { Client, until } from "./client.ts";
import type { CpuSeconds, Processes } from "./processes.ts";

/** What came, and how fast. */
export interface BootstrapResult {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Seconds of processor time. */
  readonly cpu: CpuSeconds;
}

const ROWS_PER_UPLOAD = 1000;

/** Writes rows, then asks for all of them. */
export async function bootstrap(processes: Processes, count: number): Promise<BootstrapResult> {
  const writer = await Client.connect(processes, "bulk");
  for (let at = 0; at < count; at += ROWS_PER_UPLOAD) {
    writer.up(Array.from({ length: ROWS_PER_UPLOAD }, (_each, index) => writer.create(`row-${String(at + index)}`, { owner: "bulk", title: `title of row ${String(at + index)}` })).flat());
    await until(() => writer.cseq - writer.acked <= 3);
  }
  await until(() => writer.cseq === writer.acked);
  const client = await Client.connect(processes, "bulk");
  const before = processes.cpu();
  const startedAt = performance.now();
  const { rows, bytes } = await client.subscribe("title BEGINSWITH 'title'");
  const seconds = (performance.now() - startedAt) / 1000;
  const after = processes.cpu();
  for (const { socket } of [writer, client]) socket.terminate();
  const spent = (part: keyof CpuSeconds): number => after[part] - before[part];
  return { rows, bytes, seconds, cpu: { server: spent("server"), postgres: spent("postgres"), generator: spent("generator") } };
}
