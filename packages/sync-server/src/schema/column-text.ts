/**
 * What PostgreSQL prints for a column, as the value of a property.
 *
 * @module
 */
import type { PlainValue, SyncClass } from "@holdfast/sync-protocol";
import { valueOfColumnJson } from "./column-json.ts";
import type { Json } from "./column-json.ts";
import { scalarTypeOf } from "./table-layout.ts";
import type { Column } from "./table-layout.ts";
import { wireOfScalar } from "./wire-scalar.ts";

/** Undefined if it is none of the property's type. */
export function columnJsonOfText(text: string | null, column: Column, classes: ReadonlyMap<string, SyncClass>): PlainValue | undefined {
  const { kind, property } = column;
  if (kind === "json") return valueOfColumnJson(text === null ? null : (JSON.parse(text) as Json), property, classes);
  if (text === null) return null;
  switch (kind) {
    case "bool":
      return text === "true" || text === "t";
    case "int":
      return wireOfScalar(BigInt(text), "int");
    case "double":
      return wireOfScalar(Number(text), "double");
    case "date": {
      const ms = Date.parse(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
      return Number.isNaN(ms) ? undefined : { $date: ms };
    }
    case "data":
      return wireOfScalar(text.replace(/^\\x/, ""), "data");
    case "link": {
      const target = classes.get(property.objectType ?? "");
      const key = target?.properties.find((each) => each.name === target.primaryKey);
      return target === undefined || key === undefined ? undefined : wireOfScalar(text, "link", { name: target.name, keyType: scalarTypeOf(key) ?? "string" });
    }
    default:
      return wireOfScalar(text, kind);
  }
}
