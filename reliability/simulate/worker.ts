/**
 * A processor's share of the work: it runs the histories that it is sent.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { runHistory } from "./history.ts";
import type { HistoryOptions } from "./history.ts";

const port = parentPort;
if (port === null) throw new Error("worker.ts is started by run-many.ts");
port.on("message", (options: HistoryOptions) => {
  void runHistory(options).then((result) => port.postMessage(result));
});
