/**
 * Operations and uploads, as a client would make them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { HybridClock } from "@holdfast/sync-protocol";
import type { Operation, SyncSchema, WireKey, WireValue } from "@holdfast/sync-protocol";
import type { Upload } from "../../src/store/store.ts";

/** A schema with one class of most kinds of field. */
export const TASKS: SyncSchema = {
  classes: [
    {
      name: "Task",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "string" }, { name: "owner", type: "string" }, { name: "title", type: "string", optional: true }, { name: "done", type: "bool" },
        { name: "count", type: "int", counter: true }, { name: "secret", type: "string", optional: true }, { name: "due", type: "date", optional: true }, { name: "tags", type: "string", collection: "list" },
      ],
    },
    { name: "Event", primaryKey: "_id", asymmetric: true, properties: [{ name: "_id", type: "string" }, { name: "what", type: "string" }] },
  ],
};

/** Makes operations with the stamps of one client. */
export class Pen {
  readonly clock: HybridClock;

  constructor(client: string, now: () => number = Date.now) {
    this.clock = new HybridClock({ replica: client, now });
  }

  create(pk: WireKey, fields: Readonly<Record<string, WireValue>> = {}, type = "Task"): Operation[] {
    return [{ type, pk, h: this.clock.tick(), path: [], do: { act: "create" } }, ...Object.entries(fields).map(([name, value]) => this.set(pk, name, value, type))];
  }

  set(pk: WireKey, field: string, value: WireValue, type = "Task"): Operation {
    return { type, pk, h: this.clock.tick(), path: [field], do: { act: "set", value } };
  }

  inc(pk: WireKey, field: string, by: number, type = "Task"): Operation {
    return { type, pk, h: this.clock.tick(), path: [field], do: { act: "inc", by } };
  }

  delete(pk: WireKey, type = "Task"): Operation {
    return { type, pk, h: this.clock.tick(), path: [], do: { act: "delete" } };
  }
}

/** An upload. */
export function uploadOf(client: string, cseq: number, ops: readonly Operation[], user = "ann"): Upload {
  return { client, user, cseq, ops, known: new Map(), informed: new Map(), digest: createHash("sha256").update(JSON.stringify(ops)).digest("base64url") };
}

/** 16 hexadecimal digits out of a number. */
export function clientId(number: number): string {
  return number.toString(16).padStart(16, "0");
}
