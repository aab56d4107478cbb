/**
 * Counters: integers that are changed by steps.
 *
 * @module
 */
import { RealmError, TypeAssertionError } from "../errors.ts";
import type { Field } from "../records/layout.ts";
import type { RowState } from "./context.ts";
import { writeField } from "./write-field.ts";

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** The live value of a counter property. */
export class Counter {
  readonly #state: RowState;
  readonly #field: Field;

  /** @internal */
  constructor(state: RowState, field: Field) {
    if (field === undefined) throw new RealmError("ARGUMENT_INVALID", "Illegal constructor: Counter cannot be constructed by an application.");
    this.#state = state;
    this.#field = field;
  }

  /** The current value. */
  get value(): number {
    return Number(this.#read());
  }

  /** Adds a number to the counter. */
  increment(by: number = 1): void {
    this.#add(by, "by", 1n);
  }

  /** Takes a number from the counter. */
  decrement(by: number = 1): void {
    this.#add(by, "by", -1n);
  }

  /** Sets the counter: what others did at the same time is lost; a step is not. */
  set(value: number): void {
    const next = BigInt(integerOf(value, "value"));
    this.#write(next);
    const { table, key, context } = this.#state;
    context.session.touched?.note(table, key).intents.set(this.#field.property.mapTo, "set");
  }

  #add(by: number, name: string, sign: bigint): void {
    const step = BigInt(integerOf(by, name)) * sign;
    this.#state.context.session.requireTransaction();
    this.#write(BigInt(this.#read()) + step);
  }

  #read(): number | bigint {
    if (!this.#state.tryRefresh()) throw new RealmError("OBJECT_INVALID", "Accessing object which has been invalidated or deleted");
    const value = this.#field.read(this.#state);
    if (value === null) throw new RealmError("OBJECT_INVALID", "The counter was reset to null: set its property to a number first.");
    return value as number | bigint;
  }

  #write(value: bigint): void {
    this.#state.context.session.requireTransaction();
    if (!this.#state.tryRefresh()) throw new RealmError("OBJECT_INVALID", "Accessing object which has been invalidated or deleted");
    const wrapped = value < INT_MIN || value > INT_MAX ? BigInt.asIntN(64, value) : value;
    const number = Number(wrapped);
    writeField(this.#state.table, this.#state.key, this.#field, Number.isSafeInteger(number) ? number : wrapped);
  }
}

function integerOf(value: unknown, name: string): number {
  if (typeof value !== "number") throw new TypeAssertionError("an integer", value, name);
  if (!Number.isInteger(value)) throw new TypeAssertionError("an integer", value, name).insteadOf("a decimal number");
  return value;
}
