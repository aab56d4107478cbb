import { ObjectQuery } from "../../src/queries/index.ts";
import { layoutOf } from "../../src/records/layout.ts";
import { encodeRecord } from "../../src/records/write.ts";
import { encodeKey } from "../../src/records/keys.ts";
import { person, SCHEMAS } from "./model.ts";
const layout = layoutOf(SCHEMAS.get("Person")!);
const N = 100_000;
// pages of 8 KiB-ish, as the engine has: one big buffer per 100 records
const pages: { bytes: Uint8Array; entries: number[] }[] = [];
for (let p = 0; p < N; p += 100) {
  const bytes = new Uint8Array(16384); const entries: number[] = []; let at = 0;
  for (let i = p; i < p + 100; i++) {
    const o = person(i, { age: i % 101, name: `name ${i}`, weight: i / 2, level: i % 7 });
    const key = encodeKey("int", i); const rec = encodeRecord(layout, layout.fields.map((f) => o[f.property.name] as never));
    bytes.set(key, at); entries.push(at, at + key.length); at += key.length; bytes.set(rec, at); entries.push(at, at + rec.length); at += rec.length;
  }
  pages.push({ bytes, entries });
}
class C { bytes = pages[0]!.bytes; keyStart = 0; keyEnd = 0; valueBytes = this.bytes; valueStart = 0; valueEnd = 0; p = 0; i = -1;
  next(): boolean { if (++this.i >= 100) { this.i = 0; if (++this.p >= pages.length) return false; this.bytes = this.valueBytes = pages[this.p]!.bytes; }
    const e = pages[this.p]!.entries; const k = this.i * 4; this.keyStart = e[k]!; this.keyEnd = e[k + 1]!; this.valueStart = e[k + 2]!; this.valueEnd = e[k + 3]!; return true; } }
const source = { table: () => ({ layout, rowCount: N, cursor: () => new C(), get: () => undefined, index: () => undefined }) };
const f = (text: string, ...args: unknown[]) => ObjectQuery.all("Person").filtered({ schema: SCHEMAS, text, args });
for (const text of ["age > 50", "age > 50 && level == 3", "name BEGINSWITH 'name 9'", "name == 'name 500'", "weight < 1000", "age IN {1,2,3}", "name CONTAINS[c] 'E 99'"]) {
  const q = f(text); let best = 1e9, n = 0; for (let r = 0; r < 30; r++) { const t = performance.now(); n = q.count(source as never); best = Math.min(best, performance.now() - t); }
  console.log(text, n, best.toFixed(2), "ms");
}
{ const q = f("age > 50"); let best = 1e9; const name = layout.fieldOf("name")!, id = layout.fieldOf("id")!; let s = 0;
  for (let r = 0; r < 10; r++) { const t = performance.now(); for (const row of q.rows(source as never)) { s += (name.read(row) as string).length + (id.read(row) as number); } best = Math.min(best, performance.now() - t); } console.log("iterate rows 2 fields", best.toFixed(2)); }
{ const q = f("TRUEPREDICATE SORT(name DESC)"); const t = performance.now(); q.rows(source as never); console.log("sort 100k strings", (performance.now() - t).toFixed(1)); }
