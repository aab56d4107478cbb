/**
 * An ack that comes behind the pages that have the acknowledged operations in them: what the pages leave out of those, the user may not see any more.
 */
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import { applyOperations } from "@holdfast/sync-protocol";
import type { MarkMessage, ObjectRow, Operation, SubMessage, UpMessage } from "@holdfast/sync-protocol";
import type { ClientMessage } from "@holdfast/sync-protocol";
import type { Store, SyncServer } from "@holdfast/sync-server";
import type { Transport } from "../src/index.ts";
import { settle } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { forEachMode, withEncryption } from "./support/modes.ts";
import { checkDevice, over, Scene } from "./support/role-scene.ts";

const servers: SyncServer[] = [];

afterEach(async () => {
  Realm.shutdown();
  for (const server of servers.splice(0)) await server.stop();
});

const ORDERS = ["before the first page", "behind the first page", "behind the last page", "on the next connection, between the pages", "on the next connection, behind the pages"] as const;

/** By hand: a server that hides a field and an object while it takes a transaction that writes both. */
class HidingServer implements Transport {
  readonly #order: (typeof ORDERS)[number];
  #states = new Map<string, ObjectRow>();
  #cseq = 0;
  #version = 0;
  #cut: () => void = () => undefined;

  constructor(order: (typeof ORDERS)[number]) {
    this.#order = order;
  }

  connect(_url: string, handlers: Parameters<Transport["connect"]>[1]): ReturnType<Transport["connect"]> {
    let isOpen = true;
    const say = (message: object): void => void setImmediate(() => isOpen && handlers.onMessage(JSON.stringify(message)));
    setImmediate(() => handlers.onOpen());
    this.#cut = () => void setImmediate(() => {
      isOpen = false;
      handlers.onClose("cut");
    });
    return {
      close: () => void (isOpen = false),
      send: (text) => void setImmediate(() => isOpen && this.#answer(JSON.parse(text) as ClientMessage, say)),
    };
  }

  #answer(message: ClientMessage, say: (message: object) => void): void {
    if (message.msg === "hello") {
      say({ msg: "welcome", protocol: 1, serverTime: Date.now(), client: "c".repeat(16), lastCseq: this.#cseq, epoch: "e1" });
      if (this.#cseq > 0 && !this.#order.includes("behind the pages")) say({ msg: "ack", cseq: this.#cseq });
    } else if (message.msg === "mark") say({ msg: "mark", id: (message as MarkMessage).id });
    else if (message.msg === "sub") this.#subscribed(message, say);
    else if (message.msg === "up") this.#uploaded(message, say);
  }

  #subscribed({ version, resume }: SubMessage, say: (message: object) => void): void {
    this.#version = version;
    if (this.#cseq === 0) say({ msg: "boot", version, page: 0, rows: [], last: true, resume: "r0", cseq: 0 });
    else {
      if (resume === "r1") this.#lastPage(say);
      say({ msg: "ack", cseq: this.#cseq });
    }
  }

  #uploaded({ txs }: UpMessage, say: (message: object) => void): void {
    for (const { cseq, ops } of txs) {
      this.#cseq = cseq;
      for (const operation of ops) this.#take(operation);
    }
    const ack = { msg: "ack", cseq: this.#cseq };
    if (this.#cseq === 1) return say(ack);
    if (this.#order === "before the first page") say(ack);
    say({ msg: "boot", version: this.#version, page: 0, rows: [...this.#states.values()], last: false, resume: "r1", cseq: this.#cseq });
    if (this.#order.startsWith("on the next connection")) return this.#cut();
    if (this.#order === "behind the first page") say(ack);
    this.#lastPage(say);
    if (this.#order === "behind the last page") say(ack);
  }

  #lastPage(say: (message: object) => void): void {
    say({ msg: "boot", version: this.#version, page: 1, rows: [], last: true, resume: "r2" });
  }

  #take(operation: Operation): void {
    const { type, pk, path: [head] } = operation;
    if (this.#cseq > 1 && (head === "owner" || pk === "hidden")) return;
    this.#states.set(String(pk), { type, pk, state: applyOperations(this.#states.get(String(pk))?.state, [operation]) });
  }
}

forEachMode((world) => {
  it.each(ORDERS)("an ack %s: neither a field nor an object that the pages left out comes back, and what they have stays", async (order) => {
    const device = await Realm.open(world.config("a", new HidingServer(order)));
    device.write(() => device.create("Task", { _id: "t", title: "one", done: false, votes: 1 } as never));
    await settle(device);
    device.write(() => {
      const task = device.objectForPrimaryKey<Task>("Task", "t") as unknown as Task;
      task.owner = "mine";
      task.title = "two";
      task.votes.increment(2);
      device.create("Task", { _id: "hidden", done: false, votes: 0 } as never);
    });
    await settle(device);
    await settle(device);
    expect([...device.objects<Task>("Task")].map(({ _id, owner, title, votes }) => [_id, owner, title, votes.value])).toEqual([["t", null, "two", 3]]);
    expect(world.errors).toEqual([]);
  });
});

/** How a role can change while a transaction is being written: nobody has been told that it is through, whether or not a bootstrap can have it in it. */
const MOMENTS = ["a snapshot that has it", "a snapshot from before it"] as const;

withEncryption((world) => {
  it.each(MOMENTS)("a role that changes while a transaction of its user is written, with %s: the device shows what the new one shows", async (moment) => {
    let isArmed = false;
    let early: Awaited<ReturnType<Store["snapshot"]>> | undefined;
    let written: () => void = () => undefined;
    let go: Promise<void> = Promise.resolve();
    const changed = (store: Store): Store => over(store, {
      flush: async (request) => {
        const isHeld = isArmed && request.uploads.length > 0;
        if (!isHeld) return store.flush(request);
        isArmed = false;
        const before = await store.snapshot();
        const committed = await store.flush(request);
        if (moment === "a snapshot from before it") early = before;
        else await before.release();
        written();
        await go;
        return committed;
      },
      snapshot: async () => {
        const taken = early;
        early = undefined;
        return taken ?? store.snapshot();
      },
    });
    const scene = await Scene.begin(world, servers, undefined, changed);
    scene.setRole("admin");
    const device = scene.device("a");
    await settle(device);
    for (const role of ["blind", "member", "none"] as const) {
      const isWritten = new Promise<void>((resolve) => (written = resolve));
      let open: () => void = () => undefined;
      go = new Promise<void>((resolve) => (open = resolve));
      isArmed = true;
      device.write(() => {
        device.create("Task", { _id: `new ${role}`, done: false, votes: 0, owner: "mine" } as never);
        (device.objectForPrimaryKey<Task>("Task", "t1") as unknown as Task).owner = `for ${role}`;
      });
      await isWritten;
      const gate = scene.holdFrame("last page");
      scene.setRole(role);
      // Either the whole bootstrap overtakes the ack, or the server lets it wait.
      await Promise.race([gate.reached, new Promise((resolve) => setTimeout(resolve, 300))]);
      gate.open();
      await new Promise((resolve) => setTimeout(resolve, 50));
      open();
      await early?.release();
      early = undefined;
      await checkDevice(scene, device, role);
      scene.setRole("admin");
      await checkDevice(scene, device, "admin");
    }
  });
});
