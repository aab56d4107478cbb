/**
 * What a seed stands for: how many clients there are, and what goes wrong, when, for how long and with whom.
 *
 * The machine's scheduler has a say in what a moment hits, so a seed makes a run like the one before, not the same one.
 *
 * @module
 */
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import { ROLES } from "./content.ts";
import type { Role, ViewName } from "./content.ts";

/** Where the rows are. */
export type StoreName = "postgres" | "sqlite";

/** How runs differ from the usual ones. */
export interface PlanOptions {
  readonly store: StoreName;
  /** How long there are faults. */
  readonly seconds: number;
  /** Clients at most. */
  readonly clients: number;
  /** Only these kinds of faults; empty: all. */
  readonly only: readonly string[];
}

/** One thing that goes wrong. */
export interface PlannedFault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly forMs: number;
  /** Draws of the fault itself, the same for the same seed. */
  readonly seed: number;
}

/** A client of the plan. */
export interface PlannedClient {
  readonly id: string;
  /** Which process it is in. */
  readonly host: number;
  readonly server: number;
  readonly view: ViewName;
  readonly role: Role;
  /** True for one whose role changes during the run. It writes nothing that only some may read. */
  readonly isRoleChanging: boolean;
  /** When it is opened first: its bootstrap is part of the run. */
  readonly opensAtMs: number;
  readonly seed: number;
}

/** A run. */
export interface Plan {
  readonly seed: number;
  readonly store: StoreName;
  readonly clients: readonly PlannedClient[];
  readonly servers: number;
  readonly writesPerSecond: number;
  readonly forMs: number;
  readonly faults: readonly PlannedFault[];
  /** Of each server's clock. */
  readonly serverSkewsMs: readonly number[];
}

/** Faults on the lines between clients and servers, for a group of clients. */
const LINE_KINDS = ["partition", "partition up", "partition down", "black hole", "black hole up", "black hole down", "reset", "refuse", "delay", "4 Mbit/s", "cut up", "cut down", "flap", "other server", "cut bootstrap"] as const;
/** Faults of clients. */
const CLIENT_KINDS = ["pause", "pause loop", "close", "stop clients", "kill clients", "clock", "view", "role", "away too long"] as const;
/** Faults of servers and of the database. */
const SERVER_KINDS = ["stop server", "kill server", "restart server"] as const;
const DATABASE_KINDS = ["database restart", "database partition", "database black hole", "database reset", "database delay", "database refuse", "other program"] as const;

/** All kinds. */
export const FAULT_KINDS: readonly FaultKind[] = [...LINE_KINDS, ...CLIENT_KINDS, ...SERVER_KINDS, ...DATABASE_KINDS];

/** One kind. */
export type FaultKind = (typeof LINE_KINDS | typeof CLIENT_KINDS | typeof SERVER_KINDS | typeof DATABASE_KINDS)[number];

/** Makes the plan of a seed. */
export function planOf(seed: number, { store, seconds, clients: most, only }: PlanOptions): Plan {
  const random = new SeededRandom(seed * 2_654_435_761);
  const clientCount = Math.min(most, 5 + random.below(6));
  const hostCount = Math.min(3, clientCount);
  const servers = store === "sqlite" ? 1 : 2;
  const forMs = seconds * 1000;
  const kinds = FAULT_KINDS.filter((kind) => (only.length === 0 || only.includes(kind)) && (store === "postgres" || !(DATABASE_KINDS as readonly string[]).includes(kind)) && (servers > 1 || kind !== "other server"));
  const clients = Array.from({ length: clientCount }, (_, index): PlannedClient => ({
    id: `c${index}`,
    host: index % hostCount,
    server: random.below(servers),
    view: index % 3 === 2 ? "shown" : "all",
    role: index === 4 ? "outsider" : index % 3 === 1 ? random.pick(ROLES) : "insider",
    // One has never had the right to what is secret, and must never see any of it.
    isRoleChanging: index % 3 === 1 && index !== 4,
    opensAtMs: index > 1 && random.chance(0.3) ? random.below(forMs) : 0,
    seed: random.below(2 ** 31),
  }));
  // One fault after the other, in half of the runs also several at once.
  const isCrowded = random.chance(0.5);
  const faults: PlannedFault[] = [];
  for (let atMs = 200; atMs < forMs; atMs += (isCrowded ? 100 : 400) + random.below(isCrowded ? 600 : 1000)) {
    faults.push({ kind: random.pick(kinds), atMs, forMs: Math.min(forMs - atMs, 100 + random.below(Math.min(forMs / 2, 20_000))), seed: random.below(2 ** 31) });
  }
  return { seed, store, clients, servers, writesPerSecond: 10 + random.below(31), forMs, faults, serverSkewsMs: Array.from({ length: servers }, () => random.below(40_000) - 20_000) };
}
