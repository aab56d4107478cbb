/**
 * Images: what an object looks like before and after a change, with every property of its class.
 *
 * @module
 */
import type { PlainValue, WireKey } from "@holdfast/sync-protocol";
import type { Scalar, ScalarType } from "../filters/filter.ts";
import type { ScalarReader } from "../filters/predicate.ts";
import { scalarOfWire } from "../schema/wire-scalar.ts";

/** Values by property, the primary key among them. */
export interface Image {
  readonly [property: string]: PlainValue;
}

/** How predicates read images. */
export const imageReader: ScalarReader<Image> = {
  scalar: (image, field, type) => scalarOfWire(image[field], type),
  elements: (image, field, type) => elementsOf(image[field], type),
};

function elementsOf(value: PlainValue | undefined, type: ScalarType): readonly Scalar[] {
  if (Array.isArray(value)) return (value as readonly PlainValue[]).map((element) => scalarOfWire(element, type));
  if (typeof value === "object" && value !== null && "$set" in value) return (value.$set as readonly PlainValue[]).map((element) => scalarOfWire(element, type));
  return [];
}

/** The values of `before` that `after` no longer has: with `after` they give `before` back. */
export function changedValues(before: Image, after: Image): Image {
  const changed: Record<string, PlainValue> = {};
  for (const [name, value] of Object.entries(before)) {
    const other = after[name];
    if (value !== other && (typeof value !== "object" || typeof other !== "object" || JSON.stringify(value) !== JSON.stringify(other))) changed[name] = value;
  }
  return changed;
}

/** What an image is called by in messages and maps. */
export interface Named {
  readonly type: string;
  readonly pk: WireKey;
}
