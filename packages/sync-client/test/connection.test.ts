import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import { sessionOf } from "@holdfast/realm/replica";
import { syncSchemaOf } from "../src/index.ts";
import { BackOff } from "../src/session/back-off.ts";
import { checkUrl } from "../src/session/transport.ts";
import { settle, testUser } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";

it("addresses without TLS are refused off this machine", () => {
  expect(checkUrl("https://sync.example.org/a")).toBe("wss://sync.example.org/a");
  expect(checkUrl("http://127.0.0.1:80/")).toBe("ws://127.0.0.1:80/");
  expect(checkUrl("HTTPS://sync.example.org:8443")).toBe("wss://sync.example.org:8443/");
  expect(checkUrl("http://[::1]:80/a?b=c")).toBe("ws://[::1]:80/a?b=c");
  for (const url of ["ws://127.0.0.1.example.org/", "ws://localhost.example.org/", "http://localhostx"]) expect(() => checkUrl(url)).toThrow(expect.objectContaining({ code: "CONNECTION_INSECURE" }));
  for (const url of ["ws://localhost@example.org/", "ws://localhost:1@example.org/", "ws://localhost\\@example.org/", "wss://a.example.org/#b", "wss:// a/", "wss:///a"]) expect(() => checkUrl(url)).toThrow(expect.objectContaining({ code: "CONFIGURATION_INVALID" }));
  for (const url of ["ws://sync.example.org/", "http://10.0.0.1/", "ftp://localhost/"]) expect(() => checkUrl(url)).toThrow(expect.objectContaining({ code: "CONNECTION_INSECURE" }));
  expect(() => checkUrl("nowhere")).toThrow(expect.objectContaining({ code: "CONFIGURATION_INVALID" }));
});

it("waits double from a second to five minutes, each shortened by up to a quarter; a server's wish is never shortened", () => {
  const waits = (random: number): number[] => {
    const backOff = new BackOff({ firstMs: 1000, maximumMs: 300_000, random: () => random });
    return Array.from({ length: 11 }, () => backOff.next());
  };
  expect(waits(0)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000));
  expect(waits(1)).toEqual(waits(0).map((wait) => wait * 0.75));
  expect(new BackOff({ firstMs: 1000, maximumMs: 300_000, random: () => 1 }).next(8000)).toBe(10_000);
});

forEachMode((world) => {
  it("a server that falls silent is given up, and the session goes on over another connection", async () => {
    const link = new Link(new ReferenceServer());
    let isSilent = false;
    const transport = { connect: (url: string, handlers: Parameters<Link["connect"]>[1]) => link.connect(url, { ...handlers, onMessage: (text) => void (isSilent || handlers.onMessage(text)) }) };
    const timing = { connectTimeoutMs: 50, pingAfterMs: 10, silenceTimeoutMs: 40, backOff: { firstMs: 1, maximumMs: 5, random: Math.random } };
    const a = await Realm.open(world.config("a", transport, { timing }));
    const states: string[] = [];
    a.syncSession?.addConnectionNotification((now) => void states.push(now));
    isSilent = true;
    a.write(() => a.create("Person", { _id: 1, name: "Ann" }));
    await expect(a.syncSession?.uploadAllLocalChanges(150)).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(states.slice(0, 2)).toEqual(["disconnected", "connecting"]);
    isSilent = false;
    await settle(a);
    expect(a.syncSession?.isConnected()).toBe(true);
  });

  it("a token is renewed before it ends, in the session; not the present one again; a failure is no end, a lost login is", async () => {
    const server = new ReferenceServer();
    let count = 0;
    let failure: string | undefined;
    const next = (): Promise<string> => (failure === undefined ? Promise.resolve(`test:${++count}`) : Promise.reject(Object.assign(new Error("planted"), { code: failure })));
    const user = { ...testUser(), freshAccessToken: () => Promise.resolve(`test:${count}`), refreshAccessToken: next, accessTokenLeftMs: () => 20 };
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link, { user }));
    await expect.poll(() => server.tokens.length).toBeGreaterThan(2);
    expect([server.tokens.slice(0, 3), link.connections]).toEqual([["test:1", "test:2", "test:3"], 1]);
    failure = "NETWORK_UNAVAILABLE";
    const before = server.tokens.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([server.tokens.length - before <= 1, a.syncSession?.isConnected()]).toEqual([true, true]);
    failure = "USER_NOT_LOGGED_IN";
    await expect.poll(() => a.syncSession?.state, { timeout: 5000 }).toBe("inactive");
    expect(world.errors.map((error) => error.code)).toEqual(["USER_LOGGED_OUT"]);
  });

  it("paused it uploads nothing; resumed it tells how far it is; closed it is invalid", async () => {
    const server = new ReferenceServer();
    const a = await Realm.open(world.config("a", new Link(server)));
    const session = a.syncSession;
    session?.pause();
    expect([session?.state, session?.connectionState]).toEqual(["inactive", "disconnected"]);
    a.write(() => a.create("Person", { _id: 1, name: "Ann" }));
    const heard: number[] = [];
    session?.addProgressNotification("upload", "reportIndefinitely", (estimate) => void heard.push(estimate));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([server.plain("Person", 1), heard.at(-1)]).toEqual([undefined, 0]);
    session?.resume();
    await settle(a);
    expect([server.plain("Person", 1), heard.at(-1)]).toEqual([{ name: "Ann" }, 1]);
    a.close();
    expect(session?.state).toBe("invalid");
  });

  it("progress for what is outstanding counts what was there when it was asked for; a line that is cut does not take a download's end back", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    const session = a.syncSession;
    session?.pause();
    const write = (_id: number): void => a.write(() => void a.create("Person", { _id, name: "Ann" }));
    write(1);
    write(2);
    const now: number[] = [];
    const always: number[] = [];
    session?.addProgressNotification("upload", "forCurrentlyOutstandingWork", (estimate) => void now.push(estimate));
    session?.addProgressNotification("upload", "reportIndefinitely", (estimate) => void always.push(estimate));
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const _id of [3, 4, 5, 6]) write(_id);
    expect([now[0], now.at(-1)]).toEqual([0, 0]);
    session?.resume();
    await settle(a);
    const count = now.length;
    expect([now.at(-1), always.at(-1)]).toEqual([1, 1]);
    write(7);
    await settle(a);
    expect([now.length, always.at(-1)]).toEqual([count, 1]);
    link.down();
    link.up();
    await settle(a);
    const downloads: number[] = [];
    session?.addProgressNotification("download", "forCurrentlyOutstandingWork", (estimate) => void downloads.push(estimate));
    await expect.poll(() => downloads.at(-1)).toBe(1);
  });

  it("a set that the server refuses is in error; the one before goes on", async () => {
    const server = new ReferenceServer();
    const a = await Realm.open(world.config("a", new Link(server)));
    await expect(a.subscriptions.update((subscriptions) => void subscriptions.add(a.objects("Task").filtered("title CONTAINS 'x'"), { name: "odd" }))).rejects.toMatchObject({ code: "SUBSCRIPTION_INVALID" });
    expect([a.subscriptions.state, a.subscriptions.findByName("odd")?.queryString]).toEqual(["error", "title CONTAINS 'x'"]);
    await a.subscriptions.update((subscriptions) => void subscriptions.removeByName("odd"));
    expect([a.subscriptions.state, a.subscriptions.length]).toEqual(["complete", 2]);
    const people = await a.objects("Person").filtered("name == $0", "Ann").subscribe({ name: "ann" });
    expect([people.length, a.subscriptions.findByName("ann")?.queryString]).toEqual([0, 'name == "Ann"']);
  });

  it("a class without _id, a local file, another user and what does not go with sync are refused", async () => {
    const link = new Link(new ReferenceServer());
    const config = world.config("a", link);
    expect(() => new Realm({ ...config, schema: [{ name: "T", primaryKey: "id", properties: { id: "int" } }] })).toThrow("The primary key property on a synchronized Realm must be named '_id' but found 'id' for type 'T'");
    for (const [primaryKey, property] of [["_id", "int?"], ["key", { type: "uuid", optional: true, mapTo: "_id" }]] as const) {
      const schema = [{ name: "T", primaryKey, properties: { [primaryKey]: property } }];
      expect(() => new Realm({ ...config, schema })).toThrow(expect.objectContaining({ code: "PRIMARY_KEY_OPTIONAL", message: "The primary key property '_id' of type 'T' cannot be optional on a synchronized Realm" }));
      await expect(Realm.open({ ...config, schema })).rejects.toMatchObject({ code: "PRIMARY_KEY_OPTIONAL" });
      // The server's configuration is made of the same words.
      expect(() => syncSchemaOf(schema)).toThrow(expect.objectContaining({ code: "PRIMARY_KEY_OPTIONAL" }));
    }
    expect(Realm.exists({ path: world.path("a") })).toBe(false);
    expect(() => new Realm({ ...config, onMigration: () => undefined })).toThrow("The realm configuration options 'onMigration' and 'sync' cannot both be defined.");
    const a = await Realm.open(world.config("b", link));
    expect(sessionOf(a)?.replicator).toBeDefined();
    a.close();
    expect(() => new Realm(world.config("b", link, { user: { ...(config.sync as { user: object }).user, id: "other" } as never }))).toThrow(expect.objectContaining({ code: "USER_DIFFERS" }));
    const { sync: _, ...local } = world.config("c", link);
    const plain = new Realm({ ...local, schema: [{ name: "Person", primaryKey: "_id", properties: { _id: "int", name: "string" } }] });
    plain.write(() => plain.create("Person", { _id: 1, name: "Ann" }));
    plain.close();
    expect(() => new Realm(world.config("c", link))).toThrow(expect.objectContaining({ code: "FILE_LOCAL" }));
  });
});
