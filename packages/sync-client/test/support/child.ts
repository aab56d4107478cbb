/**
 * A client in a process of its own, to be killed: `child.ts PATH KEYHEX URL write|read|hold|mute`.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { enableSync, webSocketTransport } from "../../src/index.ts";
import type { Transport } from "../../src/index.ts";
import { ALL, SCHEMA, testUser } from "./clients.ts";
import type { Task } from "./clients.ts";

const [path = "", keyHex = "", url = "", action = ""] = process.argv.slice(2);
const key = keyHex === "" ? {} : { encryptionKey: Uint8Array.from(Buffer.from(keyHex, "hex")) };
enableSync();
/** A connection over which the server hears of nothing. */
const mute: Transport = {
  connect: (to, handlers) => {
    const connection = webSocketTransport.connect(to, handlers);
    return { send: (text) => (/"msg":"(?:up|mark)"/u.test(text) ? undefined : connection.send(text)), close: () => connection.close() };
  },
};
const realm = new Realm({ path, schema: SCHEMA, ...key, sync: { user: { ...testUser(), url }, flexible: true, initialSubscriptions: ALL, ...(action === "mute" ? { transport: mute } : {}) } as never });
// Nobody would end it after its parent.
const end = (): never => process.exit(0);
const parent = process.ppid;
process.stdout.on("error", end);
setInterval(() => {
  if (process.ppid !== parent) end();
}, 1000);
process.stdout.write("open\n");

/** One transaction after the other: each makes an object and counts it, so that half of one would show. */
function write(): void {
  realm.write(() => {
    const sum = (realm.objectForPrimaryKey<Task>("Task", "sum") ?? realm.create("Task", { _id: "sum", done: false, votes: 0 } as never)) as unknown as Task;
    sum.votes.increment();
    realm.create("Task", { _id: `${process.pid}-${sum.votes.value}`, title: "Zyzzyva-marker", done: false, votes: 0 } as never);
  });
  process.stdout.write("w\n");
  setTimeout(write, 2);
}

if (action === "write") write();
if (action === "hold" || action === "mute") {
  realm.syncSession?.addConnectionNotification((now) => void process.stdout.write(`${now}\n`));
  realm.write(() => realm.create("Task", { _id: "of the child", done: true, votes: 0 } as never));
}
