/**
 * Faults: each begins, lasts, and ends what it has begun.
 *
 * @module
 */
import pg from "pg";
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import type { FaultDirection, FaultProxy } from "@holdfast/sync-server/testing";
import { ROLES } from "./content.ts";
import type { Role } from "./content.ts";
import { forgetClients } from "./forgetting.ts";
import type { FaultKind, PlannedFault } from "./plan.ts";
import { pause } from "./world.ts";
import type { ClientSlot, HostSlot, ServerSlot, World } from "./world.ts";

const YEAR_MS = 365.25 * 86_400_000;
const SKEWS_MS = [10 * YEAR_MS, -10 * YEAR_MS, 3_600_000, -86_400_000, 90_000];

/** What a fault works with. */
interface Scene {
  readonly world: World;
  readonly random: SeededRandom;
  readonly forMs: number;
  /** Some of the clients. */
  readonly group: readonly ClientSlot[];
  readonly server: ServerSlot;
  readonly serverIndex: number;
  readonly host: HostSlot;
  readonly hostIndex: number;
}

/** Runs one, to its end. */
export async function runFault(world: World, { kind, forMs, seed }: PlannedFault): Promise<void> {
  const random = new SeededRandom(seed);
  const chosen = world.clients.filter(() => random.chance(0.5));
  const serverIndex = random.below(world.servers.length);
  const hostIndex = random.below(world.hosts.length);
  const scene: Scene = {
    world, random, forMs, serverIndex, hostIndex,
    group: chosen.length === 0 ? [random.pick(world.clients)] : chosen,
    server: world.servers[serverIndex] as ServerSlot,
    host: world.hosts[hostIndex] as HostSlot,
  };
  await FAULTS[kind](scene);
}

const FAULTS: Readonly<Record<FaultKind, (scene: Scene) => Promise<unknown>>> = {
  partition: onLines((proxy) => (proxy.holds = true), (proxy) => (proxy.holds = false)),
  "partition up": onLines((proxy) => (proxy.holds = "up"), (proxy) => (proxy.holds = false)),
  "partition down": onLines((proxy) => (proxy.holds = "down"), (proxy) => (proxy.holds = false)),
  "black hole": onLines(swallowing(true), swallowing(false)),
  "black hole up": onLines(swallowing("up"), swallowing(false)),
  "black hole down": onLines(swallowing("down"), swallowing(false)),
  reset: onLines((proxy) => proxy.reset(), () => undefined),
  refuse: onLines(refusing, (proxy) => (proxy.refuses = false)),
  delay: onLines((proxy, random) => ([proxy.delayMs, proxy.jitterMs] = [10 + random.below(200), random.below(200)]), undelayed),
  "4 Mbit/s": onLines((proxy) => (proxy.bytesPerSecond = 500_000), (proxy) => (proxy.bytesPerSecond = undefined)),
  "cut up": onLines((proxy, random) => (proxy.cutAfterBytes = random.below(4000)), (proxy) => (proxy.cutAfterBytes = undefined)),
  "cut down": onLines((proxy, random) => (proxy.cutDownAfterBytes = random.below(8000)), (proxy) => (proxy.cutDownAfterBytes = undefined)),
  flap: async (scene) => {
    for (let leftMs = scene.forMs; leftMs > 0; ) {
      const [awayMs, hereMs] = [20 + scene.random.below(150), 50 + scene.random.below(400)];
      for (const { proxy } of scene.group) refusing(proxy);
      await pause(awayMs);
      for (const { proxy } of scene.group) proxy.refuses = false;
      await pause(hereMs);
      leftMs -= awayMs + hereMs;
    }
  },
  "other server": async ({ world, group }) => {
    for (const client of group) {
      client.server = (client.server + 1) % world.servers.length;
      client.proxy.target = { port: world.servers[client.server]?.port ?? 0 };
      client.proxy.reset();
    }
  },
  pause: async (scene) => {
    await each(scene, "pause");
    await pause(scene.forMs);
    await each(scene, "resume");
  },
  "pause loop": async (scene) => {
    for (let leftMs = scene.forMs; leftMs > 0; ) {
      const [awayMs, hereMs] = [scene.random.below(80), scene.random.below(200)];
      await each(scene, "pause");
      await pause(awayMs);
      await each(scene, "resume");
      await pause(hereMs);
      leftMs -= awayMs + hereMs + 20;
    }
  },
  close: async ({ world, group, forMs }) => {
    const open = group.filter(({ isWanted }) => isWanted);
    for (const client of open) {
      client.isWanted = false;
      await quietly(world.hostOf(client).process.ask({ do: "close", id: client.plan.id }));
    }
    await pause(forMs / 2);
    for (const client of open) await quietly(world.open(client));
  },
  "stop clients": ({ host: { process }, forMs }) => stopped(process, forMs),
  "kill clients": ({ world, hostIndex, forMs }) => world.killHost(hostIndex, forMs / 4),
  clock: async ({ host, random, forMs }) => {
    host.skewMs = random.pick(SKEWS_MS);
    await quietly(host.process.ask({ do: "clock", skewMs: host.skewMs }));
    await pause(forMs);
    // Half of the clocks stay wrong.
    if (random.chance(0.5)) return;
    host.skewMs = 0;
    await quietly(host.process.ask({ do: "clock", skewMs: 0 }));
  },
  view: async ({ world, group, forMs }) => {
    const [client] = group;
    if (client === undefined) return;
    const ask = (view: "all" | "shown"): Promise<unknown> => quietly(world.hostOf(client).process.ask({ do: "view", id: client.plan.id, view, patienceMs: 20_000 }));
    await ask(client.plan.view === "all" ? "shown" : "all");
    await pause(forMs / 2);
    await ask(client.plan.view);
  },
  // Bootstraps of several pages, each of whose connections ends somewhere within them.
  "cut bootstrap": async ({ world, group: [client], random }) => {
    if (client === undefined) return;
    for (const view of [client.plan.view === "all" ? "shown" : "all", client.plan.view] as const) {
      let isOver = false;
      const changed = quietly(world.hostOf(client).process.ask({ do: "view", id: client.plan.id, view, patienceMs: 20_000 })).then(() => (isOver = true));
      for (let cuts = 0; cuts < 3 && !isOver; cuts++) {
        client.proxy.cutDownAfterBytes = 66_000 + random.below(150_000);
        while (!isOver && client.proxy.cutDownAfterBytes !== undefined) await pause(10);
      }
      await changed;
      client.proxy.cutDownAfterBytes = undefined;
    }
  },
  role: async ({ world, random, forMs }) => {
    const client = random.pick(world.clients.filter(({ plan }) => plan.isRoleChanging));
    for (const awayMs of [forMs / 2, 0]) {
      await changeRole(world, client, random.pick(ROLES.filter((role) => role !== client.role)));
      await pause(awayMs);
    }
  },
  "away too long": async (scene) => {
    const { world, group, random, forMs } = scene;
    // Who is not open, and who is still about the last one, is not sent away.
    const away = group.filter(({ isWanted, resets }) => isWanted && resets.allowed === resets.ended);
    const isCut = random.chance(0.5);
    if (isCut) for (const { proxy } of away) refusing(proxy);
    else await each({ ...scene, group: away }, "pause");
    await pause(forMs / 2);
    await forgetClients(world, away);
    if (isCut) for (const { proxy } of away) proxy.refuses = false;
    else await each({ ...scene, group: away }, "resume");
  },
  "stop server": ({ server: { process }, forMs }) => stopped(process, forMs),
  "kill server": ({ world, serverIndex, forMs }) => world.restartServer(serverIndex, { isKilled: true, awayMs: forMs / 4 }),
  "restart server": ({ world, serverIndex, forMs }) => world.restartServer(serverIndex, { isKilled: false, awayMs: forMs / 4 }),
  "database restart": ({ world }) => (world.databaseWork = world.databaseWork.then(() => world.cluster?.crashAndRestart())),
  "database partition": onDatabase((proxy, random) => (proxy.holds = random.pick([true, "up", "down"] as const)), (proxy) => (proxy.holds = false)),
  "database black hole": onDatabase((proxy, random) => (proxy.swallows = random.pick([true, "up", "down"] as const)), (proxy) => (proxy.swallows = false)),
  "database reset": onDatabase((proxy) => proxy.reset(), () => undefined),
  "database delay": onDatabase((proxy, random) => ([proxy.delayMs, proxy.jitterMs] = [1 + random.below(30), random.below(30)]), undelayed),
  "database refuse": onDatabase(refusing, (proxy) => (proxy.refuses = false)),
  "other program": async ({ world, random }) => {
    const client = new pg.Client(world.address);
    client.on("error", () => undefined);
    await quietly(
      client.connect().then(() => client.query(`UPDATE app."Shared" SET note = $1 WHERE _id = $2`, [`sql${random.below(100)}`, `s${random.below(3)}`])),
    );
    await quietly(client.end());
  },
};

type Change = (proxy: FaultProxy, random: SeededRandom) => unknown;

function onLines(begin: Change, end: Change): (scene: Scene) => Promise<void> {
  return async ({ group, random, forMs }) => {
    for (const { proxy } of group) begin(proxy, random);
    await pause(forMs);
    for (const { proxy } of group) end(proxy, random);
  };
}

function onDatabase(begin: Change, end: Change): (scene: Scene) => Promise<void> {
  return async ({ server: { database }, random, forMs }) => {
    if (database === undefined) return;
    begin(database, random);
    await pause(forMs);
    end(database, random);
  };
}

function swallowing(swallows: FaultDirection): Change {
  return (proxy) => (proxy.swallows = swallows);
}

function refusing(proxy: FaultProxy): void {
  proxy.refuses = true;
  proxy.reset();
}

function undelayed(proxy: FaultProxy): void {
  proxy.delayMs = 0;
  proxy.jitterMs = 0;
}

/** The table of users first, then the servers, then the client looks whether it holds. */
function changeRole(world: World, client: ClientSlot, role: Role): Promise<unknown> {
  const { plan: { id } } = client;
  const ask = (known: Role | undefined): Promise<unknown> => quietly(world.hostOf(client).process.ask({ do: "role", id, role: known, patienceMs: 20_000 }));
  const change = async (): Promise<void> => {
    client.heardRole = undefined;
    await ask(undefined);
    client.role = role;
    await Promise.all(world.servers.map(({ process }) => quietly(process.ask({ do: "roles", roles: world.roles() }))));
    client.heardRole = role;
    await ask(role);
  };
  client.roleWork = client.roleWork.then(change);
  return client.roleWork;
}

async function stopped(process: { pause(): void; goOn(): void }, forMs: number): Promise<void> {
  process.pause();
  await pause(forMs);
  process.goOn();
}

/** Asks a group; who is stopped answers later, who was killed never. */
async function each({ world, group }: Scene, what: "pause" | "resume"): Promise<void> {
  await Promise.all(group.filter(({ isWanted }) => isWanted).map((client) => quietly(world.hostOf(client).process.ask({ do: what, id: client.plan.id }))));
}

/** A process that was killed meanwhile, and a client that is not open yet, answer with errors: that is no finding. */
async function quietly(work: Promise<unknown>): Promise<unknown> {
  return work.catch(() => undefined);
}
