/**
 * What an attacker says: messages by the grammar of the wire, valid but odd, and some of them spoilt.
 *
 * @module
 */
import type { Random } from "../../fuzz/fuzzer/random.ts";
import type { JsonWords } from "../../fuzz/targets/json-mutations.ts";
import { mutateJson } from "../../fuzz/targets/json-mutations.ts";
import { HIDDEN, OUT_OF_SIGHT, SCHEMA, SEEN, tokenOf, UNUSED } from "./scene.ts";

/** What an attacker has learned so far, and who he is. */
export interface Knowledge {
  readonly user: string;
  /** Of his client; of others, as far as stamps tell. */
  readonly client: string;
  readonly stamps: readonly string[];
  readonly resumes: readonly string[];
  /** Another user's, somehow got. */
  readonly foreign: readonly string[];
  tick(): string;
  /** The number of his next transaction, and an earlier transaction as it was sent. */
  readonly next: number;
  readonly sent: readonly object[];
}

/** A message, and how many transactions of his it counts as if it is taken. */
export interface Attack {
  readonly kind: string;
  readonly text: string;
  readonly transactions: readonly object[];
}

const NAMES = SCHEMA.classes.flatMap(({ properties }) => properties.map(({ name }) => name));
const TASK = SCHEMA.classes[0]?.properties.map(({ name }) => name) ?? [];
const KEYS = [...SEEN, ...SEEN, ...OUT_OF_SIGHT, ...UNUSED];
const FAR = ["0000000000010000", "ffffffffffffffff", "00fffffffffff000"];
const ODD: JsonWords["values"] = [
  null, true, 0, -1, 1, 7, 0.5, 2 ** 53, "", "x", "everybody", "ann", "root", "\0", "'", "\\", "\ud83d\ude00", "a".repeat(300),
  { $int: "9223372036854775807" }, { $double: "NaN" }, { $date: 8.64e15 }, { $date: -1 }, { $data: "AAE=" }, { $decimal: "1E+3" }, { $oid: "0123456789abcdef01234567" }, { $uuid: "00000000-0000-4000-8000-000000000000" }, { $link: ["Task", "r0"] }, { $link: ["Closed", "c"] }, { $new: "list" }, { $new: "dict" }, { $new: "object" }, [], {},
];
/** Those of them that a value may be, and that a key may be. */
const VALUES = ODD.filter((value) => value !== 2 ** 53 && (typeof value !== "object" || value === null || (!Array.isArray(value) && Object.keys(value).length === 1)));
const ODD_KEYS = [null, 0, -1, "", "\0", "a".repeat(300), { $oid: "0123456789abcdef01234567" }, { $uuid: "00000000-0000-4000-8000-000000000000" }, { $int: "9223372036854775807" }];
const ALL = ["Task", "Own", "Closed"].map((type) => ({ type, query: "TRUEPREDICATE" }));
const WORDS: JsonWords = { names: ["msg", "txs", "ops", "cseq", "type", "pk", "h", "id", "g", "path", "do", "act", "at", "box", "seen", "value", "values", "origin", "side", "elements", "element", "by", "fresh", "isDefault", "base", "newest", "acked", "resume", "basis", "token", "client", "epoch", "schema", "queries", "version", "__proto__", "constructor", ...NAMES], values: ODD };

/** The next message. */
export function nextAttack(random: Random, known: Knowledge): Attack {
  const attack = plainAttack(random, known);
  if (!random.oneIn(14)) return attack;
  if (random.oneIn(12)) return { kind: "garbage", text: random.pick(["", "{", "[]", "null", '{"msg":"nothing"}', `${"[".repeat(2000)}`, "\0", '{"msg":"hello"}', attack.text.slice(0, random.below(attack.text.length))]), transactions: [] };
  return { ...attack, kind: `${attack.kind}, spoilt`, text: new TextDecoder().decode(mutateJson(new TextEncoder().encode(attack.text), random, WORDS)) };
}

/** A hello, mostly an honest one. */
export function helloFields(random: Random, known: Knowledge, epoch: string): object {
  const own = known.client === "" || random.oneIn(4) ? {} : { client: known.client, epoch, acked: random.below(known.next) };
  return random.oneIn(3) ? own : random.pick<object>([own, own, own, own, own, own, own, own, { ...own, client: known.stamps.at(-1)?.slice(16) ?? "00000000000000ff", epoch }, { ...own, epoch: "another" }, { ...own, schema: { classes: SCHEMA.classes.slice(random.below(4)) } }]);
}

function plainAttack(random: Random, known: Knowledge): Attack {
  const message = (kind: string, fields: object, transactions: readonly object[] = []): Attack => ({ kind, text: JSON.stringify({ msg: kind, ...fields }), transactions });
  const kind = random.below(100);
  if (kind < 62) return upload(random, known);
  if (kind < 80) return message("sub", { version: 1 + random.below(1000), queries: random.oneIn(2) ? ALL : Array.from({ length: random.below(4) }, () => ({ type: random.pick(["Task", "Task", "Task", "Own", "Closed", "Event", "Place", "Nothing"]), query: query(random) })), ...(random.oneIn(3) ? { resume: resumeText(random, known) } : {}) });
  if (kind < 85) return message("mark", { id: random.below(1000) });
  if (kind < 93) return message("ping", random.oneIn(2) ? { basis: resumeText(random, known) } : {});
  if (kind < 98 || random.oneIn(3)) return message("auth", { token: random.pick([...Array.from({ length: 12 }, () => tokenOf(known.user)), tokenOf("root"), "expired:ann", "forged", ""]) });
  return message("hello", { protocol: [1, 1], schema: SCHEMA, token: tokenOf(known.user) });
}

function resumeText(random: Random, { resumes, foreign }: Knowledge): string {
  return random.oneIn(25) || resumes.length === 0 ? random.pick([...foreign, "AAAA"]) : random.pick(resumes);
}

function upload(random: Random, known: Knowledge): Attack {
  if (random.oneIn(25) && known.sent.length > 0) return { kind: "up", text: JSON.stringify({ msg: "up", txs: [random.pick(known.sent)] }), transactions: [] };
  const first = random.oneIn(60) ? known.next + random.below(3) : known.next;
  const transactions = Array.from({ length: 1 + (random.oneIn(4) ? random.below(4) : 0) }, (_, index) => ({ cseq: first + index, ops: operations(random, known), ...(random.oneIn(4) && known.resumes.length > 0 ? { base: random.pick(known.resumes) } : {}) }));
  const newest = random.oneIn(3) ? { newest: stamp(random, known) } : {};
  return { kind: "up", text: JSON.stringify({ msg: "up", txs: transactions, ...newest }), transactions };
}

function operations(random: Random, known: Knowledge): readonly object[] {
  return Array.from({ length: 1 + random.below(5) }, () => operation(random, known));
}

function stamp(random: Random, { stamps, client }: Knowledge): string {
  return random.oneIn(8) || stamps.length === 0 ? `${random.pick(FAR)}${client === "" ? "00000000000000aa" : client}` : random.pick(stamps);
}

function operation(random: Random, known: Knowledge): object {
  const type = random.oneIn(100) ? random.pick(["Place", "Nothing"]) : random.pick(["Task", "Task", "Task", "Task", "Task", "Task", "Own", "Own", "Own", "Closed", "Event"]);
  const pk = random.oneIn(60) ? random.pick(ODD_KEYS) : random.oneIn(4) ? `mine ${String(random.below(8))} ${known.user}` : random.pick(KEYS);
  const own = known.tick();
  // Clocks far ahead and far behind.
  const h = random.oneIn(40) ? `${random.pick(FAR)}${known.client}` : random.oneIn(400) ? stamp(random, known) : own;
  const base = { type, pk, h, ...(random.oneIn(6) ? { g: stamp(random, known) } : {}) };
  const field = fieldOf(random, type);
  if (type === "Event" || random.oneIn(3)) return { ...base, path: [], do: { act: random.pick(["create", "create", "delete"]) } };
  if (field === "owner") return { ...base, path: [field], do: { act: "set", value: random.pick([known.user, known.user, "root", null]) } };
  return { ...base, ...(random.oneIn(30) ? anywhere(random, known, field) : fitting(random, known, { type, name: field })) };
}

function fieldOf(random: Random, type: string): string {
  if (random.oneIn(60)) return random.pick(NAMES);
  if (type === "Own") return random.pick(["owner", "text", "friend"]);
  if (type === "Closed") return "text";
  return random.oneIn(6) ? random.pick(HIDDEN) : random.pick(TASK.slice(1));
}

/** What a field can take, by its kind. */
function fitting(random: Random, known: Knowledge, { type, name }: { readonly type: string; readonly name: string }): object {
  const property = SCHEMA.classes.find((each) => each.name === type)?.properties.find((each) => each.name === name);
  const seen = random.oneIn(5) ? { seen: stamp(random, known) } : {};
  const element = (): string => `${stamp(random, known)}${random.oneIn(4) ? `.${String(1 + random.below(3))}` : ""}`;
  const scalar = property?.type === "int" ? random.below(9) : random.pick(["one", "two", "everybody", "x"]);
  switch (property?.collection) {
    case "list":
      return { path: [{ at: name, box: "list", ...seen }], do: random.pick<object>([{ act: "insert", values: [scalar] }, { act: "insert", values: [scalar, scalar], origin: element(), side: "left" }, { act: "insert", values: [scalar], origin: element() }, { act: "remove", elements: [element()] }, { act: "move", element: element(), origin: element() }, { act: "clear" }]) };
    case "set":
      return { path: [{ at: name, box: "set", ...seen }], do: random.pick<object>([{ act: "add", value: scalar }, { act: "drop", value: scalar }, { act: "clear" }]) };
    case "dict":
      return random.oneIn(5) ? { path: [{ at: name, box: "dict", ...seen }], do: { act: "clear" } } : { path: [{ at: name, box: "dict", ...seen }, random.pick(["k", "", "__proto__", "x"])], do: random.pick<object>([{ act: "set", value: scalar }, { act: "unset" }]) };
    default:
      switch (property?.type) {
        case "mixed":
          return random.oneIn(2) ? { path: [name], do: { act: "set", ...(random.oneIn(2) ? { value: random.pick(VALUES) } : { value: { $new: random.pick(["list", "dict"]) }, ...(random.oneIn(3) ? { fresh: true } : {}) }) } } : random.oneIn(2) ? { path: [{ at: name, box: "list", ...seen }], do: { act: "insert", values: [random.pick(VALUES)] } } : { path: [{ at: name, box: "dict", ...seen }, "k"], do: { act: "set", value: random.pick(VALUES) } };
        case "int":
          return { path: [name], do: random.oneIn(2) && name === "count" ? { act: "inc", by: random.below(100) } : { act: "set", value: random.below(9) } };
        case "bool":
          return { path: [name], do: { act: "set", value: random.oneIn(2) } };
        case "object":
          if (name === "place") return random.oneIn(2) ? { path: [name], do: { act: "set", value: { $new: "object" }, fresh: true } } : { path: [{ at: name, box: "object", ...seen }, "street"], do: { act: "set", value: scalar } };
          return { path: [name], do: { act: "set", value: random.oneIn(6) ? null : { $link: [random.oneIn(20) ? "Closed" : "Task", random.pick(KEYS)] } } };
        case "date":
          return { path: [name], do: { act: "set", value: { $date: random.pick([0, 8.64e15, -8.64e15, 1e12]) } } };
        default:
          return { path: [name], do: { act: "set", value: random.pick([scalar, null]), ...(random.oneIn(10) ? { isDefault: true } : {}) } };
      }
  }
}

/** Any action at any place. */
function anywhere(random: Random, known: Knowledge, name: string): object {
  const steps = Array.from({ length: 1 + random.below(3) }, () => ({ at: random.oneIn(2) ? name : stamp(random, known), box: random.pick(["list", "set", "dict", "object"]) }));
  const path = [{ at: name, box: random.pick(["list", "set", "dict", "object"]) }, ...steps.slice(1), ...(random.oneIn(2) ? [random.pick(NAMES)] : [])];
  return { path, do: random.pick<object>([{ act: "set", value: random.pick(VALUES) }, { act: "inc", by: 1 }, { act: "unset" }, { act: "insert", values: [random.pick(VALUES)] }, { act: "remove", elements: [stamp(random, known)] }, { act: "move", element: stamp(random, known), origin: stamp(random, known) }, { act: "add", value: random.pick(VALUES) }, { act: "drop", value: random.pick(VALUES) }, { act: "clear" }]) };
}

const TAILS = ["", "", "", " SORT(secret ASC)", " SORT(title DESC) LIMIT(1)", " DISTINCT(salary)", " LIMIT(0)"];

function query(random: Random): string {
  if (random.oneIn(4)) return "TRUEPREDICATE";
  return `${condition(random, 3)}${random.pick(TAILS)}`;
}

function condition(random: Random, depth: number): string {
  if (depth > 0 && random.oneIn(3)) {
    const [left, right] = [condition(random, depth - 1), condition(random, depth - 1)];
    return random.pick([`(${left} AND ${right})`, `(${left} OR ${right})`, `NOT (${left})`, `!(${left})`]);
  }
  const field = random.oneIn(3) ? random.pick(HIDDEN) : random.pick(TASK);
  const letter = String.fromCharCode(97 + random.below(26));
  const constant = random.pick(["'one'", "'everybody'", "''", "null", "true", "7", "-1", "0.5", "'ann'", `'${letter}'`, "{'one', 'two'}", "{0, 9}", "oid(0123456789abcdef01234567)", "2020-01-01@00:00:00", "B64\"AAE=\"", "%%user.id", "%%user.custom_data.about", "$0", "'"]);
  return random.pick([
    `${field} == ${constant}`, `${field} != ${constant}`, `${field} ${random.pick(["<", ">=", "BEGINSWITH", "ENDSWITH[c]", "CONTAINS", "LIKE", "IN", "BETWEEN"])} ${constant}`, `${field} LIKE '${letter}*'`, `${field} BEGINSWITH '${letter}'`,
    `ANY ${field} == ${constant}`, `NONE ${field} CONTAINS '${letter}'`, `ALL ${field} != ${constant}`, `${field}.@count > ${String(random.below(3))}`, `${field}.@size == 0`, `${field}.@max > 1`, `${field} == ${random.pick(TASK)}`, `friend.${field} == ${constant}`, `place.street == ${constant}`, `words['k'] == ${constant}`, `inner.${letter} == 1`,
    "@links.@count > 0", `SUBQUERY(${field}, $x, $x == '${letter}').@count > 0`, `${field}.@type == 'string'`, "FALSEPREDICATE", `'${letter}' IN ${field}`, `${field} ==[c] '${letter}'`, "owner == 'ann'", "done == true OR count > 1",
  ]);
}
