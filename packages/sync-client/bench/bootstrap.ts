/**
 * How long a device needs for a bootstrap, how long its event loop stands still meanwhile, and how much memory it takes.
 *
 *     node --conditions=@holdfast/source packages/sync-client/bench/bootstrap.ts [ROWS] [plain]
 *
 * The server is a function in the same process, which makes each page when it is asked for it: what is measured is the client.
 *
 * @module
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Realm } from "@holdfast/realm";
import { decodeClientMessage, encodeMessage } from "@holdfast/sync-protocol";
import type { ObjectRow, ServerMessage } from "@holdfast/sync-protocol";
import { enableSync } from "../src/index.ts";
import type { Transport } from "../src/index.ts";

const ROWS = Number(process.argv[2] ?? 100_000);
const PAGE = 1000;
const CLIENT = "c0ffee0000000001";
const STAMP = "01890a5d00000000000000000000abcd";

function rowOf(index: number): ObjectRow {
  const set = (v: unknown) => ({ h: STAMP, v });
  const f = { title: set(`Task number ${index} of a list that somebody keeps`), done: set(index % 3 === 0), owner: set(`user-${index % 100}`), votes: set(index % 7), at: set({ $date: 1_700_000_000_000 + index }) };
  return { type: "Task", pk: `task-${String(index).padStart(8, "0")}`, state: { c: STAMP, f } } as unknown as ObjectRow;
}

/** Answers a hello, a sub and marks; pages as fast as they are taken. */
const transport: Transport = {
  connect: (_, handlers) => {
    let isOpen = true;
    const say = (message: ServerMessage): void => void setImmediate(() => isOpen && handlers.onMessage(encodeMessage(message)));
    const sendPage = (version: number, page: number): void => {
      const from = page * PAGE;
      const rows = Array.from({ length: Math.min(PAGE, ROWS - from) }, (_, index) => rowOf(from + index));
      const last = from + PAGE >= ROWS;
      say({ msg: "boot", version, page, rows, last, resume: `page ${page}` });
      if (!last) setTimeout(() => isOpen && sendPage(version, page + 1), 0);
    };
    setImmediate(() => handlers.onOpen());
    return {
      send: (text) => {
        const message = decodeClientMessage(text);
        if (message.msg === "hello") say({ msg: "welcome", protocol: 1, serverTime: Date.now(), client: CLIENT, lastCseq: 0, epoch: "e" });
        else if (message.msg === "sub") sendPage(message.version, 0);
        // Behind the pages that were sent before it.
        else if (message.msg === "mark") setTimeout(() => say({ msg: "mark", id: message.id }), 0);
      },
      close: () => void (isOpen = false),
    };
  },
};

const folder = mkdtempSync(join(tmpdir(), "holdfast-bootstrap-"));
const path = join(folder, "a.realm");
enableSync();
let longestMs = 0;
let peakBytes = 0;
let lastMs = performance.now();
const isTraced = process.env["TRACE"] !== undefined;
const watch = setInterval(() => {
  const now = performance.now();
  if (isTraced && now - lastMs > 100) process.stderr.write(`block of ${Math.round(now - lastMs)} ms\n`);
  longestMs = Math.max(longestMs, now - lastMs);
  lastMs = now;
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 1);
const before = process.memoryUsage.rss();
const user = { id: "u", url: "ws://localhost:1/", isLoggedIn: true, freshAccessToken: () => Promise.resolve("t"), refreshAccessToken: () => Promise.resolve("t") };
const schema: Realm.ObjectSchema[] = [{ name: "Task", primaryKey: "_id", properties: { _id: "string", title: "string", done: "bool", owner: "string", votes: "int", at: "date" } }];
const startMs = performance.now();
lastMs = startMs;
const realm = await Realm.open({
  path,
  schema,
  ...(process.argv[3] === "plain" ? {} : { encryptionKey: new Uint8Array(64).fill(7) }),
  sync: { user, flexible: true, transport, initialSubscriptions: { update: (set: { add(objects: unknown): void }, opened: Realm) => set.add(opened.objects("Task")) } } as never,
});
const totalMs = performance.now() - startMs;
clearInterval(watch);
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
process.stdout.write(`${realm.objects("Task").length} rows in ${Math.round(totalMs)} ms; longest block ${Math.round(longestMs)} ms; memory ${mib(before)} before, ${mib(peakBytes)} at most; file ${mib(statSync(path).size)}\n`);
realm.close();
rmSync(folder, { recursive: true });
