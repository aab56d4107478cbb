/**
 * Connections that are held back until they have said something, and begin with a small buffer then.
 *
 * @module
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createTlsServer, get } from "node:https";
import { connect, createServer as createProxy } from "node:net";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { beginSmall } from "../src/small-buffers.ts";
import { makeCertificate } from "./support/certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-small-"));
const { cert, key } = makeCertificate(folder);
const open: NetServer[] = [];
const LONG_MS = 600_000;

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function portOf(server: NetServer): Promise<number> {
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function answering(silenceMs: number): Server {
  const server = createTlsServer({ cert, key }, (request, response) => {
    request.resume();
    request.on("end", () => response.end("answered"));
  });
  beginSmall(server, silenceMs);
  return server;
}

async function answerAt(port: number): Promise<string> {
  const request = get({ host: "localhost", port, ca: cert, agent: false, headers: { filler: "x".repeat(10_000) } });
  const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text;
}

describe("TLS that begins with a small buffer", () => {
  it("answers who says all at once", async () => {
    expect(await answerAt(await portOf(answering(LONG_MS)))).toBe("answered");
  });

  it("answers who says it byte by byte", async () => {
    const port = await portOf(answering(LONG_MS));
    const proxy = createProxy((near) => {
      const far = connect({ port, host: "127.0.0.1", noDelay: true });
      far.pipe(near);
      near.on("data", (chunk) => {
        for (let at = 0; at < chunk.length; at++) far.write(chunk.subarray(at, at + 1));
      });
      for (const socket of [near, far]) socket.on("error", () => undefined);
    });
    expect(await answerAt(await portOf(proxy))).toBe("answered");
  });

  it("hands on what has come in pieces, all of it", async () => {
    const server = createServer();
    server.removeAllListeners("connection");
    const read = Promise.withResolvers<Buffer[]>();
    server.on("connection", (socket: Socket) => {
      const pieces: Buffer[] = [];
      for (let piece = socket.read() as Buffer | null; piece !== null; piece = socket.read() as Buffer | null) pieces.push(piece);
      read.resolve(pieces);
      socket.destroy();
    });
    beginSmall(server, LONG_MS);
    const said = Buffer.from(Array.from({ length: 1700 }, (_each, index) => index % 251));
    const client = connect({ port: await portOf(server), host: "127.0.0.1" });
    client.write(said);
    const pieces = await read.promise;
    expect(Buffer.concat(pieces)).toEqual(said);
    expect(pieces.map((piece) => piece.length)).toEqual([512, 512, 512, 164]);
    client.destroy();
  });

  it.each<[string, number, (socket: Socket) => void]>([
    ["says nothing", 20, () => undefined],
    ["hangs up without a word", LONG_MS, (socket) => void socket.end()],
    ["says what is no TLS", LONG_MS, (socket) => void socket.write("GET / HTTP/1.1\r\n\r\n")],
  ])("closes and counts who %s", async (_what, silenceMs, begin) => {
    const server = answering(silenceMs);
    const errors: Error[] = [];
    server.on("tlsClientError", (error) => errors.push(error));
    const client = connect({ port: await portOf(server), host: "127.0.0.1", allowHalfOpen: true });
    client.on("error", () => undefined);
    const isClosed = once(client, "close");
    client.on("end", () => client.destroy());
    client.resume();
    await once(client, "connect");
    begin(client);
    await isClosed;
    expect(errors).toHaveLength(1);
  });

  it("a connection that is reset before it has said anything takes nothing with it", async () => {
    const server = answering(LONG_MS);
    const port = await portOf(server);
    const arrived = once(server, "connection");
    const client = connect({ port, host: "127.0.0.1" });
    const [socket] = (await arrived) as [Socket];
    const isGone = new Promise((resolve) => socket.once("close", resolve));
    client.resetAndDestroy();
    await isGone;
    expect(await answerAt(port)).toBe("answered");
  });
});
