/**
 * Headers, a user agent, a proxy and an authority of one's own, for sessions and for the requests of users.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncServer } from "@holdfast/sync-server";
import { makeCertificate } from "@holdfast/sync-server/testing";
import { App, Credentials, webSocketTransport } from "../src/index.ts";
import type { AppConfiguration, Fetch, ProxyConfiguration, User } from "../src/index.ts";
import { startServer, TestDevice } from "./app/support.ts";
import { settle, shown, testUser } from "./support/clients.ts";
import { forEachMode, withEncryption } from "./support/modes.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const SECRET = "Zyzzyva-header";
const closing: (() => unknown)[] = [];
const logged: string[] = [];
beforeEach(() => {
  logged.length = 0;
  Realm.setLogger(({ message }) => void logged.push(message));
  Realm.setLogLevel("all");
});
afterEach(async () => {
  Realm.shutdown();
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server that notes the headers of those who want to connect, and lets nobody in. */
async function notingServer(): Promise<{ url: string; heard: IncomingHttpHeaders[] }> {
  const heard: IncomingHttpHeaders[] = [];
  const server = createServer();
  server.on("upgrade", (request, socket) => {
    heard.push(request.headers);
    socket.destroy();
  });
  return { url: `ws://127.0.0.1:${String(await listen(server))}/`, heard };
}

/** A proxy that notes where it was asked to connect; one that `refuses` does not. */
async function notingProxy({ refuses = false } = {}): Promise<{ proxyConfig: ProxyConfiguration; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    asked.push(String(request.url));
    if (refuses) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const [host = "", port = ""] = String(request.url).split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
    socket.on("close", () => onward.destroy());
  });
  return { proxyConfig: { address: "127.0.0.1", port: await listen(server), type: "http" }, asked };
}

forEachMode((world) => {
  it("a session goes through a proxy to a server whose authority a file names; without the file the server is not trusted", async () => {
    const folder = join(world.folder(), "server");
    mkdirSync(folder, { recursive: true });
    const tls = makeCertificate(folder);
    const certificatePath = join(folder, "authority.pem");
    writeFileSync(certificatePath, tls.cert);
    const server: SyncServer = await sqliteServer(folder, 0, undefined, { tls: { cert: tls.cert, key: tls.key } });
    closing.push(() => server.stop());
    const user = { ...testUser(), url: `wss://localhost:${String(server.port)}/` };
    const { proxyConfig, asked } = await notingProxy();
    const realm = await Realm.open(world.config("a", webSocketTransport, { user, proxyConfig, ssl: { certificatePath }, customHttpHeaders: { "x-gate": SECRET } }));
    realm.write(() => realm.create("Person", { _id: 1, name: "Ann" }));
    await settle(realm);
    expect(new Set(asked)).toEqual(new Set([`localhost:${String(server.port)}`]));
    // Directly, and what the user's app says holds for its sessions.
    const direct = await Realm.open(world.config("b", webSocketTransport, { user: { ...user, network: { ssl: { certificatePath } } } }));
    expect(shown(direct)).toEqual(shown(realm));
    expect(world.errors).toEqual([]);
    const stranger = new Realm(world.config("c", webSocketTransport, { user, proxyConfig }));
    await expect.poll(() => world.errors.map(({ code }) => code), { timeout: 20_000 }).toContain("SERVER_UNTRUSTED");
    stranger.close();
    // Another authority's file does not do.
    world.errors.length = 0;
    mkdirSync(join(folder, "other"));
    const other = makeCertificate(join(folder, "other"), "sync.example.org");
    writeFileSync(join(folder, "other.pem"), other.cert);
    const misled = new Realm(world.config("d", webSocketTransport, { user, ssl: { certificatePath: join(folder, "other.pem") } }));
    await expect.poll(() => world.errors.map(({ code }) => code), { timeout: 20_000 }).toContain("SERVER_UNTRUSTED");
    misled.close();
    expect(logged.join("\n")).not.toContain(SECRET);
  });
});

withEncryption((world) => {
  it("headers and user agent go with the connection, those of the session over those of the app; their values are nowhere in the log", async () => {
    const { url, heard } = await notingServer();
    const user = { ...testUser(), url, network: { customHttpHeaders: { "x-app": "of the app", "x-gate": "not this", "User-Agent": "clinic/1" } } };
    const realm = new Realm(world.config("a", webSocketTransport, { user, customHttpHeaders: { "x-gate": SECRET } }));
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(heard[0]).toMatchObject({ "x-app": "of the app", "x-gate": SECRET, "user-agent": "clinic/1" });
    realm.close();
    expect(logged.join("\n")).not.toContain(SECRET);
  });

  it("a proxy that refuses is a connection that failed", async () => {
    const { url, heard } = await notingServer();
    const { proxyConfig, asked } = await notingProxy({ refuses: true });
    const realm = new Realm(world.config("a", webSocketTransport, { user: { ...testUser(), url }, proxyConfig }));
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    expect([heard, realm.syncSession?.state]).toEqual([[], "active"]);
  });

  it("where the WebSocket takes nothing, as in a browser, all of it is refused by name, for sessions and apps", async () => {
    // What tells Node from a browser, among other things.
    const place = process as { getBuiltinModule?: unknown };
    const given = place.getBuiltinModule;
    const refused = (network: object): unknown[] =>
      [() => new Realm(world.config("a", webSocketTransport, network)), () => new App({ id: "browser", ...network } as AppConfiguration)].map((run) => {
        try {
          run();
          return undefined;
        } catch (error) {
          return [(error as { code?: string }).code, (error as Error).message.includes(SECRET)];
        }
      });
    place.getBuiltinModule = undefined;
    try {
      for (const network of [{ customHttpHeaders: { "x-gate": SECRET } }, { proxyConfig: { address: "127.0.0.1", port: 1, type: "http" } }, { ssl: { certificatePath: "a.pem" } }]) {
        expect(refused(network)).toEqual([["NOT_SUPPORTED", false], ["NOT_SUPPORTED", false]]);
      }
    } finally {
      place.getBuiltinModule = given;
    }
  });
});

it("requests of users go through the app's proxy with its headers and user agent, and its sessions inherit them", async () => {
  const server = await startServer();
  const phone = new TestDevice(server);
  const { proxyConfig, asked } = await notingProxy();
  const sent: Readonly<Record<string, string>>[] = [];
  const noting: Fetch = (url, init) => {
    sent.push(init.headers);
    return (fetch as unknown as Fetch)(url, init);
  };
  const app = await phone.start({ proxyConfig, customHttpHeaders: { "x-gate": SECRET, "Content-Language": "de" }, fetch: noting });
  App.Sync.setUserAgent(app, "clinic/2");
  const user = (await app.logIn(Credentials.function({ name: "ada" }))) as unknown as User;
  expect(sent[0]).toMatchObject({ "x-gate": SECRET, "User-Agent": "clinic/2", "content-type": "application/json" });
  expect(new Set(asked)).toEqual(new Set([server.baseUrl.replace("http://", "")]));
  expect(user.network).toEqual({ customHttpHeaders: { "User-Agent": "clinic/2", "x-gate": SECRET, "Content-Language": "de" }, proxyConfig });
  expect(JSON.stringify(server.log) + logged.join("")).not.toContain(SECRET);
});
