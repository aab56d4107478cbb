/**
 * Attacks on the border of what a user may see: each of these once told something, or took something.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SyncSchema } from "@holdfast/sync-protocol";
import type { Rules } from "../../src/permissions/rules.ts";
import { Bench } from "../support/server.ts";
import { STORE_KINDS } from "../support/stores.ts";

const ADMIN = { name: "admin", applyWhen: "%%user.custom_data.isAdmin == true", read: true, insert: true, update: true, delete: true } as const;
const RULES: Rules = {
  classes: {
    Task: [ADMIN, { name: "owner", read: "owner == %%user.id", update: "owner == %%user.id AND count < 100", delete: "owner == %%user.id", fields: { secret: { read: false }, count: { read: false } } }],
  },
};
const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const MARKER = "the-hidden-marker";
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
  bench.authenticator.customData.set("root", { isAdmin: true });
});
afterEach(() => bench.end());

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`attacks on sight on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function serve(rules: Rules = RULES, schema?: SyncSchema): ReturnType<Bench["serve"]> {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      return bench.serve(place, schema === undefined ? { rules } : { rules, schema });
    }

    it("who may not insert cannot find out which keys are taken by making and deleting in one transaction", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await root.up(...root.pen.create("taken", { owner: "bob" }));
      const answers = [];
      for (const pk of ["taken", "absent"]) answers.push((await ann.up(...ann.pen.create(pk, { owner: "ann" }), ann.pen.delete(pk))).rejects?.map(({ code, reason }) => `${code} ${reason}`));
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[0]?.[0]).toContain("PERMISSION_DENIED");
    });

    it("a key of 19 digits does not open the way to another user's object", async () => {
      const schema: SyncSchema = { classes: [{ name: "Task", primaryKey: "_id", properties: [{ name: "_id", type: "int" }, { name: "owner", type: "string" }, { name: "title", type: "string", optional: true }] }] };
      const rules: Rules = { classes: { Task: [{ name: "owner", read: "owner == %%user.id", insert: "owner == %%user.id", update: "owner == %%user.id" }] } };
      const server = await serve(rules, schema);
      for (const pk of [{ $int: "9223372036854775807" }, { $int: "-9223372036854775808" }, { $int: "1000000000000000000" }] as const) {
        const [ann, bob] = await Promise.all([bench.connect(server, "ann", { schema }), bench.connect(server, "bob", { schema })]);
        await bob.up(...bob.pen.create(pk, { owner: "bob", title: "his" }));
        expect((await ann.up(...ann.pen.create(pk, { owner: "ann", title: "hers" }))).rejects?.[0]?.code).toBe("PERMISSION_DENIED");
        await bob.subscribe([{ type: "Task", query: "title == 'his'" }]);
        expect(Object.keys(bob.objects())).toContain(JSON.stringify(pk));
        await bob.close();
      }
    });

    it("what was written while an object was out of view does not come along when it is back", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await root.up(...root.pen.create("back", { owner: "ann", title: "first" }), ...root.pen.create("gone", { owner: "ann", title: "first" }));
      await ann.subscribe(ALL);
      await ann.close();
      await root.up(root.pen.set("back", "owner", "bob"), root.pen.set("gone", "owner", "bob"));
      await root.up(root.pen.set("back", "title", MARKER), root.pen.set("gone", "title", MARKER));
      await root.up(root.pen.set("back", "title", "last"), root.pen.delete("gone"));
      await root.up(root.pen.set("back", "owner", "ann"));
      const again = await bench.connect(server, "ann", { previous: ann });
      await again.subscribe(ALL, { resume: again.resume });
      expect(again.objects()).toMatchObject({ back: { title: "last", owner: "ann" } });
      expect(Object.keys(again.objects())).toEqual(["back"]);
      expect(JSON.stringify(again.received)).not.toContain(MARKER);
      // Out of view when it was deleted: it is out, and nobody says more.
      expect(again.received.flatMap((message) => (message.msg === "down" ? (message.out ?? []) : []))).toEqual([{ type: "Task", pk: "gone" }]);
    });

    it("a field that is hidden cannot be written either, so that refusals do not tell its value", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      await root.up(...root.pen.create("low", { owner: "ann", count: 1 }), ...root.pen.create("high", { owner: "ann", count: 98 }));
      const answers = [];
      for (const pk of ["low", "high"]) answers.push((await ann.up(ann.pen.inc(pk, "count", 50))).rejects?.map(({ code }) => code));
      expect(answers).toEqual([["PERMISSION_DENIED"], ["PERMISSION_DENIED"]]);
    });

    it("a role that loses a field while a subscription asks about it sees nothing more, and others are none the worse", async () => {
      const server = await serve();
      const [ann, second, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "ann"), bench.connect(server, "root")]);
      const rights = (isAdmin: boolean): void => server.userChanged({ userId: "ann", customData: { isAdmin }, expiresAt: Date.now() + 60_000 });
      rights(true);
      await root.up(...root.pen.create("a", { owner: "bob", secret: "s" }));
      await ann.subscribe([{ type: "Task", query: "secret == 's'" }]);
      await second.subscribe(ALL);
      expect(Object.keys(ann.objects())).toEqual(["a"]);
      rights(false);
      await root.up(root.pen.set("a", "title", MARKER), root.pen.set("a", "secret", "s"));
      await second.settle();
      await ann.settle().catch(() => undefined);
      expect(Object.keys(second.objects())).toEqual([]);
      expect(ann.errors.map(({ code, action }) => [code, action])).toEqual([["QUERY_UNSUPPORTED", "warn"]]);
      expect(Object.keys(ann.objects())).toEqual([]);
      expect(JSON.stringify([ann.received, second.received])).not.toContain(MARKER);
    });

    it("what is being written while a role is narrowed is in the pages of the new view: no device puts a value in a field that is hidden now onto them", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      const rights = (isAdmin: boolean): void => server.userChanged({ userId: "ann", customData: { isAdmin }, expiresAt: Date.now() + 60_000 });
      rights(true);
      await root.up(...root.pen.create("a", { owner: "ann" }));
      await ann.subscribe(ALL);
      const { flush, snapshot } = server.store;
      let taken: Promise<unknown> = Promise.resolve();
      server.store.snapshot = async () => {
        const taking = snapshot.call(server.store);
        taken = taking;
        return taking;
      };
      let isNarrowed = false;
      server.store.flush = async (request) => {
        if (isNarrowed || request.uploads.length === 0) return flush.call(server.store, request);
        // Judged by what held until now; then, before that is committed, whatever would read a snapshot has its turn.
        let planned: ReturnType<typeof request.plan> | undefined;
        const plan: typeof request.plan = (input) => {
          planned = request.plan(input);
          throw new Error("not yet");
        };
        await expect(flush.call(server.store, { ...request, plan })).rejects.toThrow("not yet");
        rights(false);
        isNarrowed = true;
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        await taken;
        return flush.call(server.store, { ...request, plan: () => planned as ReturnType<typeof request.plan> });
      };
      ann.received.length = 0;
      const cseq = ann.sendUp(ann.pen.set("a", "secret", MARKER), ann.pen.set("a", "title", "mine"));
      await ann.acked(cseq);
      await ann.settle();
      expect(isNarrowed).toBe(true);
      expect(ann.acks.at(-1)?.rejects).toBeUndefined();
      const pages = ann.received.flatMap((message) => (message.msg === "boot" ? [message] : []));
      // Later ones a device applies to the pages itself.
      expect(pages.map((page) => page.cseq)).toEqual([cseq]);
      expect(pages.flatMap(({ rows }) => rows.map(({ pk, state }) => [pk, state.f?.["title"]?.v, state.f?.["secret"]]))).toEqual([["a", "mine", undefined]]);
      expect(ann.objects()["a"]).toMatchObject({ title: "mine", secret: null });
    });

    it("how often others write cannot be read out of a resume text", async () => {
      const server = await serve();
      const [ann, root] = await Promise.all([bench.connect(server, "ann"), bench.connect(server, "root")]);
      const texts = [];
      for (const count of [0, 3, 120]) {
        for (let each = 0; each < count; each++) await root.up(...root.pen.create(`${String(count)}-${String(each)}`));
        const version = texts.push("") + 1;
        await ann.subscribe(ALL, { version });
        texts[texts.length - 1] = ann.resume ?? "";
      }
      // Neither plain nor by its length.
      expect(new Set(texts.map((text) => text.length)).size).toBe(1);
      for (const text of texts) expect(Buffer.from(text, "base64url").toString("latin1")).not.toContain(ann.epoch);
    });
  });
}
