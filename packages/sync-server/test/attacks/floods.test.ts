/**
 * Floods: clients that send without end, or read nothing, cost a bounded amount and hold up nobody.
 *
 * @module
 */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { addressGroup } from "../../src/sessions/admission.ts";
import { limitedLog } from "../../src/operations/limited-log.ts";
import { RawClient } from "../support/raw-client.ts";
import { Bench, tokenOf } from "../support/server.ts";
import { STORE_KINDS } from "../support/stores.ts";
import type { SyncServerOptions } from "../../src/sync-server.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const MIB = 1024 * 1024;
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

for (const kind of STORE_KINDS.filter(({ name }) => name === "sqlite" || name === "postgres")) {
  describe.skipIf(kind.missing !== undefined)(`floods on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function serve(options: Partial<SyncServerOptions> = {}): ReturnType<Bench["serve"]> {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      return bench.serve(place, options);
    }

    it("clients that begin a bootstrap and read none of it do not keep others from theirs", async () => {
      const server = await serve();
      const writer = await bench.connect(server, "writer");
      const title = "x".repeat(MIB);
      for (let each = 0; each < 16; each++) writer.sendUp(...writer.pen.create(`t${String(each).padStart(2, "0")}`, { title }));
      await writer.acked(writer.cseq);
      for (let each = 0; each < 5; each++) {
        const idle = await bench.connect(server, `idle ${String(each)}`);
        idle.socket.pause();
        idle.send({ msg: "sub", version: 1, queries: ALL });
      }
      const reader = await bench.connect(server, "reader");
      await reader.subscribe([{ type: "Task", query: "_id == 't07'" }]);
      expect(Object.keys(reader.objects())).toEqual(["t07"]);
      // And one of those who did not read goes on where it was, with what was written meanwhile.
      const late = await bench.connect(server, "late");
      late.socket.pause();
      late.send({ msg: "sub", version: 1, queries: ALL });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await writer.up(writer.pen.set("t00", "title", "short"), writer.pen.set("t15", "title", "short"));
      late.socket.resume();
      await late.settle();
      const titles = late.objects();
      expect([Object.keys(titles).length, titles["t00"]?.["title"], titles["t15"]?.["title"]]).toEqual([16, "short", "short"]);
      expect(late.received.filter(({ msg }) => msg === "boot").map((message) => (message as { page: number }).page)).toEqual(late.received.filter(({ msg }) => msg === "boot").map((_message, index) => index));
    });

    it.each(kind.name === "sqlite" ? [] : [kind.name])("a flood of marks is answered together, and the database is asked for few of them", async () => {
      const server = await serve();
      const [flooder, canary] = await Promise.all([bench.connect(server, "flooder"), bench.connect(server, "canary")]);
      let asked = 0;
      const { position } = server.store;
      server.store.position = () => {
        asked++;
        return position.call(server.store);
      };
      for (let id = 1000; id < 1900; id++) flooder.send({ msg: "mark", id });
      await canary.settle();
      await flooder.settle();
      expect(flooder.received.filter(({ msg }) => msg === "mark").length).toBe(901);
      expect(asked).toBeLessThan(300);
    });
  });
}

describe("floods on the wire", () => {
  async function serve(options: Partial<SyncServerOptions> = {}): ReturnType<Bench["serve"]> {
    const place = await STORE_KINDS[0]!.makePlace();
    bench.defer(() => place.remove());
    return bench.serve(place, options);
  }

  function gaugeOf(server: Awaited<ReturnType<Bench["serve"]>>, name: string): number {
    return Number(new RegExp(`^holdfast_${name} (\\d+)$`, "m").exec(server.metrics.text())?.[1]);
  }

  async function until(isSo: () => boolean): Promise<void> {
    for (let round = 0; round < 1000 && !isSo(); round++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isSo()).toBe(true);
  }

  async function raw(server: { readonly port: number }): Promise<Socket> {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    // Who does not read does not hear that the other end has closed.
    socket.resume();
    await once(socket, "connect");
    bench.defer(async () => void socket.destroy());
    return socket;
  }

  it("pings without end to a client that reads no answers: what waits for it stays small", async () => {
    const server = await serve();
    const { socket } = await bench.connect(server, "ann");
    socket.pause();
    (socket as unknown as { readonly _socket: Socket })._socket.pause();
    const data = Buffer.alloc(125);
    for (let round = 0; round < 500; round++) {
      for (let each = 0; each < 1000; each++) socket.ping(data, true);
      if (socket.bufferedAmount > MIB) await new Promise((resolve) => setTimeout(resolve, 5));
      if (socket.readyState !== WebSocket.OPEN) break;
    }
    await until(() => socket.bufferedAmount < MIB || socket.readyState !== WebSocket.OPEN);
    expect(gaugeOf(server, "outgoing_bytes")).toBeLessThan(MIB);
  });

  it("strangers: megabytes before a hello, half a frame, a hello that never comes, too many of one address", async () => {
    const server = await serve({ admission: { strangersPerAddress: 20 }, silenceMs: 300 });
    const talker = await RawClient.open({ url: server.url, token: "" });
    talker.socket.send("x".repeat(3 * MIB));
    await once(talker.socket, "close");
    expect(bench.logged.join()).toContain("HELLO_TOO_LARGE");
    const strangers = await Promise.all(Array.from({ length: 30 }, () => RawClient.open({ url: server.url, token: "" })));
    await until(() => strangers.filter(({ socket }) => socket.readyState === WebSocket.OPEN).length === 20);
    expect(bench.logged.join()).toContain("CONNECTIONS_TOO_MANY");
    for (const { socket } of strangers) socket.terminate();
    await until(() => gaugeOf(server, "sessions") === 0);
    await bench.connect(server, "ann");
  });

  it("sessions of one user have a limit, and those of others go on", async () => {
    const server = await serve({ admission: { sessionsPerUser: 5 } });
    for (let each = 0; each < 5; each++) await bench.connect(server, "ann");
    const sixth = await RawClient.open({ url: server.url, token: tokenOf("ann") });
    sixth.hello().catch(() => undefined);
    expect(await sixth.error()).toMatchObject({ code: "SESSIONS_TOO_MANY", action: "retry" });
    await (await bench.connect(server, "bob")).settle();
  });

  it.each(process.env["HOLDFAST_ATTACKS"] === "long" ? ["long"] : [])("requests letter by letter, and connections without a word, are not waited for", async () => {
    const server = await serve();
    const sockets = [await raw(server), await raw(server)] as const;
    sockets[0].write("GET / HTTP/1.1\r\nHost: x\r\nX: ");
    const timer = setInterval(() => sockets[0].write("x"), 500);
    bench.defer(async () => clearInterval(timer));
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()))));
  }, 60_000);

  it("frames of many kinds, one refusal each: the log has the code, and not one line for each", async () => {
    const server = await serve();
    for (let each = 0; each < 60; each++) {
      const client = await RawClient.open({ url: server.url, token: "" });
      client.socket.send("{");
      await once(client.socket, "close");
    }
    const lines = bench.logged.filter((line) => line.includes("MESSAGE_MALFORMED"));
    expect(lines.length).toBe(20);
  });

  it("subscriptions that cost too much, and conditions too deep, are refused and the session goes on", async () => {
    const server = await serve();
    const ann = await bench.connect(server, "ann");
    await ann.up(...ann.pen.create("t1", { title: "7" }));
    const or = Array.from({ length: 500 }, (_unused, index) => `title=='${String(index)}'`).join(" or ");
    for (const [query, count, code] of [[or, 5, "QUERY_UNSUPPORTED"], [`${"(".repeat(300)}TRUEPREDICATE${")".repeat(300)}`, 1, "QUERY_UNSUPPORTED"], [`${"!(".repeat(200)}title=='7'${")".repeat(200)}`, 1, "QUERY_UNSUPPORTED"], [`title LIKE '*${"?".repeat(300)}*'`, 1, "QUERY_UNSUPPORTED"], [or, 3, undefined], [`${"!(".repeat(60)}title=='7'${")".repeat(60)}`, 1, undefined]] as const) {
      ann.errors.length = 0;
      await ann.subscribe(Array.from({ length: count }, () => ({ type: "Task", query })));
      expect(ann.errors.map((error) => error.code)).toEqual(code === undefined ? [] : [code]);
      if (code === undefined) expect(Object.keys(ann.objects())).toEqual(["t1"]);
    }
  });

  it("rights that end are asked about again while a session goes on, and transactions that wait lose them too", async () => {
    const server = await serve({ recheckMs: 50, silenceMs: 150, rules: { classes: { Task: [{ name: "all", applyWhen: "%%user.custom_data.isIn == true", read: true, insert: true, update: true }], Event: [] } } });
    bench.authenticator.customData.set("ann", { isIn: true });
    const ann = await bench.connect(server, "ann");
    await ann.up(...ann.pen.create("t1", { title: "seen" }));
    await ann.subscribe(ALL);
    ann.states.clear();
    bench.authenticator.customData.set("ann", {});
    await until(() => ann.received.filter(({ msg }) => msg === "boot").length === 2);
    expect((await ann.up(ann.pen.set("t1", "title", "no"))).rejects?.[0]?.code).toBe("OBJECT_GONE");
    bench.authenticator.verify = async () => ({ refused: "invalid" });
    expect(await ann.error()).toMatchObject({ code: "SESSION_REVOKED", action: "refreshToken" });
  });
});

it("an address of IPv6 counts with its network, however it is written", () => {
  expect(["::ffff:1.2.3.4", "1.2.3.4", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::9", "2001:0DB8:1:2:ffff::", "::1", "fe80::1%eth0"].map(addressGroup)).toEqual(["1.2.3.4", "1.2.3.4", "2001:db8:1:2::/64", "2001:db8:1:2::/64", "2001:db8:1:2::/64", "0:0:0:0::/64", "fe80:0:0:0::/64"]);
});

it("a log that is limited tells how many lines it left out", () => {
  const lines: object[] = [];
  let now = 0;
  const log = limitedLog({ info: () => undefined, warn: (message, fields = {}) => void lines.push({ message, ...fields }), error: () => undefined }, () => now);
  for (let each = 0; each < 50; each++) log.warn("session ended", { code: "A" });
  log.warn("session ended", { code: "B" });
  now = 60_000;
  log.warn("session ended", { code: "A" });
  expect(lines.length).toBe(22);
  expect(lines.at(-1)).toEqual({ message: "session ended", code: "A", leftOut: 30 });
});
