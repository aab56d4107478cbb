/**
 * The way in: text from outside to messages that can be relied on.
 *
 * What these functions return holds nothing but what the protocol knows: fields that it does not know are left behind.
 *
 * @module
 */
import { parseFrame } from "./decode/frames.ts";
import { OperationReadings } from "./decode/operations.ts";
import { boolean, field, integerFrom, listOf, maybe, oneOf, record, refuse, textOf, type Json, type Reading } from "./decode/reading.ts";
import { SchemaReadings } from "./decode/schemas.ts";
import { StateReadings } from "./decode/states.ts";
import { stamp, ValueReadings } from "./decode/values.ts";
import { LIMITS, type Limits } from "./limits.ts";
import type { AckMessage, BootMessage, ClientMessage, DownMessage, HelloMessage, ObjectRow, Reject, ServerMessage, SubMessage, UploadedTransaction, UpMessage, WireSubscription } from "./messages.ts";
import type { ObjectState } from "./object-state.ts";
import type { Operation } from "./operation.ts";
import { ProtocolError } from "./protocol-error.ts";
import { isReplica } from "./stamp.ts";
import type { ObjectName, SyncSchema } from "./sync-schema.ts";

/**
 * Reads a client's message.
 *
 * @throws {ProtocolError} whatever is wrong with it; the frame is to be answered with an error and nothing of it used.
 */
export function decodeClientMessage(text: string, limits: Limits = LIMITS): ClientMessage {
  return readingsOf(limits).client(parseFrame(text, limits));
}

/** Reads a server's message; throws as {@link decodeClientMessage}. */
export function decodeServerMessage(text: string, limits: Limits = LIMITS): ServerMessage {
  return readingsOf(limits).server(parseFrame(text, limits));
}

/** Checks an operation that was parsed already, or stored; throws as {@link decodeClientMessage}. */
export function decodeOperation(value: unknown, limits: Limits = LIMITS): Operation {
  return readingsOf(limits).operations.operation(value);
}

/** Checks a state that was parsed already; throws as {@link decodeClientMessage}. */
export function decodeState(value: unknown, limits: Limits = LIMITS): ObjectState {
  return readingsOf(limits).states.state(value);
}

/** Checks a schema that was parsed already; throws as {@link decodeClientMessage}. */
export function decodeSchema(value: unknown, limits: Limits = LIMITS): SyncSchema {
  return readingsOf(limits).schemas.schema(value);
}

/** Writes a message. What is made of this package's types decodes again. */
export function encodeMessage(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message);
}

/**
 * The version that two ends speak: the newest that both know.
 *
 * @throws {ProtocolError} `PROTOCOL_UNSUPPORTED`
 */
export function negotiate(client: readonly [min: number, max: number], server: readonly [min: number, max: number]): number {
  const version = Math.min(client[1], server[1]);
  if (version < Math.max(client[0], server[0])) throw new ProtocolError("PROTOCOL_UNSUPPORTED", `no version in common: ${client.join(" to ")} and ${server.join(" to ")}`);
  return version;
}

const known = new WeakMap<Limits, MessageReadings>();

function readingsOf(limits: Limits): MessageReadings {
  const readings = known.get(limits) ?? new MessageReadings(limits);
  known.set(limits, readings);
  return readings;
}

const count = integerFrom(1);
const countOrNone = integerFrom(0);
const replica: Reading<string> = (value) => (isReplica(value) ? value : refuse("STAMP_INVALID", "expected a client id of 16 hexadecimal digits"));
const ACTIONS = ["warn", "retry", "stop", "refreshToken", "logOut", "reset", "resetWithoutRecovery", "migrate"] as const;

/** Readings of messages within limits. */
class MessageReadings {
  readonly #limits: Limits;
  readonly #values: ValueReadings;
  readonly operations: OperationReadings;
  readonly states: StateReadings;
  readonly schemas: SchemaReadings;
  readonly #token: Reading<string>;
  readonly #resume: Reading<string>;
  readonly #short: Reading<string>;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#values = new ValueReadings(limits);
    this.operations = new OperationReadings(this.#values, limits);
    this.states = new StateReadings(this.#values, this.operations, limits);
    this.schemas = new SchemaReadings(this.#values, limits);
    this.#token = textOf(limits.tokenLength);
    this.#resume = textOf(limits.resumeLength, 1);
    this.#short = textOf(limits.nameLength);
  }

  client(from: Json): ClientMessage {
    const msg = field(from, "msg", this.#short);
    switch (msg) {
      case "hello":
        return this.#hello(from);
      case "auth":
        return { msg, token: field(from, "token", this.#token) };
      case "up":
        return this.#up(from);
      case "sub":
        return this.#sub(from);
      case "mark":
        return { msg, id: field(from, "id", countOrNone) };
      case "ping":
        return { msg, ...maybe(from, "basis", this.#resume) };
      default:
        return refuse("MESSAGE_UNKNOWN", "no such message from a client");
    }
  }

  server(from: Json): ServerMessage {
    const msg = field(from, "msg", this.#short);
    switch (msg) {
      case "welcome":
        return {
          msg,
          protocol: field(from, "protocol", count),
          serverTime: field(from, "serverTime", countOrNone),
          client: field(from, "client", replica),
          lastCseq: field(from, "lastCseq", countOrNone),
          ...maybe(from, "former", countOrNone),
          epoch: field(from, "epoch", this.#short),
        };
      case "ack":
        return this.#ack(from);
      case "boot":
        return this.#boot(from);
      case "down":
        return this.#down(from);
      case "mark":
        return { msg, id: field(from, "id", countOrNone) };
      case "progress":
        return { msg, estimate: field(from, "estimate", fraction), ...maybe(from, "resume", this.#resume) };
      case "error":
        return {
          msg,
          code: field(from, "code", this.#short),
          action: field(from, "action", oneOf(ACTIONS)),
          message: field(from, "message", textOf(this.#limits.queryLength)),
          ...maybe(from, "retryMs", countOrNone),
        };
      case "pong":
        return { msg, serverTime: field(from, "serverTime", countOrNone), ...maybe(from, "floor", stamp) };
      default:
        return refuse("MESSAGE_UNKNOWN", "no such message from a server");
    }
  }

  #hello(from: Json): HelloMessage {
    const [min = 0, max = 0] = field(from, "protocol", listOf(count, 2, 2));
    if (min > max) return refuse("MESSAGE_MALFORMED", "the oldest version is newer than the newest");
    return {
      msg: "hello",
      protocol: [min, max],
      ...maybe(from, "client", replica),
      ...maybe(from, "former", replica),
      ...maybe(from, "epoch", this.#short),
      schema: field(from, "schema", this.schemas.schema),
      token: field(from, "token", this.#token),
      ...maybe(from, "acked", countOrNone),
    };
  }

  #up(from: Json): UpMessage {
    const txs = field(from, "txs", listOf(this.#transaction, this.#limits.transactionsPerFrame, 1));
    const first = txs[0]?.cseq ?? 0;
    if (txs.some(({ cseq }, index) => cseq !== first + index)) return refuse("MESSAGE_MALFORMED", "transactions are numbered without gaps");
    return { msg: "up", txs, ...maybe(from, "acked", countOrNone), ...maybe(from, "newest", stamp) };
  }

  readonly #transaction: Reading<UploadedTransaction> = (value) => {
    const from = record(value);
    return { cseq: field(from, "cseq", count), ...maybe(from, "base", this.#resume), ops: field(from, "ops", this.#ops) };
  };

  readonly #ops: Reading<Operation[]> = (value) => listOf(this.operations.operation, this.#limits.operationsPerTransaction)(value);

  #sub(from: Json): SubMessage {
    return { msg: "sub", version: field(from, "version", count), queries: field(from, "queries", listOf(this.#query, this.#limits.queries)), ...maybe(from, "resume", this.#resume) };
  }

  readonly #query: Reading<WireSubscription> = (value) => {
    const from = record(value);
    return { ...maybe(from, "name", this.#short), type: field(from, "type", this.#values.name), query: field(from, "query", textOf(this.#limits.queryLength, 1)) };
  };

  #ack(from: Json): AckMessage {
    return {
      msg: "ack",
      cseq: field(from, "cseq", countOrNone),
      ...maybe(from, "stamps", listOf(stampPair, Number.MAX_SAFE_INTEGER)),
      ...maybe(from, "rejects", listOf(this.#reject, Number.MAX_SAFE_INTEGER)),
      ...maybe(from, "seen", listOf((value) => ({ ...this.#name(record(value)), g: field(record(value), "g", stamp) }), Number.MAX_SAFE_INTEGER)),
    };
  }

  readonly #reject: Reading<Reject> = (value) => {
    const from = record(value);
    return { cseq: field(from, "cseq", count), ...this.#name(from), code: field(from, "code", this.#short), reason: field(from, "reason", textOf(this.#limits.queryLength)) };
  };

  #boot(from: Json): BootMessage {
    return {
      msg: "boot",
      version: field(from, "version", countOrNone),
      page: field(from, "page", countOrNone),
      rows: field(from, "rows", listOf(this.#row, this.#limits.rowsPerFrame)),
      last: field(from, "last", boolean),
      resume: field(from, "resume", this.#resume),
      ...maybe(from, "cseq", countOrNone),
    };
  }

  #down(from: Json): DownMessage {
    return {
      msg: "down",
      resume: field(from, "resume", this.#resume),
      txs: field(from, "txs", listOf((value) => ({ ops: field(record(value), "ops", this.#ops) }), this.#limits.transactionsPerFrame)),
      ...maybe(from, "rows", listOf(this.#row, this.#limits.rowsPerFrame)),
      ...maybe(from, "cseq", countOrNone),
      ...maybe(from, "out", listOf((value) => this.#name(record(value)), this.#limits.rowsPerFrame)),
    };
  }

  readonly #row: Reading<ObjectRow> = (value) => {
    const from = record(value);
    return { ...this.#name(from), state: field(from, "state", this.states.state) };
  };

  #name(from: Json): ObjectName {
    return { type: field(from, "type", this.#values.name), pk: field(from, "pk", this.#values.primaryKey) };
  }
}

function stampPair(value: unknown): readonly [string, string] {
  const [client = "", server = ""] = listOf(stamp, 2, 2)(value);
  return [client, server];
}

function fraction(value: unknown): number {
  return typeof value === "number" && value >= 0 && value <= 1 ? value : refuse("MESSAGE_MALFORMED", "expected a number from 0 to 1");
}
