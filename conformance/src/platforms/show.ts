/**
 * What printing a value would show, for platforms without Node's `inspect`.
 *
 * @module
 */

/** Every own property, enumerable or not, as deep as said; bytes as numbers. */
export function show(value: unknown, depth: number, seen: Set<unknown>): string {
  if (ArrayBuffer.isView(value)) return `[${[...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)].join(", ")}]`;
  if (value instanceof ArrayBuffer) return show(new Uint8Array(value), depth, seen);
  if (typeof value !== "object" || value === null || depth === 0 || seen.has(value)) return typeof value === "function" ? "function" : String(value as string);
  seen.add(value);
  const parts = Reflect.ownKeys(value).map((name) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(value, name);
    return `${String(name)}: ${descriptor !== undefined && "value" in descriptor ? show(descriptor.value, depth - 1, seen) : "(getter)"}`;
  });
  const entries = value instanceof Map || value instanceof Set ? [...value].map((entry) => show(entry, depth - 1, seen)) : [];
  return `${value.constructor?.name ?? "object"} { ${[...parts, ...entries].join(", ")} }`;
}
