/**
 * Networks between the client and the server itself: half-open connections, certificates, absences.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { Store, SyncServer } from "@holdfast/sync-server";
import { FaultProxy, makeCertificate } from "@holdfast/sync-server/testing";
import { webSocketTransport } from "../src/index.ts";
import { QUICK, settle, shown, testUser } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { forEachMode, withEncryption } from "./support/modes.ts";
import type { World } from "./support/modes.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;
const AUTHORITIES = getCACertificates();
let store: Store | undefined;
const open: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];

afterEach(async () => {
  Realm.shutdown();
  setDefaultCACertificates(AUTHORITIES);
  for (const one of open.splice(0)) await (one.stop ?? one.close)?.call(one);
});

async function serve(world: World, further: Parameters<typeof sqliteServer>[3] = {}): Promise<SyncServer> {
  const folder = join(world.folder(), "server");
  mkdirSync(folder, { recursive: true });
  const server = await sqliteServer(folder, 0, (opened) => (store = opened), further);
  open.push(server);
  return server;
}

/** A certificate that is over. */
function expired(folder: string): { cert: string; key: string } {
  const [key, request, cert] = ["expired.key", "expired.csr", "expired.crt"].map((name) => join(folder, name)) as [string, string, string];
  const run = (...parameters: string[]): unknown => execFileSync("openssl", parameters, { stdio: "ignore" });
  run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=localhost");
  run("x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", cert);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

forEachMode((world) => {
  it("a half-open connection is found by the client's ping, and the session goes on over another one", async () => {
    const server = await serve(world);
    const proxy = await FaultProxy.listen({ port: server.port });
    open.push(proxy);
    const user = { ...testUser(), url: `ws://127.0.0.1:${String(proxy.port)}/` };
    const timing = { ...QUICK, connectTimeoutMs: 1500, pingAfterMs: 200, silenceTimeoutMs: 1500 };
    const a = await Realm.open(world.config("a", webSocketTransport, { user, timing }));
    await settle(a);
    const states: string[] = [];
    a.syncSession?.addConnectionNotification((now) => void states.push(now));
    proxy.swallows = true;
    a.write(() => a.create("Person", { _id: 1, name: "Ann" }));
    await expect.poll(() => states, { timeout: LIMIT_MS }).toContain("disconnected");
    proxy.swallows = false;
    await a.syncSession?.uploadAllLocalChanges(LIMIT_MS);
    const b = await Realm.open(world.config("b", webSocketTransport, { user: { ...user, url: server.url } }));
    expect(b.objects("Person").length).toBe(1);
  });

  it("away for longer than the log reaches back: reset, and what was written meanwhile is recovered", async () => {
    const server = await serve(world);
    const userOf = (id: string) => ({ ...testUser(id), url: server.url });
    const told: { before: number; after: number; didRecover: boolean }[] = [];
    const onAfter = (before: Realm, after: Realm, didRecover: boolean): void => void told.push({ before: before.objects("Task").length, after: after.objects("Task").length, didRecover });
    const config = world.config("a", webSocketTransport, { user: userOf("ann"), clientReset: { mode: "recoverUnsyncedChanges", onAfter } });
    const a = await Realm.open(config);
    a.write(() => ["kept", "deleted"].forEach((_id) => void a.create("Task", { _id, done: false, votes: 1 } as never)));
    await settle(a);
    const b = await Realm.open(world.config("b", webSocketTransport, { user: userOf("bob"), timing: { ...QUICK, pingAfterMs: 20 } }));
    a.syncSession?.pause();
    a.write(() => {
      a.create("Task", { _id: "offline", done: true, votes: 0 } as never);
      (a.objectForPrimaryKey<Task>("Task", "kept") as unknown as Task).votes.increment(4);
    });
    b.write(() => b.delete(b.objectForPrimaryKey("Task", "deleted")));
    await settle(b);
    // The other one is there all the time: it says how far it is, and the log behind that goes.
    const database = new DatabaseSync(join(world.folder(), "server", "server.sqlite"));
    const floorNow = async (): Promise<number> => {
      database.prepare("UPDATE sync_client SET seen_at = ? WHERE usr = 'ann'").run(Date.now() - 31 * DAY_MS);
      await server.compact();
      return (await (store as Store).position()).floor;
    };
    await expect.poll(floorNow, { timeout: 20_000, interval: 50 }).toBeGreaterThan(0);
    database.close();
    a.syncSession?.resume();
    await expect.poll(() => told.length, { timeout: LIMIT_MS }).toBe(1);
    await settle(a, b);
    expect(told).toEqual([{ before: 3, after: 2, didRecover: true }]);
    expect(shown(a)).toEqual(shown(b));
    expect((b.objectForPrimaryKey<Task>("Task", "kept") as unknown as Task).votes.value).toBe(5);
    expect(world.errors).toEqual([]);
  });
});

withEncryption((world) => {
  it("an address without TLS off loopback, an untrusted certificate, one for another name, one that is over: refused, each with its code", async () => {
    const folder = join(world.folder(), "tls");
    mkdirSync(folder, { recursive: true });
    const good = makeCertificate(folder);
    const other = makeCertificate(folder, "sync.example.org");
    const over = expired(folder);
    const attempt = async (name: string, tls: { cert: string; key: string }, authorities: readonly string[], timeOut = 1500): Promise<unknown> => {
      setDefaultCACertificates([...AUTHORITIES, ...authorities]);
      world.errors.length = 0;
      const server = await serve(world, { tls: { cert: tls.cert, key: tls.key } });
      const user = { ...testUser(), url: `wss://localhost:${String(server.port)}/` };
      const behavior = { type: "downloadBeforeOpen", timeOut } as const;
      const done = await Realm.open(world.config(name, webSocketTransport, { user, newRealmFileBehavior: behavior, timing: { ...QUICK, backOff: { firstMs: 500, maximumMs: 500, random: Math.random } } })).then(() => "open", (error: { code: string }) => error.code);
      const [first] = world.errors;
      await server.stop();
      return [done, first?.code, (first?.cause as { code?: string } | undefined)?.code];
    };
    expect(() => new Realm(world.config("plain", webSocketTransport, { user: { ...testUser(), url: "ws://sync.example.org/" } }))).toThrow(expect.objectContaining({ code: "CONNECTION_INSECURE" }));
    expect(await attempt("untrusted", good, [])).toEqual(["TIMEOUT", "SERVER_UNTRUSTED", "DEPTH_ZERO_SELF_SIGNED_CERT"]);
    expect(await attempt("other", other, [other.cert])).toEqual(["TIMEOUT", "SERVER_UNTRUSTED", "ERR_TLS_CERT_ALTNAME_INVALID"]);
    expect(await attempt("over", over, [over.cert])).toEqual(["TIMEOUT", "SERVER_UNTRUSTED", "CERT_HAS_EXPIRED"]);
    expect(await attempt("good", good, [good.cert], LIMIT_MS)).toEqual(["open", undefined, undefined]);
  });
});
