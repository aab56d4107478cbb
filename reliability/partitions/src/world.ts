/**
 * What a run consists of: a database, servers and clients in processes, and a proxy on every line between them.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { syncSchemaOf } from "@holdfast/sync-client";
import type { SyncSchema } from "@holdfast/sync-protocol";
import { FaultProxy } from "@holdfast/sync-server/testing";
import type { Cluster, DatabaseAddress } from "@holdfast/sync-server/testing";
import { SCHEMA } from "./content.ts";
import type { Role } from "./content.ts";
import type { ClientJob, Event, Roles, ServerPlace } from "./messages.ts";
import type { MutantName } from "./mutants.ts";
import type { Plan, PlannedClient } from "./plan.ts";
import type { Process, ProcessPool } from "./processes.ts";

/** A client and the line that it is on. */
export interface ClientSlot {
  readonly plan: PlannedClient;
  readonly proxy: FaultProxy;
  readonly keyHex: string;
  server: number;
  /** The newest of its transactions that has returned. */
  own: number;
  /** How often it was opened. */
  openings: number;
  isWanted: boolean;
  /** What its user may read, as the table of users has it. */
  role: Role;
  /** The same, as the client has heard; undefined while it changes. */
  heardRole: Role | undefined;
  /** Changes of its role, one after the other. */
  roleWork: Promise<unknown>;
  readonly resets: ResetCount;
}

/** Client resets. */
export interface ResetCount {
  /** How many it may begin: each has been ordered. */
  allowed: number;
  begun: number;
  ended: number;
}

let wireSchema: SyncSchema | undefined;

/** A process of clients. */
export interface HostSlot {
  process: Process;
  skewMs: number;
  /** Kills and restarts, one after the other. */
  work: Promise<void>;
}

/** A server, and the line to its database. */
export interface ServerSlot {
  readonly database: FaultProxy | undefined;
  process: Process;
  port: number;
  work: Promise<void>;
}

/** What a run is made of. */
export interface WorldOptions {
  readonly plan: Plan;
  readonly pool: ProcessPool;
  readonly folder: string;
  readonly cluster: Cluster | undefined;
  readonly mutant: MutantName | undefined;
  /** True if all frames are to be written down, beside the files of the clients. */
  readonly isTraced: boolean;
}

/** The parts of a run. */
export class World {
  readonly plan: Plan;
  readonly clients: ClientSlot[] = [];
  readonly hosts: HostSlot[] = [];
  readonly servers: ServerSlot[] = [];
  /** What does not hold, as it was found. */
  readonly failures: string[] = [];
  address: DatabaseAddress | undefined;
  /** True while clients are to write. */
  isLoaded = false;
  isEnding = false;
  /** Pages of bootstraps that were not the first ones, and connections that began with one. */
  pages = 0;
  continued = 0;
  /** Clients as servers knew them, until they had to forget them. */
  readonly forgotten: string[] = [];
  orderedResets = 0;
  /** Restarts of the database, one after the other. */
  databaseWork: Promise<unknown> = Promise.resolve();
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.plan = options.plan;
    this.#options = options;
  }

  get cluster(): Cluster | undefined {
    return this.#options.cluster;
  }

  /** Where the rows are, if they are in SQLite. */
  get sqlitePath(): string {
    return join(this.#options.folder, "server.sqlite");
  }

  /** Starts everything; clients are opened by `open`. */
  async start(): Promise<void> {
    const { plan, cluster, pool } = this.#options;
    this.address = await cluster?.createDatabase();
    for (let index = 0; index < plan.servers; index++) {
      const database = this.address === undefined ? undefined : await FaultProxy.listen({ port: this.address.port });
      this.servers.push({ database, process: pool.take("server"), port: 0, work: Promise.resolve() });
      await this.serve(index);
    }
    for (let index = 0; index <= Math.max(...plan.clients.map(({ host }) => host)); index++) {
      this.hosts.push({ process: this.#watched(pool.take("client"), "clients"), skewMs: 0, work: Promise.resolve() });
    }
    for (const client of plan.clients) {
      const proxy = await FaultProxy.listen({ port: this.servers[client.server]?.port ?? 0 });
      this.clients.push({ plan: client, proxy, keyHex: randomBytes(64).toString("hex"), server: client.server, own: 0, openings: 0, isWanted: false, role: client.role, heardRole: client.role, roleWork: Promise.resolve(), resets: { allowed: 0, begun: 0, ended: 0 } });
    }
  }

  /** Starts a server again and again until it runs: its database may be out of reach. */
  async serve(index: number): Promise<void> {
    const { plan, pool, mutant } = this.#options;
    const slot = this.servers[index] as ServerSlot;
    const schema = (wireSchema ??= syncSchemaOf(SCHEMA));
    const place: ServerPlace = this.address === undefined ? { sqlite: this.sqlitePath } : { postgres: { ...this.address, port: slot.database?.port ?? 0 } };
    for (;;) {
      if (slot.process.isEnded) slot.process = pool.take("server");
      this.#watched(slot.process, `server ${index}`);
      try {
        slot.port = await slot.process.ask<number>({ do: "serve", place, skewMs: plan.serverSkewsMs[index] ?? 0, schema, roles: this.roles(), ...(mutant === undefined ? {} : { mutant }) });
        break;
      } catch {
        await slot.process.kill();
      }
    }
    for (const client of this.clients) if (client.server === index) client.proxy.target = { port: slot.port };
  }

  /** Opens a client, or opens it again. */
  async open(client: ClientSlot): Promise<void> {
    client.isWanted = true;
    const { plan, proxy, keyHex, own } = client;
    const job: ClientJob = {
      id: plan.id,
      path: join(this.#options.folder, `${plan.id}.realm`),
      url: `ws://127.0.0.1:${proxy.port}/`,
      keyHex,
      view: plan.view,
      role: client.heardRole,
      isRoleChanging: plan.isRoleChanging,
      isHiding: plan.view === "all" && plan.role === "insider" && !plan.isRoleChanging,
      everybody: this.plan.clients.map(({ id }) => id),
      seed: plan.seed + client.openings++,
      writesPerSecond: this.plan.writesPerSecond / this.plan.clients.length,
      own,
      isMaker: plan.id === "c0",
      isTraced: this.#options.isTraced,
      ...(this.#options.mutant === undefined ? {} : { mutant: this.#options.mutant }),
    };
    await this.hostOf(client).process.ask({ do: "open", client: job });
    if (this.isLoaded) await this.hostOf(client).process.ask({ do: "load", id: plan.id, isOn: true });
  }

  /** Who may read what. */
  roles(): Roles {
    return Object.fromEntries(this.plan.clients.map((client, index) => [client.id, this.clients[index]?.role ?? client.role]));
  }

  hostOf({ plan }: ClientSlot): HostSlot {
    return this.hosts[plan.host] as HostSlot;
  }

  /** Kills a process of clients, and opens them again in another one. */
  killHost(index: number, awayMs: number): Promise<void> {
    const slot = this.hosts[index] as HostSlot;
    slot.work = slot.work.then(async () => {
      await slot.process.kill();
      // What a reset had told before it was written, it may tell again.
      for (const { plan, resets } of this.clients) if (plan.host === index && resets.begun > resets.ended) resets.begun--;
      await pause(awayMs);
      slot.process = this.#watched(this.#options.pool.take("client"), "clients");
      if (slot.skewMs !== 0) await slot.process.ask({ do: "clock", skewMs: slot.skewMs });
      for (const client of this.clients) if (client.plan.host === index && client.isWanted) await this.open(client).catch(() => undefined);
    });
    return slot.work;
  }

  /** Kills a server, or stops it in good order, and starts it again. */
  restartServer(index: number, { isKilled, awayMs }: { readonly isKilled: boolean; readonly awayMs: number }): Promise<void> {
    const slot = this.servers[index] as ServerSlot;
    slot.work = slot.work.then(async () => {
      if (!isKilled) await Promise.race([slot.process.ask({ do: "stop" }).catch(() => undefined), pause(3000)]);
      await slot.process.kill();
      await pause(awayMs);
      await this.serve(index);
    });
    return slot.work;
  }

  /** Ends all faults that lie on lines and processes. */
  heal(): void {
    for (const { proxy } of this.clients) {
      proxy.heal();
      proxy.resetLost();
    }
    for (const { database, process } of this.servers) {
      database?.heal();
      process.goOn();
    }
    for (const { process } of this.hosts) process.goOn();
  }

  /** Gives the processes back. */
  async end(): Promise<void> {
    this.isEnding = true;
    const { pool } = this.#options;
    for (const client of this.clients) {
      if (client.isWanted) await this.hostOf(client).process.ask({ do: "close", id: client.plan.id }).catch(() => undefined);
      await client.proxy.close();
    }
    for (const { process } of this.hosts) {
      await process.ask({ do: "clock", skewMs: 0 }).catch(() => undefined);
      pool.giveBack("client", process);
    }
    for (const { process, database } of this.servers) {
      const isStopped = await Promise.race([process.ask({ do: "stop" }).then(() => true, () => false), pause(5000).then(() => false)]);
      if (isStopped) pool.giveBack("server", process);
      else await process.kill();
      await database?.close();
    }
  }

  #heardReset(resets: ResetCount, { id, isThrough }: Extract<Event, { say: "reset" }>): void {
    if (isThrough) {
      resets.ended++;
      return;
    }
    if (++resets.begun > resets.allowed) this.failures.push(`${id}: a client reset that nobody has ordered`);
  }

  #watched(process: Process, name: string): Process {
    process.onEvent = (event) => this.#heard(event);
    process.onDeath = (complaints) => {
      if (!this.isEnding) this.failures.push(`${name}: the process ended by itself: ${complaints.slice(-1500)}`);
    };
    return process;
  }

  #heard(event: Event): void {
    const client = "id" in event ? this.clients.find(({ plan }) => plan.id === event.id) : undefined;
    if (event.say === "wrote" && client !== undefined) client.own = Math.max(client.own, event.n);
    if (event.say === "page") {
      this.pages++;
      if (event.isContinued) this.continued++;
    }
    if (event.say === "reset" && client !== undefined) this.#heardReset(client.resets, event);
    // One that is wrong is wrong at every look: the first looks say enough.
    if (event.say === "wrong" && this.failures.length < 8) this.failures.push(`${event.id}: ${event.what}`);
    if (event.say === "error" && this.failures.length < 5) this.failures.push(`${event.id}: ${event.code}: ${event.message}`);
  }
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
