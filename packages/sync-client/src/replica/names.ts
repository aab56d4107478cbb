/**
 * How objects are named in the replica's trees.
 *
 * @module
 */
import { keyText } from "@holdfast/sync-protocol";
import type { ObjectName, WireKey } from "@holdfast/sync-protocol";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const shared = new Uint8Array(64 * 1024);

/** Text that is equal for equal names: the class, a zero, and the key. Strings stand as they are, so that a long one stays short enough for a tree. */
export function nameText({ type, pk }: ObjectName): string {
  return `${type}\0${typeof pk === "string" ? `s${pk}` : keyText(pk)}`;
}

/** The name that a text stands for. */
export function parseName(text: string): ObjectName {
  const at = text.indexOf("\0");
  const key = text.slice(at + 1);
  return { type: text.slice(0, at), pk: key.startsWith("s") ? key.slice(1) : (JSON.parse(key) as WireKey) };
}

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes of a text for a moment: a view of a shared buffer, valid until the next call. */
export function viewOf(text: string): Uint8Array {
  return text.length * 3 > shared.length ? encoder.encode(text) : shared.subarray(0, encoder.encodeInto(text, shared).written);
}

/** Text of bytes. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A number as a key: ordered as numbers are. */
export function numberKey(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** The number that a key stands for. */
export function keyNumber(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
}

/** What all pairs with the same first text begin with. */
export function pairPrefix(first: string): Uint8Array {
  const bytes = bytesOf(first);
  return Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...bytes);
}

/** The name that the first text of a pair stands for. */
export function firstOfPair(key: Uint8Array): ObjectName {
  return parseName(textOf(key.subarray(2, 2 + (key[0] as number) * 256 + (key[1] as number))));
}

/** The second text of a pair. */
export function secondOfPair(key: Uint8Array, prefix: Uint8Array): string {
  return textOf(key.subarray(prefix.length));
}

/** Orders as trees do: less than 0 if the first one comes first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** True if a key begins with a prefix. */
export function hasPrefix(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && prefix.every((byte, index) => key[index] === byte);
}
