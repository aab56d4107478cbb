/**
 * Who may connect: how many that have not said who they are, from one address and with how many bytes, and how many sessions of one user.
 *
 * @module
 */
import { isIPv6 } from "node:net";

/** Limits of connections. */
export interface AdmissionLimits {
  /** Connections of one address (of IPv6: of one /64) that have not been greeted yet. */
  readonly strangersPerAddress: number;
  /** Sessions of one user. */
  readonly sessionsPerUser: number;
}

/** What holds unless a server was configured otherwise. */
export const ADMISSION_LIMITS: AdmissionLimits = { strangersPerAddress: 1000, sessionsPerUser: 200 };

/** Counts names. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** How often a name is there. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  remove(name: string): void {
    const count = this.of(name) - 1;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}

/** What an address counts as: whoever has one of IPv6 has the 2^64 of its network. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const all = [...groups, ...Array.from({ length: missing }, () => "0"), ...(tail === undefined || tail === "" ? [] : tail.split(":"))];
  return `${all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
