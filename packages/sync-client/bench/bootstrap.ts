/**
 * How long a device needs for a bootstrap, how long its event loop stands still meanwhile, and how much memory it takes.
 *
 *     node --conditions=@holdfast/source packages/sync-client/bench/bootstrap.ts [ROWS] [plain] [listener] [writes] [again] [page=ROWS]
 *
 * The server is a function in the same process, which makes each page when it is asked for it. What it takes is told apart: the rest is the
 * client's. `listener`: somebody listens to the objects. `writes`: the application writes an object every 20 ms, and it is told how late the
 * latest of them was done. `again`: there is a tenth of the objects, and the whole comes as a second bootstrap. Processor time is without the
 * process's start.
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
const modes = process.argv.slice(3);
const PAGE = Number(modes.find((mode) => mode.startsWith("page="))?.slice(5) ?? 1000);
let shownRows = modes.includes("again") ? ROWS / 10 : ROWS;
const CLIENT = "c0ffee0000000001";
const STAMP = "01890a5d00000000000000000000abcd";

function rowOf(index: number): ObjectRow {
  const set = (v: unknown) => ({ h: STAMP, v });
  const f = { title: set(`Task number ${index} of a list that somebody keeps`), done: set(index % 3 === 0), owner: set(`user-${index % 100}`), votes: set(index % 7), at: set({ $date: 1_700_000_000_000 + index }) };
  return { type: "Task", pk: `task-${String(index).padStart(8, "0")}`, state: { c: STAMP, f } } as unknown as ObjectRow;
}

let servedMs = 0;
let servedCpuMs = 0;

function cpuMs(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Answers a hello, a sub and marks; pages as fast as they are taken. */
const transport: Transport = {
  connect: (_, handlers) => {
    let isOpen = true;
    const say = (message: ServerMessage): void => void setImmediate(() => isOpen && handlers.onMessage(encodeMessage(message)));
    const sendPage = (version: number, page: number): void => {
      const startMs = performance.now();
      const start = process.cpuUsage();
      const from = page * PAGE;
      const rows = Array.from({ length: Math.min(PAGE, shownRows - from) }, (_, index) => rowOf(from + index));
      const last = from + PAGE >= shownRows;
      const text = encodeMessage({ msg: "boot", version, page, rows, last, resume: `page ${page}` });
      servedMs += performance.now() - startMs;
      servedCpuMs += cpuMs(start);
      setImmediate(() => isOpen && handlers.onMessage(text));
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
const config = {
  path,
  schema,
  ...(modes.includes("plain") ? {} : { encryptionKey: new Uint8Array(64).fill(7) }),
  sync: { user, flexible: true, transport, initialSubscriptions: { update: (set: { add(objects: unknown): void }, opened: Realm) => set.add(opened.objects("Task")) } } as never,
} as never;
let startMs = 0;
let start = process.cpuUsage();
function begin(): void {
  [startMs, start, longestMs, servedMs, servedCpuMs] = [performance.now(), process.cpuUsage(), 0, 0, 0];
  lastMs = startMs;
}
begin();
const realm = new Realm(config);
let latestMs = 0;
let dueMs = performance.now();
let written = 0;
const writes = !modes.includes("writes") ? undefined : setInterval(() => {
  if (realm.subscriptions.isEmpty) return;
  realm.write(() => realm.create("Task", { _id: `own-${written++}`, title: "own", done: false, owner: "me", votes: 1, at: new Date() }));
  latestMs = Math.max(latestMs, performance.now() - dueMs - 20);
  dueMs = performance.now();
}, 20);
if (modes.includes("listener")) realm.objects("Task").addListener(() => undefined);
await realm.subscriptions.waitForSynchronization();
if (modes.includes("again")) {
  shownRows = ROWS;
  begin();
  await realm.subscriptions.update((set) => void set.add(realm.objects("Task").filtered("votes >= 0"), { name: "again" }));
}
const totalMs = performance.now() - startMs;
const usedMs = cpuMs(start);
// A listener hears of it in a turn of its own.
await new Promise((resolve) => setTimeout(resolve, 20));
clearInterval(watch);
clearInterval(writes);
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const round = Math.round;
process.stdout.write(
  `${realm.objects("Task").length} rows in ${round(totalMs)} ms, ${round(servedMs)} of it the server's; processor time ${round(usedMs - servedCpuMs)} ms; longest block ${round(longestMs)} ms${writes === undefined ? "" : `, write ${round(latestMs)} ms late`}; ` +
    `memory ${mib(before)} before, ${mib(peakBytes)} at most; file ${mib(statSync(path).size)}\n`,
);
realm.close();
rmSync(folder, { recursive: true });
