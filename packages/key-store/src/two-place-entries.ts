/**
 * Writing over an entry without ever being without it, on platforms that delete before they write.
 *
 * Each entry has two places, `NAME_a` and `NAME_b`, and normally one is filled. A new text goes into the other place, is read back, and only then
 * is the old one deleted. An interruption leaves both; the higher count, which stands before the text (`COUNT~TEXT`), is the newer.
 *
 * @module
 */
import type { KeyStoreCapabilities } from "./key-store.ts";
import { KeyStoreError } from "./errors.ts";
import type { UnlistedEntries } from "./indexed-entries.ts";

type Place = "a" | "b";

interface Placed {
  readonly place: Place;
  /** Infinity for a damaged one: it is not hidden behind an older text. */
  readonly count: number;
  readonly text: string;
}

/** Keeps each entry in one of two places. */
export class TwoPlaceEntries implements UnlistedEntries {
  readonly backend: string;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly has?: (name: string) => Promise<boolean>;
  readonly assertReadable?: () => Promise<void>;
  readonly #entries: UnlistedEntries;

  constructor(entries: UnlistedEntries) {
    this.#entries = entries;
    this.backend = entries.backend;
    this.capabilities = entries.capabilities;
    this.identity = entries.identity;
    if (entries.has !== undefined) this.has = (name) => this.#hasEither(name);
    if (entries.assertReadable !== undefined) this.assertReadable = async () => entries.assertReadable?.();
  }

  checkOptions(options: object): void {
    this.#entries.checkOptions(options);
  }

  async get(name: string): Promise<string | null> {
    return (await this.#newest(name))?.text ?? null;
  }

  async set(name: string, text: string): Promise<void> {
    const current = await this.#newest(name);
    const place: Place = current?.place === "a" ? "b" : "a";
    const counted = `${nextCount(current)}~${text}`;
    await this.#entries.set(placeOf(name, place), counted, {});
    if (current === undefined) return;
    if ((await this.#entries.get(placeOf(name, place), {})) !== counted) throw new KeyStoreError("IO", `the store "${this.backend}" said that the entry was written, and gives another. The one before is kept.`);
    await this.#entries.remove(placeOf(name, current.place), {});
  }

  async remove(name: string): Promise<void> {
    for (const place of ["a", "b"] as const) await this.#entries.remove(placeOf(name, place), {});
  }

  async dispose(): Promise<void> {
    await this.#entries.dispose?.();
  }

  async #hasEither(name: string): Promise<boolean> {
    for (const place of ["a", "b"] as const) if ((await this.#entries.has?.(placeOf(name, place), {})) === true) return true;
    return false;
  }

  async #newest(name: string): Promise<Placed | undefined> {
    let newest: Placed | undefined;
    for (const place of ["a", "b"] as const) {
      const stored = await this.#entries.get(placeOf(name, place), {});
      if (stored === null) continue;
      const placed = parse(place, stored);
      if (placed.count > (newest?.count ?? -1)) newest = placed;
    }
    return newest;
  }
}

function parse(place: Place, stored: string): Placed {
  const match = /^(?<count>\d{1,15})~(?<text>[\s\S]*)$/u.exec(stored);
  if (match?.groups === undefined) return { place, count: Infinity, text: stored };
  return { place, count: Number(match.groups["count"]), text: match.groups["text"] as string };
}

function nextCount(current: Placed | undefined): number {
  return current === undefined || current.count === Infinity ? 1 : current.count + 1;
}

function placeOf(name: string, place: Place): string {
  return `${name}_${place}`;
}
