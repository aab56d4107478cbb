/**
 * A bootstrap over a line that is slow, and cut: it goes on behind the last page that came, and comes to its end also where no large page
 * would arrive within the client's patience. `HOLDFAST_SLOW_LINE=1` takes ten times the data over 4 Mbit/s.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncServer } from "@holdfast/sync-server";
import { FaultProxy } from "@holdfast/sync-server/testing";
import { webSocketTransport } from "../src/index.ts";
import type { Transport } from "../src/index.ts";
import { QUICK, settle, shown, testUser } from "./support/clients.ts";
import { withEncryption } from "./support/modes.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const IS_LONG = process.env["HOLDFAST_SLOW_LINE"] !== undefined;
const TASKS = IS_LONG ? 600 : 60;
const TITLE = "x".repeat(15_000);
const LINE = { bytesPerSecond: IS_LONG ? 500_000 : 400_000, silenceTimeoutMs: 1000 };
const open: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];

afterEach(async () => {
  Realm.shutdown();
  for (const one of open.splice(0)) await (one.stop ?? one.close)?.call(one);
});

withEncryption((world) => {
  it("a bootstrap over a slow line that is cut goes on behind the last page that came, and ends although one large page would outlast the client's patience", async () => {
    const folder = join(world.folder(), "server");
    mkdirSync(folder, { recursive: true });
    const server: SyncServer = await sqliteServer(folder);
    open.push(server);
    const writer = await Realm.open(world.config("writer", webSocketTransport, { user: { ...testUser(), url: server.url } }));
    writer.write(() => Array.from({ length: TASKS }, (_, index) => writer.create("Task", { _id: `t${String(index).padStart(3, "0")}`, title: TITLE, done: false, votes: 1 } as never)));
    await settle(writer);
    const proxy = await FaultProxy.listen({ port: server.port });
    open.push(proxy);
    proxy.bytesPerSecond = LINE.bytesPerSecond;
    const pages: { page: number; rows: number }[] = [];
    let hasCut = false;
    const transport: Transport = {
      connect: (url, handlers) =>
        webSocketTransport.connect(url, {
          onOpen: () => handlers.onOpen(),
          onClose: (reason, error) => handlers.onClose(reason, error),
          onMessage: (text) => {
            handlers.onMessage(text);
            if (!text.startsWith('{"msg":"boot"')) return;
            const { page, rows } = JSON.parse(text) as { page: number; rows: unknown[] };
            pages.push({ page, rows: rows.length });
            // In the middle of the next page.
            if (page === 1 && !hasCut) setTimeout(() => proxy.reset(), 100);
            hasCut ||= page === 1;
          },
        }),
    };
    const device = new Realm(world.config("a", transport, { user: { ...testUser(), url: `ws://127.0.0.1:${String(proxy.port)}/` }, timing: { ...QUICK, silenceTimeoutMs: LINE.silenceTimeoutMs } }));
    await device.syncSession?.downloadAllServerChanges(60_000);
    expect(shown(device)).toEqual(shown(writer));
    expect(hasCut).toBe(true);
    // Each page came once: of what a cut interrupts nothing has come.
    expect(pages.map(({ page }) => page)).toEqual(pages.map((_, index) => index));
    expect(pages.reduce((sum, { rows }) => sum + rows, 0)).toBe(TASKS);
    // The first one is small on every connection.
    expect((pages[0]?.rows ?? 0) * TITLE.length).toBeLessThan(100_000);
  }, 90_000);
});
