/**
 * A server with roles, whose bootstraps and whose clients' frames can be held at points, for tests of roles that change.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncSchema } from "@holdfast/sync-protocol";
import type { Rules, Store, SyncServer } from "@holdfast/sync-server";
import { CompensatingWriteError, webSocketTransport } from "../../src/index.ts";
import type { Transport } from "../../src/index.ts";
import { settle, shown, testUser } from "./clients.ts";
import type { Task } from "./clients.ts";
import type { World } from "./modes.ts";
import { sqliteServer } from "./sqlite-server.ts";

/** What the rules ask about; clients add the rest. */
const RULED: SyncSchema = { classes: [{ name: "Task", primaryKey: "_id", properties: [{ name: "_id", type: "string" }, { name: "done", type: "bool" }, { name: "owner", type: "string", optional: true }] }] };
const EVERYTHING = { read: true, insert: true, update: true, delete: true } as const;
const RULES: Rules = {
  classes: {
    Task: [
      { name: "admin", applyWhen: "%%user.custom_data.role == 'admin'", ...EVERYTHING },
      { name: "blind", applyWhen: "%%user.custom_data.role == 'blind'", ...EVERYTHING, fields: { owner: { read: false, write: false } } },
      { name: "member", applyWhen: "%%user.custom_data.role == 'member'", read: "done == true", insert: "done == true", update: "done == true", delete: "done == true" },
    ],
  },
  others: [{ name: "everybody", ...EVERYTHING }],
};
/** What `ann` may be. */
export type Role = "member" | "admin" | "blind" | "none";
const TASKS = 8;
/** So long that the first page of a bootstrap has half of the tasks. */
const TITLE = "x".repeat(20_000);
const MARKER = "hidden-from-the-blind";

let files = 0;

/** Something that comes to a point, and does not go on before it is let. */
class Gate {
  readonly reached: Promise<void>;
  readonly #opened: Promise<void>;
  #reach!: () => void;
  open!: () => void;

  constructor() {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
    this.#opened = new Promise((resolve) => (this.open = resolve));
  }

  pass(): Promise<void> {
    this.#reach();
    return this.#opened;
  }
}

/** Where the server may be held while it answers a bootstrap. */
export type ServerPoint = "while it is greeted" | "before the first page" | "between two pages" | "behind the last page";
/** Where frames may be held on their way. */
export type FramePoint = "upload" | "subscriptions" | "ack" | "first page" | "last page";

const FRAMES: Readonly<Record<FramePoint, RegExp>> = { upload: /"msg":"up"/u, subscriptions: /"msg":"sub"/u, ack: /"msg":"ack"/u, "first page": /"msg":"boot".*"page":0/u, "last page": /"msg":"boot".*"last":true/u };

/** A server, whose user "ann" has a role that can be changed, and which can be held at points. */
export class Scene {
  readonly world: World;
  readonly server: SyncServer;
  readonly writer: Realm;
  readonly #roles: Map<string, Role>;
  readonly #points: Map<ServerPoint, Gate>;
  readonly #frames = new Map<FramePoint, Gate>();
  /** The next hello names another history, as that of a device does whose server was restored. */
  isDiverged = false;
  resets = 0;

  private constructor(parts: { world: World; server: SyncServer; writer: Realm; roles: Map<string, Role>; points: Map<ServerPoint, Gate> }) {
    this.world = parts.world;
    this.server = parts.server;
    this.writer = parts.writer;
    this.#roles = parts.roles;
    this.#points = parts.points;
  }

  static async begin(world: World, servers: SyncServer[], makeStore: (() => Promise<Store>) | undefined, changed: (store: Store) => Store = (store) => store): Promise<Scene> {
    const folder = join(world.folder(), "server");
    mkdirSync(folder, { recursive: true });
    const roles = new Map<string, Role>([["root", "admin"]]);
    const points = new Map<ServerPoint, Gate>();
    const authenticator = {
      verify: (token: string) => Promise.resolve({ userId: token.slice(5), customData: { role: roles.get(token.slice(5)) ?? "none" }, expiresAt: Date.now() + 3_600_000 }),
    };
    const given = await makeStore?.();
    const server = await sqliteServer(folder, 0, (sqlite) => held(changed(given ?? sqlite), points), { rules: RULES, schema: RULED, authenticator });
    servers.push(server);
    const writer = await Realm.open(world.config("root", webSocketTransport, { user: { ...testUser("root"), url: server.url } }));
    writer.write(() => Array.from({ length: TASKS }, (_, index) => writer.create("Task", { _id: `t${String(index)}`, title: TITLE, done: index % 2 === 0, votes: 1, owner: MARKER } as never)));
    await settle(writer);
    return new Scene({ world, server, writer, roles, points });
  }

  /** Gives the user a role; sessions hear of it as from the table of users. */
  setRole(role: Role): void {
    this.#roles.set("ann", role);
    this.server.userChanged({ userId: "ann", customData: { role }, expiresAt: Date.now() + 3_600_000 });
  }

  /** The server stops at a point, once. */
  hold(point: ServerPoint): Gate {
    const gate = new Gate();
    this.#points.set(point, gate);
    return gate;
  }

  /** A frame and all behind it stop on their way, once. */
  holdFrame(point: FramePoint): Gate {
    const gate = new Gate();
    this.#frames.set(point, gate);
    return gate;
  }

  device(name: string): Realm {
    const onAfter = (): void => void this.resets++;
    return new Realm(this.world.config(name, this.#transport(), { user: { ...testUser("ann"), url: this.server.url }, clientReset: { mode: "recoverUnsyncedChanges", onAfter } }));
  }

  #transport(): Transport {
    const passed = (text: string, points: readonly FramePoint[]): Promise<void> | undefined => {
      const point = points.find((each) => this.#frames.has(each) && FRAMES[each].test(text));
      const gate = point === undefined ? undefined : this.#frames.get(point);
      if (point !== undefined) this.#frames.delete(point);
      return gate?.pass();
    };
    return {
      connect: (url, handlers) => {
        let down = Promise.resolve();
        let up = Promise.resolve();
        const connection = webSocketTransport.connect(url, {
          onOpen: () => handlers.onOpen(),
          onClose: (reason, error) => handlers.onClose(reason, error),
          onMessage: (text) => {
            const held = passed(text, ["ack", "first page", "last page"]);
            down = down.then(() => held).then(() => handlers.onMessage(text));
          },
        });
        return {
          close: () => connection.close(),
          send: (text) => {
            const held = passed(text, ["upload", "subscriptions"]);
            const isHello = this.isDiverged && text.includes('"msg":"hello"');
            if (isHello) this.isDiverged = false;
            up = up.then(() => held).then(() => connection.send(isHello ? text.replace(/"epoch":"[^"]*"/u, '"epoch":"another"') : text));
          },
        };
      },
    };
  }
}

/** The device shows what one that is new shows, and that is what the role may see; no reset but the expected ones, no error but refused writes. */
export async function checkDevice(scene: Scene, device: Realm, role: Role, resets = 0): Promise<void> {
  await settle(device, scene.writer);
  await settle(device);
  const fresh = await Realm.open(scene.world.config(`fresh ${String(files++)}`, webSocketTransport, { user: { ...testUser("ann"), url: scene.server.url } }));
  await settle(fresh);
  expect(shown(device)).toEqual(shown(fresh));
  fresh.close();
  const all = [...scene.writer.objects<Task>("Task")];
  const allowed = role === "none" ? [] : all.filter(({ done }) => role !== "member" || done);
  expect([...device.objects<Task>("Task")].map(({ _id, owner }) => [_id, owner]).sort()).toEqual(allowed.map(({ _id, owner }) => [_id, role === "blind" ? null : owner]).sort());
  expect(scene.resets).toBe(resets);
  expect(scene.world.errors.filter((error) => !(error instanceof CompensatingWriteError))).toEqual([]);
}

type Snapshot = Awaited<ReturnType<Store["snapshot"]>>;

/** A store whose bootstraps can be held: rows are read one by one. */
function held(store: Store, points: Map<ServerPoint, Gate>): Store {
  const at = (point: ServerPoint): Promise<void> | undefined => {
    const gate = points.get(point);
    points.delete(point);
    return gate?.pass();
  };
  return over(store, {
    addClient: async (client, user) => {
      if (user === "ann") await at("while it is greeted");
      return store.addClient(client, user);
    },
    snapshot: async () => {
      const snapshot = await store.snapshot();
      let rows = 0;
      return over<Snapshot>(snapshot, {
        rows: async (type, filter, options) => {
          if (type === "Task" && rows === 0) await at("before the first page");
          // The first page is on its way once the fifth row was looked at, before the seventh is read.
          if (type === "Task" && ++rows === TASKS - 1) await at("between two pages");
          return snapshot.rows(type, filter, { ...options, limit: 1 });
        },
        release: async () => {
          await snapshot.release();
          if (rows > 0) await at("behind the last page");
        },
      });
    },
  });
}

/** An object with some of its methods replaced. */
export function over<Target extends object>(target: Target, replaced: Partial<Target>): Target {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(name in replaced ? replaced : target, name, target) as unknown;
      return typeof value === "function" ? (value as (...all: unknown[]) => unknown).bind(target) : value;
    },
  });
}
