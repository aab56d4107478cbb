/**
 * Tabs that come and go at random while all of them write: nothing acknowledged is lost, nothing is done twice, live queries add up.
 *
 * `TAB_SEED` repeats a run, `TAB_STEPS` makes it longer.
 *
 * @module
 */
import { expect, it } from "vitest";
import type { RemoteRealm } from "../../src/client.ts";
import type { ServeOptions } from "../../src/worker.ts";
import { FakeBrowser } from "./fake-tabs.ts";
import type { FakeTab } from "./fake-tabs.ts";
import { codeOf, Heard, NOTES } from "./support.ts";
import type { Note } from "./support.ts";

const STEPS = Number(process.env["TAB_STEPS"] ?? 40);
const SEED = Number(process.env["TAB_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const SERVE: ServeOptions = { schema: NOTES };
const TABS = 4;

/** Numerical Recipes' generator: enough to choose what happens. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A tab whose page writes one note after the other, and listens to all. */
class BusyTab {
  readonly tab: FakeTab<never>;
  readonly #known: Known;
  readonly heard = new Heard<Note>();
  readonly written: Promise<void>;
  #isOver = false;
  isGone = false;

  constructor(tab: FakeTab<never>, known: Known) {
    this.tab = tab;
    this.#known = known;
    this.written = this.#write();
  }

  get #realm(): RemoteRealm {
    return this.tab.realm as unknown as RemoteRealm;
  }

  async #write(): Promise<void> {
    await this.#realm.objects<Note>("Note").sorted("_id").addListener(this.heard.listener);
    while (!this.#isOver) {
      const _id = this.#known.next();
      const code = await codeOf(this.#realm.write((tx) => tx.create("Note", { _id, title: "busy" })));
      if (this.isGone) return;
      this.#known.tell(_id, code);
      await pause(0);
    }
  }

  /** Stops writing. */
  async rest(): Promise<void> {
    this.#isOver = true;
    await this.written;
  }

  /** As a user closes a tab: its page hears nothing any more. */
  kill(): void {
    this.isGone = true;
    this.tab.kill();
  }
}

/** What became of every write whose page was there to hear of it. */
class Known {
  readonly acknowledged = new Set<number>();
  readonly unknown = new Set<number>();
  readonly refused = new Map<number, unknown>();
  #next = 0;

  next(): number {
    this.#next += 1;
    return this.#next;
  }

  tell(_id: number, code: unknown): void {
    if (code === "nothing thrown") this.acknowledged.add(_id);
    else if (code === "COMMIT_UNKNOWN") this.unknown.add(_id);
    else this.refused.set(_id, code);
  }
}

it(`tabs that are closed, killed, frozen and opened at random agree in the end (seed ${SEED})`, async () => {
  const random = randomOf(SEED);
  const browser = new FakeBrowser();
  const known = new Known();
  const open = async (): Promise<BusyTab> => new BusyTab(await browser.open<never>(SERVE), known);
  const tabs: BusyTab[] = [];
  try {
    for (let count = 0; count < TABS; count += 1) tabs.push(await open());
    for (let step = 0; step < STEPS; step += 1) {
      await pause(random(12));
      const place = random(tabs.length);
      const chosen = tabs[place] as BusyTab;
      switch (random(5)) {
        case 0:
          chosen.kill();
          tabs[place] = await open();
          break;
        case 1:
          await chosen.rest();
          await chosen.tab.realm.close();
          tabs[place] = await open();
          break;
        case 2:
          chosen.tab.worker().terminate();
          break;
        default: {
          const side = random(2) === 0 ? chosen.tab.page : chosen.tab.worker().side;
          const thaw = side.freeze();
          await pause(random(20));
          thaw();
        }
      }
    }
    for (const tab of tabs) await tab.rest();
    const [one] = tabs as [BusyTab];
    const found = (await (one.tab.realm as unknown as RemoteRealm).objects<Note>("Note").sorted("_id").run()).map(({ _id }) => _id);
    expect([...known.acknowledged].filter((_id) => !found.includes(_id))).toEqual([]);
    expect([...known.refused]).toEqual([]);
    await expect.poll(() => tabs.map(({ heard }) => heard.results?.map(({ _id }) => _id)), { timeout: 10_000 }).toEqual(tabs.map(() => found));
    expect(tabs.flatMap(({ heard }) => heard.misfits)).toEqual([]);
    expect(known.acknowledged.size).toBeGreaterThan(STEPS / 4);
    if (process.env["TAB_STEPS"] !== undefined) console.log({ acknowledged: known.acknowledged.size, unknown: known.unknown.size, done: found.filter((_id) => known.unknown.has(_id)).length });
  } finally {
    browser.close();
  }
});
