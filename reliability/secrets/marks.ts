/**
 * What is searched for: words that stand for an application's data and names, and a key in every form that it might leak in.
 *
 * @module
 */

/** Words that no library, path or program of ours contains: values, class and property names, and a search text. */
export const WORDS: readonly string[] = ["Quetzalword", "PlatypusClass", "okapiProperty", "axolotlValue", "narwhalKey", "pangolinBytes"];

/** Every way in which bytes of the key, or of one half, may be written down. */
export interface KeyForm {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Bytes of a text, and of the same text as UTF-16. */
export function wordForms(word: string): KeyForm[] {
  return [
    { name: `${word} (UTF-8)`, bytes: new TextEncoder().encode(word) },
    { name: `${word} (UTF-16)`, bytes: new Uint8Array(Uint16Array.from(word, (letter) => letter.charCodeAt(0)).buffer) },
  ];
}

/** Raw: the whole, each half, and each quarter, which also finds pieces of it. */
export function rawKeyForms(key: Uint8Array): KeyForm[] {
  const quarters = [0, 16, 32, 48].map((from) => ({ name: `raw bytes ${from} to ${from + 15}`, bytes: key.slice(from, from + 16) }));
  const mac = key.slice(32, 64);
  // The pads of HMAC (RFC 2104) are the key for everybody who knows the constant.
  const pads = [0x36, 0x5c].map((pad) => ({ name: `MAC half under pad ${pad.toString(16)}`, bytes: mac.slice(0, 16).map((byte) => byte ^ pad) }));
  return [...quarters, ...pads];
}

/** As text: hex, base64 and lists of numbers, of both halves. Eight bytes in a row are enough to be found. */
export function textKeyForms(key: Uint8Array): KeyForm[] {
  return [0, 32].flatMap((from) => {
    const half = key.slice(from, from + 32);
    const hex = Array.from(half, (byte) => byte.toString(16).padStart(2, "0"));
    const pieces = [
      ["hex", hex.slice(0, 8).join("")],
      ["hex in capitals", hex.slice(0, 8).join("").toUpperCase()],
      ["hex with spaces", hex.slice(0, 8).join(" ")],
      ["a decimal list", [...half.slice(0, 8)].join(",")],
      ["a decimal list with spaces", [...half.slice(0, 8)].join(", ")],
      ["JSON of an array of bytes", [...half.slice(0, 8)].map((byte, index) => `"${from + index}":${byte}`).join(",")],
      ["base64", base64(key).slice(from === 0 ? 0 : 43, from === 0 ? 12 : 55)],
      ["base64 of a half", base64(half).slice(0, 12)],
    ] as const;
    return pieces.map(([name, text]) => ({ name: `bytes ${from}.. as ${name}`, bytes: new TextEncoder().encode(text) }));
  });
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Every form. */
export function keyForms(key: Uint8Array): KeyForm[] {
  return [...rawKeyForms(key), ...textKeyForms(key)];
}

/** The names of the forms that occur in a text. */
export function formsIn(text: string, forms: readonly KeyForm[]): string[] {
  const decoder = new TextDecoder("latin1");
  // Lists are printed in columns.
  const squeezed = text.replaceAll(/\s+/gu, " ");
  return forms.filter(({ bytes }) => text.includes(decoder.decode(bytes)) || squeezed.includes(decoder.decode(bytes))).map(({ name }) => name);
}

/** The published test key that errors and inspections are provoked with. */
export const RECOGNISABLE_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 171) & 0xff);
