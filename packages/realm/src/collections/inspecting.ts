/**
 * How collections show themselves in consoles: a proxy's own target would show nothing.
 *
 * @module
 */
import { kindOf, stateOf } from "../objects/object-state.ts";

/** Node's and Bun's name of the method. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: unknown) => string;

/** Gives a collection's prototype the method that consoles look for. */
export function showAs(prototype: object, name: string): void {
  Object.defineProperty(prototype, INSPECT, {
    value: function (this: { isValid(): boolean } & Iterable<unknown>, depth: number, options: unknown, inspect?: Inspect): string {
      if (!this.isValid()) return `${name} [invalid]`;
      const elements = [...this];
      if (inspect === undefined || depth < 0) return `${name} (${elements.length})`;
      if (kindOf(this) === "dictionary") return `${name} ${inspect(Object.fromEntries(elements as [string, unknown][]), options)}`;
      // Links are named, not followed, beyond the first: two accessors of one object are not identical, so a cycle would have no end.
      const shown = elements.length > 100 ? elements.slice(0, 100) : elements;
      const texts = shown.map((element) => (stateOf(element) === undefined || depth > 0 ? inspect(element, options) : `[${stateOf(element)?.table.name}]`));
      if (elements.length === 0) return `${name} []`;
      return `${name} [ ${texts.join(", ")}${shown.length < elements.length ? `, ... ${elements.length - shown.length} more` : ""} ]`;
    },
    configurable: true,
    writable: true,
  });
}
