/**
 * The cases of conformance/vectors/sync/: frames that must be taken, many more that must be refused, and histories with what they show.
 *
 * `node --conditions=@holdfast/source packages/sync-protocol/test/vectors/write.ts` writes the files.
 *
 * @module
 */

/** A frame and what a reader must make of it. */
export interface FrameVector {
  readonly name: string;
  readonly about: string;
  readonly kind: "frame";
  /** Who sends it. */
  readonly from: "client" | "server";
  /** Limits lower than the usual ones. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly frame: string;
  readonly expect: { readonly taken: unknown } | { readonly refused: string; readonly place?: string };
}

/** Operations on one object, and what it shows once all have been applied, in whatever order. */
export interface MergeVector {
  readonly name: string;
  readonly about: string;
  readonly kind: "merge";
  readonly operations: readonly unknown[];
  /** null: the object is not there. */
  readonly shows: unknown;
}

/** A case. */
export type Vector = FrameVector | MergeVector;

const stamp = (ms: number, counter = 0, replica = 1): string => ms.toString(16).padStart(12, "0") + counter.toString(16).padStart(4, "0") + replica.toString(16).padStart(16, "0");
const H = stamp(1000);
const operation = (more: object = {}): object => ({ type: "Task", pk: 1, h: H, path: ["title"], do: { act: "set", value: "x" }, ...more });
const up = (...ops: readonly object[]): object => ({ msg: "up", txs: [{ cseq: 1, ops }] });
const setTo = (value: unknown): object => up(operation({ do: { act: "set", value } }));
const SCHEMA = { classes: [{ name: "Task", primaryKey: "id", properties: [{ name: "id", type: "int" }, { name: "title", type: "string", optional: true }] }] };
const HELLO = { msg: "hello", protocol: [1, 1], schema: SCHEMA, token: "t" };
const classOf = (more: object): object => ({ ...HELLO, schema: { classes: [{ ...SCHEMA.classes[0], ...more }] } });
const row = (state: object): object => ({ msg: "boot", version: 1, page: 0, rows: [{ type: "Task", pk: 1, state }], last: true, resume: "r" });
const listState = (positions: readonly object[]): object => row({ c: H, f: { tags: { b: { list: { p: positions } } } } });

type Given = object | string;
const text = (given: Given): string => (typeof given === "string" ? given : JSON.stringify(given));

function taken(name: string, about: string, given: Given, more: Partial<FrameVector> = {}): FrameVector {
  return { name: `taken-${name}`, about, kind: "frame", from: "client", frame: text(given), expect: { taken: JSON.parse(text(given)) as unknown }, ...more };
}

function server(name: string, about: string, given: Given): FrameVector {
  return taken(`server-${name}`, about, given, { from: "server" });
}

function refused(name: string, about: string, given: Given, expect: FrameVector["expect"], more: Partial<FrameVector> = {}): FrameVector {
  return { name: `refused-${name}`, about, kind: "frame", from: "client", frame: text(given), expect, ...more };
}

function no(code: string, place?: string): FrameVector["expect"] {
  return { refused: code, ...(place === undefined ? {} : { place }) };
}

const OP = "txs[0].ops[0]";
const VALUE = `${OP}.do.value`;

const TAKEN: readonly FrameVector[] = [
  taken("hello", "the first message of a client that has no id yet", HELLO),
  taken("hello-again", "of a client that was here before", { ...HELLO, protocol: [1, 3], client: "00000000000000ff", epoch: "e", acked: 7 }),
  taken("auth", "a fresh token", { msg: "auth", token: "t" }),
  taken("sub", "subscriptions, going on from where it was", { msg: "sub", version: 2, queries: [{ name: "mine", type: "Task", query: "owner == 'u'" }, { type: "Task", query: "TRUEPREDICATE" }], resume: "r" }),
  taken("mark", "a mark", { msg: "mark", id: 0 }),
  taken("ping", "a ping that says how far the client is", { msg: "ping", basis: "r" }),
  taken("up", "two transactions", { msg: "up", acked: 3, newest: stamp(7), txs: [{ cseq: 4, base: "r", ops: [operation()] }, { cseq: 5, ops: [] }] }),
  taken("unknown-field", "fields that the version does not know are left behind", '{"msg":"mark","id":1,"later":{"a":[1]}}', { expect: { taken: { msg: "mark", id: 1 } } }),
  taken("create-delete", "create and delete have an empty path", up(operation({ path: [], do: { act: "create" } }), operation({ path: [], do: { act: "delete" }, g: stamp(5) }))),
  taken("values", "a value of every type", up(...[null, true, "é\u0000\u{1F600}", 0, -5, 9007199254740991, 0.5, -1e-7, { $int: "9007199254740993" }, { $int: "-9223372036854775808" }, { $double: "1" }, { $double: "-0" }, { $double: "1e+300" }, { $double: "NaN" }, { $double: "Infinity" }, { $date: 0 }, { $date: -62135596800000 }, { $data: "" }, { $data: "AAE=" }, { $data: "/w==" }, { $decimal: "1.50" }, { $decimal: "-1E+3" }, { $decimal: "NaN" }, { $decimal: "-Infinity" }, { $decimal: "0E-6176" }, { $oid: "0123456789abcdef01234567" }, { $uuid: "01234567-89ab-cdef-0123-456789abcdef" }, { $link: ["Task", { $oid: "0123456789abcdef01234567" }] }, { $new: "list" }, { $new: "object" }].map((value) => operation({ do: { act: "set", value } })))),
  taken("keys", "a primary key of every type", up(...["", "k", 0, { $int: "-9007199254740993" }, { $oid: "0123456789abcdef01234567" }, { $uuid: "01234567-89ab-cdef-0123-456789abcdef" }, null].map((pk) => operation({ pk })))),
  taken("paths", "paths into containers of every kind", up(
    operation({ path: [{ at: "tags", box: "list" }], do: { act: "insert", values: ["a", { $new: "dict" }] } }),
    operation({ path: [{ at: "tags", box: "list", seen: stamp(3) }], do: { act: "insert", origin: `${stamp(9)}.12`, side: "left", values: [1] } }),
    operation({ path: [{ at: "tags", box: "list" }], do: { act: "move", element: stamp(9), origin: stamp(8) } }),
    operation({ path: [{ at: "tags", box: "list" }], do: { act: "remove", elements: [stamp(9), `${stamp(9)}.1`] } }),
    operation({ path: [{ at: "tags", box: "list" }], do: { act: "clear" } }),
    operation({ path: [{ at: "numbers", box: "set" }], do: { act: "add", value: 1 } }),
    operation({ path: [{ at: "numbers", box: "set" }], do: { act: "drop", value: { $double: "1" } } }),
    operation({ path: [{ at: "notes", box: "dict" }, ""], do: { act: "unset" } }),
    operation({ path: [{ at: "notes", box: "dict" }, { at: "__proto__", box: "list" }, { at: stamp(9), box: "object" }, "n"], do: { act: "inc", by: { $int: "9007199254740993" } } }),
    operation({ path: ["part"], do: { act: "set", value: { $new: "object" }, fresh: true } }),
    operation({ path: ["title"], do: { act: "set", value: null, isDefault: true } }),
  )),
  server("welcome", "the first message of a server", { msg: "welcome", protocol: 1, serverTime: 1800000000000, client: "00000000000000ff", lastCseq: 0, epoch: "e" }),
  server("ack", "with canonical stamps, rejects and deletes that the client could not know", { msg: "ack", cseq: 5, stamps: [[stamp(9), stamp(8, 0, 2)]], rejects: [{ cseq: 5, type: "Task", pk: 1, code: "WRITE_FORBIDDEN", reason: "no rule allows it" }], seen: [{ type: "Task", pk: 2, g: H }] }),
  server("boot", "a page of a bootstrap", row({ d: stamp(1), c: H, f: { title: { h: H, v: "x" }, hits: { n: { [H]: 1 } }, any: { h: H, x: 1, k: "list", b: { list: { g: H, p: [{ i: H, v: 1 }, { i: `${H}.1`, v: 2, r: stamp(2000) }, { i: stamp(1500), o: H, l: 1, t: stamp(1400), e: `${H}.2`, h: H, v: 3 }] } } }, set: { b: { set: { e: { "1": { h: H }, '"a"': { h: H, x: 1 } } } } }, part: { h: H, k: "object", b: { object: { f: {} }, dict: { g: H, f: { "": { h: H } } } } } } })),
  server("down", "operations, objects that entered view with what they have of the own, objects that left it", { msg: "down", resume: "r", txs: [{ ops: [operation({ id: stamp(99), h: stamp(98) })] }], rows: [{ type: "Task", pk: 3, state: { c: H } }], cseq: 7, out: [{ type: "Task", pk: 4 }] }),
  server("mark", "a mark comes back", { msg: "mark", id: 12 }),
  server("progress", "half of a download", { msg: "progress", estimate: 0.5, resume: "r" }),
  server("error", "an error that says when to come back", { msg: "error", code: "SERVER_BUSY", action: "retry", message: "busy", retryMs: 1000 }),
  server("pong", "a pong with a floor", { msg: "pong", serverTime: 1800000000000, floor: H }),
];

const FRAMES: readonly FrameVector[] = [
  refused("empty", "nothing", "", no("MESSAGE_MALFORMED")),
  refused("no-json", "no JSON", "{", no("MESSAGE_MALFORMED")),
  refused("array", "JSON, but no object", "[]", no("MESSAGE_MALFORMED")),
  refused("no-msg", "a message without a name", "{}", no("MESSAGE_MALFORMED", "msg")),
  refused("inherited-msg", "a name that only every object has", '{"msg":"constructor"}', no("MESSAGE_UNKNOWN")),
  refused("unknown-message", "a message that version 1 does not have", '{"msg":"query","id":1}', no("MESSAGE_UNKNOWN")),
  refused("wrong-direction", "a server's message from a client", { msg: "pong", serverTime: 1 }, no("MESSAGE_UNKNOWN")),
  refused("client-from-server", "a client's message from a server", HELLO, no("MESSAGE_UNKNOWN"), { from: "server" }),
  refused("too-long", "more bytes than the limit", { msg: "auth", token: "é".repeat(20) }, no("FRAME_TOO_LARGE"), { limits: { frameBytes: 60 } }),
  refused("too-deep", "more brackets than the limit, not even closed", '{"msg":"mark","x":[[[[[[[[', no("MESSAGE_TOO_DEEP"), { limits: { depth: 8 } }),
  refused("id-fraction", "a fraction as a number", { msg: "mark", id: 1.5 }, no("MESSAGE_MALFORMED", "id")),
  refused("id-negative", "a negative number", { msg: "mark", id: -1 }, no("MESSAGE_MALFORMED", "id")),
  refused("id-text", "a text as a number", { msg: "mark", id: "1" }, no("MESSAGE_MALFORMED", "id")),
  refused("id-large", "a number beyond 2^53", '{"msg":"mark","id":9007199254740993}', no("MESSAGE_MALFORMED", "id")),
  refused("token-missing", "no token", { ...HELLO, token: undefined }, no("MESSAGE_MALFORMED", "token")),
  refused("token-long", "a token longer than the limit", { msg: "auth", token: "ttttt" }, no("VALUE_TOO_LARGE", "token"), { limits: { tokenLength: 4 } }),
  refused("protocol-one", "one version instead of two", { ...HELLO, protocol: [1] }, no("MESSAGE_MALFORMED", "protocol")),
  refused("protocol-order", "versions the wrong way round", { ...HELLO, protocol: [2, 1] }, no("MESSAGE_MALFORMED")),
  refused("client-id", "an id that is none", { ...HELLO, client: "00000000000000FF" }, no("STAMP_INVALID", "client")),
  refused("class-twice", "a class that stands twice", { ...HELLO, schema: { classes: [SCHEMA.classes[0], SCHEMA.classes[0]] } }, no("SCHEMA_INVALID", "schema")),
  refused("class-without-key", "a class without a primary key", classOf({ primaryKey: undefined }), no("SCHEMA_INVALID", "schema.classes[0]")),
  refused("property-twice", "a property that stands twice", classOf({ properties: [{ name: "a", type: "int" }, { name: "a", type: "int" }] }), no("SCHEMA_INVALID", "schema.classes[0]")),
  refused("property-type", "a type that there is not", classOf({ properties: [{ name: "a", type: "any" }] }), no("MESSAGE_MALFORMED", "schema.classes[0].properties[0].type")),
  refused("link-nowhere", "a link to a class that is not there", classOf({ properties: [{ name: "a", type: "object", objectType: "Gone" }] }), no("SCHEMA_INVALID", "schema")),
  refused("counter-string", "a counter of strings", classOf({ properties: [{ name: "a", type: "string", counter: true }] }), no("SCHEMA_INVALID", "schema.classes[0]")),
  refused("optional-false", "a mark that is not true", classOf({ properties: [{ name: "a", type: "int", optional: false }] }), no("MESSAGE_MALFORMED", "schema.classes[0].properties[0].optional")),
  refused("query-empty", "a subscription without a query", { msg: "sub", version: 1, queries: [{ type: "Task", query: "" }] }, no("MESSAGE_MALFORMED", "queries[0].query")),
  refused("queries-many", "more subscriptions than the limit", { msg: "sub", version: 1, queries: [{ type: "A", query: "x" }, { type: "A", query: "x" }] }, no("TOO_MANY", "queries"), { limits: { queries: 1 } }),
  refused("up-empty", "no transaction", { msg: "up", txs: [] }, no("MESSAGE_MALFORMED", "txs")),
  refused("up-newest", "a newest stamp that is none", { msg: "up", txs: [{ cseq: 1, ops: [] }], newest: "" }, no("STAMP_INVALID", "newest")),
  refused("up-gap", "a gap between transactions", { msg: "up", txs: [{ cseq: 1, ops: [] }, { cseq: 3, ops: [] }] }, no("MESSAGE_MALFORMED")),
  refused("up-twice", "a transaction twice", { msg: "up", txs: [{ cseq: 1, ops: [] }, { cseq: 1, ops: [] }] }, no("MESSAGE_MALFORMED")),
  refused("cseq-zero", "transactions count from 1", { msg: "up", txs: [{ cseq: 0, ops: [] }] }, no("MESSAGE_MALFORMED", "txs[0].cseq")),
  refused("operations-many", "more operations than the limit", up(operation(), operation()), no("TOO_MANY", "txs[0].ops"), { limits: { operationsPerTransaction: 1 } }),
  refused("transactions-many", "more transactions than the limit", { msg: "up", txs: [{ cseq: 1, ops: [] }, { cseq: 2, ops: [] }] }, no("TOO_MANY", "txs"), { limits: { transactionsPerFrame: 1 } }),
];

const OPERATIONS: readonly FrameVector[] = [
  refused("type-empty", "a class without a name", up(operation({ type: "" })), no("MESSAGE_MALFORMED", `${OP}.type`)),
  refused("type-missing", "no class", up(operation({ type: undefined })), no("MESSAGE_MALFORMED", `${OP}.type`)),
  refused("name-long", "a name longer than the limit", up(operation({ type: "Tasks" })), no("VALUE_TOO_LARGE", `${OP}.type`), { limits: { nameLength: 4 } }),
  refused("key-missing", "no primary key", up(operation({ pk: undefined })), no("MESSAGE_MALFORMED", `${OP}.pk`)),
  refused("key-double", "a double as a key", up(operation({ pk: 0.5 })), no("VALUE_INVALID", `${OP}.pk`)),
  refused("key-date", "a date as a key", up(operation({ pk: { $date: 0 } })), no("VALUE_INVALID", `${OP}.pk`)),
  refused("key-bool", "a bool as a key", up(operation({ pk: true })), no("MESSAGE_MALFORMED", `${OP}.pk`)),
  refused("stamp-missing", "no stamp", up(operation({ h: undefined })), no("STAMP_INVALID", `${OP}.h`)),
  refused("stamp-short", "a stamp that is too short", up(operation({ h: H.slice(1) })), no("STAMP_INVALID", `${OP}.h`)),
  refused("stamp-upper", "a stamp in upper case", up(operation({ h: "A".repeat(32) })), no("STAMP_INVALID", `${OP}.h`)),
  refused("seen-never", "an empty stamp where one may be left out", up(operation({ g: "" })), no("STAMP_INVALID", `${OP}.g`)),
  refused("act-unknown", "an action that there is not", up(operation({ do: { act: "swap" } })), no("MESSAGE_MALFORMED", `${OP}.do.act`)),
  refused("act-missing", "no action", up(operation({ do: {} })), no("MESSAGE_MALFORMED", `${OP}.do.act`)),
  refused("set-nothing", "a set without a value", up(operation({ do: { act: "set" } })), no("MESSAGE_MALFORMED", VALUE)),
  refused("set-at-root", "a set of the object itself", up(operation({ path: [] })), no("OPERATION_INVALID", OP)),
  refused("create-inside", "a create inside an object", up(operation({ do: { act: "create" } })), no("OPERATION_INVALID", OP)),
  refused("path-behind-value", "a path that goes on behind a property", up(operation({ path: ["a", "b"] })), no("OPERATION_INVALID", OP)),
  refused("path-in-set", "a path into a set", up(operation({ path: [{ at: "a", box: "set" }, "1"] })), no("OPERATION_INVALID", OP)),
  refused("path-element", "an element that has no id", up(operation({ path: [{ at: "a", box: "list" }, "0"] })), no("OPERATION_INVALID", OP)),
  refused("path-empty-name", "a property without a name", up(operation({ path: [""] })), no("OPERATION_INVALID", OP)),
  refused("path-box", "a container that there is not", up(operation({ path: [{ at: "a", box: "array" }] })), no("MESSAGE_MALFORMED", `${OP}.path[0].box`)),
  refused("path-long", "more steps than the limit", up(operation({ path: [{ at: "a", box: "dict" }, { at: "b", box: "dict" }, "c"] })), no("TOO_MANY", `${OP}.path`), { limits: { pathSteps: 2 } }),
  refused("unset-property", "a property cannot be taken out", up(operation({ do: { act: "unset" } })), no("OPERATION_INVALID", OP)),
  refused("unset-element", "an element is removed, not unset", up(operation({ path: [{ at: "a", box: "list" }, H], do: { act: "unset" } })), no("OPERATION_INVALID", OP)),
  refused("insert-into-dict", "an insert into a dictionary", up(operation({ path: [{ at: "a", box: "dict" }], do: { act: "insert", values: [1] } })), no("OPERATION_INVALID", OP)),
  refused("insert-nothing", "an insert of nothing", up(operation({ path: [{ at: "a", box: "list" }], do: { act: "insert", values: [] } })), no("MESSAGE_MALFORMED", `${OP}.do.values`)),
  refused("insert-many", "an insert of more than the limit", up(operation({ path: [{ at: "a", box: "list" }], do: { act: "insert", values: [1, 2] } })), no("TOO_MANY", `${OP}.do.values`), { limits: { elementsPerOperation: 1 } }),
  refused("insert-left-of-list", "the list itself has no left side", up(operation({ path: [{ at: "a", box: "list" }], do: { act: "insert", side: "left", values: [1] } })), no("OPERATION_INVALID", `${OP}.do`)),
  refused("insert-right", "the right side is not named", up(operation({ path: [{ at: "a", box: "list" }], do: { act: "insert", origin: H, side: "right", values: [1] } })), no("MESSAGE_MALFORMED", `${OP}.do.side`)),
  refused("element-zero", "the first element of a run has no number", up(operation({ path: [{ at: "a", box: "list" }], do: { act: "remove", elements: [`${H}.0`] } })), no("OPERATION_INVALID", `${OP}.do.elements[0]`)),
  refused("remove-nothing", "a remove of nothing", up(operation({ path: [{ at: "a", box: "list" }], do: { act: "remove", elements: [] } })), no("MESSAGE_MALFORMED", `${OP}.do.elements`)),
  refused("add-to-list", "an add to a list", up(operation({ path: [{ at: "a", box: "list" }], do: { act: "add", value: 1 } })), no("OPERATION_INVALID", OP)),
  refused("add-container", "a container in a set", up(operation({ path: [{ at: "a", box: "set" }], do: { act: "add", value: { $new: "list" } } })), no("VALUE_INVALID", VALUE)),
  refused("clear-embedded", "an embedded object is not cleared", up(operation({ path: [{ at: "a", box: "object" }], do: { act: "clear" } })), no("OPERATION_INVALID", OP)),
  refused("new-set", "a set as a value", setTo({ $new: "set" }), no("MESSAGE_MALFORMED", VALUE)),
  refused("fresh-value", "a value cannot start anew", up(operation({ do: { act: "set", value: 1, fresh: true } })), no("OPERATION_INVALID", `${OP}.do`)),
  refused("inc-by-double", "an increment by a double", up(operation({ do: { act: "inc", by: 0.5 } })), no("VALUE_INVALID", `${OP}.do.by`)),
  refused("inc-by-null", "an increment by nothing", up(operation({ do: { act: "inc", by: null } })), no("VALUE_INVALID", `${OP}.do.by`)),
];

const VALUES: readonly FrameVector[] = [
  refused("value-array", "a list where a value belongs", setTo([]), no("MESSAGE_MALFORMED", VALUE)),
  refused("value-object", "an object without a tag", setTo({}), no("VALUE_INVALID", VALUE)),
  refused("value-two-tags", "two tags", setTo({ $date: 0, $int: "1" }), no("VALUE_INVALID", VALUE)),
  refused("value-unknown-tag", "a tag that there is not", setTo({ $regex: "a" }), no("VALUE_INVALID", VALUE)),
  refused("value-inherited-tag", "a tag that only every object has", setTo('{"$constructor":1}'), no("VALUE_INVALID", VALUE), { frame: JSON.stringify(setTo(0)).replace('"value":0', '"value":{"constructor":1}') }),
  refused("number-large", "an integer beyond 2^53 without its tag", JSON.stringify(setTo(0)).replace('"value":0', '"value":9007199254740993'), no("VALUE_INVALID", VALUE)),
  refused("number-minus-zero", "a minus zero without its tag", JSON.stringify(setTo(0)).replace('"value":0', '"value":-0'), no("VALUE_INVALID", VALUE)),
  refused("number-infinite", "a number that is infinite when it is read", JSON.stringify(setTo(0)).replace('"value":0', '"value":1e999'), no("VALUE_INVALID", VALUE)),
  refused("int-small", "a tagged int that needs no tag", setTo({ $int: "5" }), no("VALUE_INVALID", VALUE)),
  refused("int-edge", "the largest int that needs no tag", setTo({ $int: "9007199254740991" }), no("VALUE_INVALID", VALUE)),
  refused("int-large", "an int of more than 64 bits", setTo({ $int: "9223372036854775808" }), no("VALUE_INVALID", VALUE)),
  refused("int-zeros", "zeros in front of an int", setTo({ $int: "09007199254740993" }), no("VALUE_INVALID", VALUE)),
  refused("int-number", "a tagged int that is a number", setTo({ $int: 1 }), no("VALUE_INVALID", VALUE)),
  refused("double-fraction", "a tagged double that needs no tag", setTo({ $double: "0.5" }), no("VALUE_INVALID", VALUE)),
  refused("double-text", "another text of the same double", setTo({ $double: "1.0" }), no("VALUE_INVALID", VALUE)),
  refused("double-exponent", "another text of the same double", setTo({ $double: "1e300" }), no("VALUE_INVALID", VALUE)),
  refused("double-nan", "NaN in lower case", setTo({ $double: "nan" }), no("VALUE_INVALID", VALUE)),
  refused("double-empty", "no text at all", setTo({ $double: "" }), no("VALUE_INVALID", VALUE)),
  refused("date-fraction", "a part of a millisecond", setTo({ $date: 0.5 }), no("VALUE_INVALID", VALUE)),
  refused("date-far", "a date that JavaScript does not have", setTo({ $date: 8640000000000001 }), no("VALUE_INVALID", VALUE)),
  refused("date-text", "a date as text", setTo({ $date: "2026-11-21" }), no("VALUE_INVALID", VALUE)),
  refused("data-padding", "base64 without padding", setTo({ $data: "AAE" }), no("VALUE_INVALID", VALUE)),
  refused("data-bits", "bits behind the last byte", setTo({ $data: "AAF=" }), no("VALUE_INVALID", VALUE)),
  refused("data-bits-two", "bits behind the only byte", setTo({ $data: "AB==" }), no("VALUE_INVALID", VALUE)),
  refused("data-url", "base64 for addresses", setTo({ $data: "_w==" }), no("VALUE_INVALID", VALUE)),
  refused("data-space", "a line break in base64", setTo({ $data: "AAAA\nAAAA" }), no("VALUE_INVALID", VALUE)),
  refused("decimal-digits", "more than 34 digits", setTo({ $decimal: "1".repeat(35) }), no("VALUE_INVALID", VALUE)),
  refused("decimal-zeros", "a zero in front", setTo({ $decimal: "01" }), no("VALUE_INVALID", VALUE)),
  refused("decimal-exponent", "another text of the same decimal", setTo({ $decimal: "15E-1" }), no("VALUE_INVALID", VALUE)),
  refused("decimal-range", "an exponent out of range", setTo({ $decimal: "1E+6145" }), no("VALUE_INVALID", VALUE)),
  refused("decimal-nan", "a NaN with a sign", setTo({ $decimal: "-NaN" }), no("VALUE_INVALID", VALUE)),
  refused("oid-upper", "an objectId in upper case", setTo({ $oid: "0123456789ABCDEF01234567" }), no("VALUE_INVALID", VALUE)),
  refused("oid-short", "an objectId that is too short", setTo({ $oid: "0123" }), no("VALUE_INVALID", VALUE)),
  refused("uuid-upper", "a uuid in upper case", setTo({ $uuid: "01234567-89AB-CDEF-0123-456789ABCDEF" }), no("VALUE_INVALID", VALUE)),
  refused("uuid-plain", "a uuid without hyphens", setTo({ $uuid: "0123456789abcdef0123456789abcdef" }), no("VALUE_INVALID", VALUE)),
  refused("link-text", "a link that is a text", setTo({ $link: "Task" }), no("VALUE_INVALID", VALUE)),
  refused("link-three", "a link with three parts", setTo({ $link: ["Task", 1, 2] }), no("VALUE_INVALID", VALUE)),
  refused("link-key", "a link to a key that is none", setTo({ $link: ["Task", 0.5] }), no("VALUE_INVALID", VALUE)),
  refused("text-half", "half of a surrogate pair", JSON.stringify(setTo("?")).replace("?", "\\ud800"), no("VALUE_INVALID", VALUE)),
  refused("text-long", "a string longer than the limit", setTo("xxxxx"), no("VALUE_TOO_LARGE", VALUE), { limits: { valueLength: 4 } }),
  refused("data-long", "bytes longer than the limit", setTo({ $data: "AAAAAAAA" }), no("VALUE_TOO_LARGE", VALUE), { limits: { valueLength: 4 } }),
];

const STATES: readonly FrameVector[] = [
  refused("state-list", "a state that is a list", { ...row({}), rows: [{ type: "Task", pk: 1, state: [] }] }, no("MESSAGE_MALFORMED", "rows[0].state")),
  refused("state-stamp", "a stamp that is none", row({ c: "now" }), no("STAMP_INVALID", "rows[0].state.c")),
  refused("state-both", "a slot with a value and a container", row({ f: { a: { h: H, v: 1, k: "list" } } }), no("STATE_INVALID", "rows[0].state.f{}")),
  refused("state-increment", "an increment that is none", row({ f: { a: { n: { [H]: "1" } } } }), no("VALUE_INVALID", "rows[0].state.f{}.n{}")),
  refused("state-increment-stamp", "an increment without a stamp", row({ f: { a: { n: { x: 1 } } } }), no("STAMP_INVALID", "rows[0].state.f{}.n{}")),
  refused("state-set-text", "a value of a set in another text", row({ f: { a: { b: { set: { e: { "1.0": { h: H } } } } } } }), no("VALUE_INVALID", "rows[0].state.f{}.b.set.e{}")),
  refused("state-position-twice", "a position that stands twice", listState([{ i: H, v: 1 }, { i: H, v: 2 }]), no("STATE_INVALID", "rows[0].state.f{}.b.list")),
  refused("state-position-id", "a position without an id", listState([{ v: 1 }]), no("OPERATION_INVALID", "rows[0].state.f{}.b.list.p[0].i")),
  refused("state-moved-alive", "a position whose element has moved on, alive", listState([{ i: H, m: 1 }]), no("STATE_INVALID", "rows[0].state.f{}.b.list.p[0]")),
  refused("state-mark", "a mark that is not 1", listState([{ i: H, l: true, v: 1 }]), no("MESSAGE_MALFORMED", "rows[0].state.f{}.b.list.p[0].l")),
  refused("server-action", "an action that there is not", { msg: "error", code: "X", action: "explode", message: "" }, no("MESSAGE_MALFORMED", "action")),
  refused("server-estimate", "more than all of a download", { msg: "progress", estimate: 1.5 }, no("MESSAGE_MALFORMED", "estimate")),
  refused("server-stamps", "canonical stamps that are no pairs", { msg: "ack", cseq: 1, stamps: [[H]] }, no("MESSAGE_MALFORMED", "stamps[0]")),
  refused("server-resume", "no place to go on from", { ...row({}), resume: "" }, no("MESSAGE_MALFORMED", "resume")),
].map((vector) => ({ ...vector, from: "server" as const }));

const a = (ms: number, counter = 0): string => stamp(ms, counter, 1);
const b = (ms: number, counter = 0): string => stamp(ms, counter, 2);
const op = (h: string, path: readonly unknown[], action: object, more: object = {}): object => ({ type: "Task", pk: 1, h, path, do: action, ...more });
const CREATE = op(a(1), [], { act: "create" });
const LIST = [{ at: "tags", box: "list" }];
const set = (value: unknown, more: object = {}): object => ({ act: "set", value, ...more });
const insert = (values: readonly unknown[], more: object = {}): object => ({ act: "insert", values, ...more });

function merge(name: string, about: string, operations: readonly object[], shows: unknown): MergeVector {
  return { name: `merge-${name}`, about, kind: "merge", operations, shows };
}

const MERGES: readonly MergeVector[] = [
  merge("not-created", "an object that nobody has created is not there", [op(a(2), ["title"], set("x"))], null),
  merge("last-write", "the later stamp wins, whatever arrives last", [CREATE, op(b(20), ["title"], set("late")), op(a(10), ["title"], set("early"))], { title: "late" }),
  merge("same-millisecond", "counter, then replica tell stamps of one millisecond apart", [CREATE, op(b(10), ["title"], set("b")), op(a(10), ["title"], set("a")), op(a(11, 1), ["hits"], set(1)), op(b(11), ["hits"], set(2))], { title: "b", hits: 1 }),
  merge("default", "a default loses to an explicit value", [CREATE, op(a(10), ["title"], set("explicit")), op(b(90), ["title"], set("default", { isDefault: true }))], { title: "explicit" }),
  merge("counter", "increments later than the newest set add to it", [CREATE, op(a(10), ["hits"], { act: "inc", by: 2 }), op(b(20), ["hits"], set(100)), op(a(30), ["hits"], { act: "inc", by: 3 }), op(b(31), ["hits"], { act: "inc", by: -1 })], { hits: 102 }),
  merge("counter-under", "a set that comes late slides under increments", [CREATE, op(a(10), ["hits"], set(null)), op(a(30), ["hits"], { act: "inc", by: 1 }), op(b(20), ["hits"], set(10))], { hits: 11 }),
  merge("counter-text", "an increment of a string does nothing", [CREATE, op(a(10), ["any"], set("x")), op(b(20), ["any"], { act: "inc", by: 1 })], { any: "x" }),
  merge("counter-wraps", "64 bits, then around", [CREATE, op(a(10), ["hits"], set({ $int: "9223372036854775807" })), op(b(20), ["hits"], { act: "inc", by: 2 })], { hits: { $int: "-9223372036854775807" } }),
  merge("delete", "a delete wins over what had not seen it, however late", [CREATE, op(a(10), [], { act: "delete" }), op(b(90), ["title"], set("x"))], null),
  merge("re-create", "what was written by someone who had seen the delete lives", [CREATE, op(a(2), ["title"], set("old")), op(a(10), [], { act: "delete" }), op(b(20), [], { act: "create" }, { g: a(10) }), op(b(21), ["hits"], set(1), { g: a(10) })], { hits: 1 }),
  merge("two-deletes", "of two deletes with what came after them the later one counts", [CREATE, op(a(10), [], { act: "delete" }), op(a(11), [], { act: "create" }, { g: a(10) }), op(a(12), ["hits"], set(1), { g: a(10) }), op(b(20), [], { act: "delete" }), op(b(21), [], { act: "create" }, { g: b(20) }), op(b(22), ["hits"], set(2), { g: b(20) })], { hits: 2 }),
  merge("list-same-place", "of two inserts at one place the earlier is first", [CREATE, op(a(2), LIST, insert(["x"])), op(b(20), LIST, insert(["late"], { origin: a(2), side: "left" })), op(a(10), LIST, insert(["early"], { origin: a(2), side: "left" }))], { tags: ["early", "late", "x"] }),
  merge("list-runs", "runs stay together", [CREATE, op(a(10), LIST, insert([1, 2, 3])), op(b(5), LIST, insert([4, 5])), op(b(6), LIST, insert([6], { origin: `${b(5)}.1` })), op(a(11), LIST, insert([9], { origin: `${a(10)}.1`, side: "left" }))], { tags: [4, 5, 6, 1, 9, 2, 3] }),
  merge("list-clear", "a clear drops what had not seen it", [CREATE, op(a(2), LIST, insert([1])), op(a(10), LIST, { act: "clear" }), op(a(11), [{ at: "tags", box: "list", seen: a(10) }], insert([2])), op(b(90), LIST, insert([3], { origin: a(2) }))], { tags: [2] }),
  merge("list-move", "of two moves the later counts", [CREATE, op(a(2), LIST, insert(["a", "b", "c"])), op(a(10), LIST, { act: "move", element: `${a(2)}.2`, origin: a(2), side: "left" }), op(b(20), LIST, { act: "move", element: `${a(2)}.2`, origin: `${a(2)}.1`, side: "left" })], { tags: ["a", "c", "b"] }),
  merge("list-move-remove", "a remove wins over a move", [CREATE, op(a(2), LIST, insert(["a", "b"])), op(a(10), LIST, { act: "remove", elements: [`${a(2)}.1`] }), op(b(20), LIST, { act: "move", element: `${a(2)}.1`, origin: a(2), side: "left" })], { tags: ["a"] }),
  merge("list-moved-set", "an element that has moved keeps its id", [CREATE, op(a(2), LIST, insert(["a", "b"])), op(a(10), LIST, { act: "move", element: `${a(2)}.1`, origin: a(2), side: "left" }), op(b(20), [...LIST, `${a(2)}.1`], set("B"))], { tags: ["B", "a"] }),
  merge("canonical", "an operation with another stamp names what it makes by its first one", [CREATE, op(b(20), LIST, insert(["late"]), { id: a(9000) }), op(a(10), LIST, insert(["early"])), op(b(21), LIST, insert(["behind"], { origin: a(9000) }), { id: a(9001) })], { tags: ["early", "late", "behind"] }),
  merge("set", "the later of add and drop counts, value by value", [CREATE, op(a(10), [{ at: "numbers", box: "set" }], { act: "add", value: 1 }), op(b(20), [{ at: "numbers", box: "set" }], { act: "drop", value: 1 }), op(b(20, 1), [{ at: "numbers", box: "set" }], { act: "add", value: { $double: "1" } })], { numbers: { $set: [{ $double: "1" }] } }),
  merge("dict", "entry by entry, whatever their keys are called", [CREATE, op(a(10), [{ at: "notes", box: "dict" }, "__proto__"], set("p")), op(b(20), [{ at: "notes", box: "dict" }, "k"], set("b")), op(a(15), [{ at: "notes", box: "dict" }, "k"], { act: "unset" })], JSON.parse('{"notes":{"$dict":{"__proto__":"p","k":"b"}}}')),
  merge("embedded", "made on two sides it is one object", [CREATE, op(a(10), ["part"], set({ $new: "object" })), op(a(11), [{ at: "part", box: "object" }, "x"], set(1)), op(b(20), ["part"], set({ $new: "object" })), op(b(21), [{ at: "part", box: "object" }, "y"], set(2))], { part: { $object: { x: 1, y: 2 } } }),
  merge("embedded-replaced", "replacing one drops what had not seen that", [CREATE, op(a(10), ["part"], set({ $new: "object" })), op(a(20), ["part"], set({ $new: "object" }, { fresh: true })), op(a(21), [{ at: "part", box: "object", seen: a(20) }, "x"], set(2)), op(b(90), [{ at: "part", box: "object" }, "x"], set(9))], { part: { $object: { x: 2 } } }),
  merge("mixed", "list, dictionary and scalar: the later set wins, contents of the others do not show", [CREATE, op(a(10), ["any"], set({ $new: "list" })), op(a(11), [{ at: "any", box: "list" }], insert([1])), op(b(20), ["any"], set({ $new: "dict" })), op(b(21), [{ at: "any", box: "dict" }, "k"], set(1)), op(a(15), ["any"], set(5)), op(a(90), [{ at: "any", box: "list" }], insert([2]))], { any: { $dict: { k: 1 } } }),
  merge("nested", "containers in elements of lists", [CREATE, op(a(10), LIST, insert([{ $new: "dict" }])), op(a(11), [...LIST, { at: a(10), box: "dict" }, "k"], set(1)), op(b(20), [...LIST, { at: a(10), box: "dict" }, "l"], set(2))], { tags: [{ $dict: { k: 1, l: 2 } }] }),
];

/** All cases. */
export const VECTORS: readonly Vector[] = [...TAKEN, ...FRAMES, ...OPERATIONS, ...VALUES, ...STATES, ...MERGES];
