/**
 * A bootstrap whose connection to PostgreSQL is lost: at the BEGIN of its snapshot, and between two of its pages.
 */
import type { Socket } from "node:net";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BootMessage } from "@holdfast/sync-protocol";
import { Bench } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";
import type { StoreKind } from "./support/stores.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
/** More than the database is asked for at once, and more than one frame. */
const OBJECTS = 1100;
const kind = STORE_KINDS.find(({ name }) => name === "postgres") as StoreKind;
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.end();
});

describe.skipIf(kind.missing !== undefined)(`lost snapshots on postgres${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
  it.each([["at its BEGIN", /^BEGIN ISOLATION/u, 1], ["between two pages", /FROM app\."Task"/u, 2]] as const)("the connection of a bootstrap is lost %s: nobody else notices, and the client goes on where it was", async (moment, pattern, which) => {
    const place = await kind.makePlace();
    const server = await bench.serve(place);
    const writer = await bench.connect(server, "writer");
    await writer.up(...Array.from({ length: OBJECTS }, (_unused, index) => writer.pen.create(`t${String(index).padStart(4, "0")}`, { title: "a title of some length" })).flat());
    const ann = await bench.connect(server, "ann");
    // A real function: the connection is `this`.
    const { query } = pg.Client.prototype;
    let seen = 0;
    vi.spyOn(pg.Client.prototype, "query").mockImplementation(function mocked(this: pg.Client, ...all: unknown[]) {
      const [first] = all;
      const text = typeof first === "string" ? first : String((first as { readonly text?: string } | undefined)?.text);
      const ask = (): unknown => Reflect.apply(query, this, all) as unknown;
      if (!pattern.test(text) || ++seen !== which) return ask();
      const asked = ask();
      (this as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.destroy(new Error("cut"));
      return asked;
    } as never);
    ann.send({ msg: "sub", version: 1, queries: ALL });
    expect(await ann.error()).toMatchObject({ code: "STORE_UNAVAILABLE", action: "retry" });
    const pages = ann.received.filter((message): message is BootMessage => message.msg === "boot");
    expect([pages.length > 0, pages.some(({ last }) => last)]).toEqual([moment === "between two pages", false]);
    const again = await bench.connect(server, "ann", { previous: ann });
    await again.subscribe(ALL, { resume: pages.at(-1)?.resume });
    pages.push(...again.received.filter((message): message is BootMessage => message.msg === "boot"));
    expect(seen).toBeGreaterThanOrEqual(which);
    expect(pages.map(({ page }) => page)).toEqual(pages.map((_page, index) => index));
    expect(pages.at(-1)?.last).toBe(true);
    expect(pages.flatMap(({ rows }) => rows.map(({ pk }) => pk))).toEqual(Array.from({ length: OBJECTS }, (_unused, index) => `t${String(index).padStart(4, "0")}`));
    await writer.up(writer.pen.set("t0000", "title", "goes on"));
    expect(writer.errors).toEqual([]);
  });
});
