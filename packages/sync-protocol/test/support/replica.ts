/**
 * A replica of one object: what a device, or the server, has of it.
 *
 * @module
 */
import {
  applyOperation,
  applyOperations,
  completed,
  HybridClock,
  materialise,
  operationsBetween,
  type Action,
  type Intent,
  type ObjectState,
  type Operation,
  type PathStep,
  type PlainObject,
  type SyncSchema,
} from "../../src/index.ts";
import { THINGS } from "./things.ts";

/** Options of a replica; the time stands still unless it is set. */
export interface ReplicaOptions {
  readonly number: number;
  readonly schema?: SyncSchema;
  readonly type?: string;
}

/** One replica. */
export class Replica {
  readonly clock: HybridClock;
  readonly schema: SyncSchema;
  readonly type: string;
  state: ObjectState | undefined;
  timeMs = 1000;
  /** Up to where deleted objects have been forgotten here. */
  forgotten: string | undefined;
  /** What was written here. */
  readonly written: Operation[] = [];

  constructor({ number, schema = THINGS, type = "Thing" }: ReplicaOptions) {
    this.clock = new HybridClock({ replica: number.toString(16).padStart(16, "0"), now: () => this.timeMs });
    this.schema = schema;
    this.type = type;
  }

  /** Writes one operation. */
  write(path: readonly PathStep[], action: Action): Operation {
    const operation: Operation = { type: this.type, pk: 1, h: this.clock.tick(), ...(this.state?.d === undefined ? {} : { g: this.state.d }), path, do: action };
    this.#keep([operation]);
    return operation;
  }

  /** Makes the object look like this. */
  become(wanted: PlainObject | undefined, intents?: Readonly<Record<string, Intent>>): Operation[] {
    const operations = operationsBetween(this.state, wanted, { schema: this.schema, clock: this.clock, type: this.type, pk: 1, ...(intents === undefined ? {} : { intents }), ...(this.forgotten === undefined ? {} : { forgotten: this.forgotten }) });
    this.#keep(operations);
    return operations;
  }

  /** Takes what others wrote, one by one or as a batch. */
  receive(operations: readonly Operation[], isBatch = false): void {
    for (const operation of operations) this.clock.observe(operation.h);
    if (isBatch) this.state = applyOperations(this.state, operations);
    else for (const operation of operations) this.state = applyOperation(this.state, operation);
  }

  /** What the application sees, with every property; undefined: nothing. */
  shown(): PlainObject | undefined {
    const plain = materialise(this.state);
    return plain === undefined ? undefined : completed(plain, this.schema, this.type);
  }

  #keep(operations: readonly Operation[]): void {
    this.state = applyOperations(this.state, operations);
    this.written.push(...operations);
  }
}

/** All replicas get what all of them wrote, each in another order. */
export function exchange(replicas: readonly Replica[]): void {
  const all = replicas.flatMap((replica) => replica.written);
  for (const [index, replica] of replicas.entries()) replica.receive(index % 2 === 0 ? all : all.toReversed());
}

/** A state as text in which the order of keys, which means nothing, is always the same. */
export function stateText(state: ObjectState | undefined): string {
  return JSON.stringify(state, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))) : value,
  );
}
