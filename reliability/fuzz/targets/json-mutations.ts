/**
 * Changes to JSON texts that keep them JSON: a value is exchanged, taken out, copied, or gets another name.
 *
 * @module
 */
import type { Random } from "../fuzzer/random.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What may stand in the texts. */
export interface JsonWords {
  readonly names: readonly string[];
  readonly values: readonly Json[];
}

interface Place {
  readonly holder: Json[] | { [name: string]: Json };
  readonly name: string | number;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** One or a few such changes. A text that is no JSON is replaced by one of the values. */
export function mutateJson(input: Uint8Array, random: Random, words: JsonWords): Uint8Array {
  let root: { root: Json };
  try {
    root = { root: JSON.parse(decoder.decode(input)) as Json };
  } catch {
    root = { root: fresh(random, words) };
  }
  const rounds = 1 + random.below(4);
  for (let i = 0; i < rounds; i++) change(root, random, words);
  return encoder.encode(JSON.stringify(root.root));
}

function change(root: { root: Json }, random: Random, words: JsonWords): void {
  const places = placesOf(root);
  const place = random.pick(places);
  const { holder, name } = place;
  const value = get(place);
  switch (random.below(7)) {
    case 0:
    case 1:
      set(place, fresh(random, words));
      break;
    case 2:
      set(place, copyOf(get(random.pick(places))));
      break;
    case 3:
      if (Array.isArray(holder)) holder.splice(name as number, 1);
      else if (holder !== root) Reflect.deleteProperty(holder, name);
      break;
    case 4:
      if (Array.isArray(value)) value.push(random.oneIn(2) && value.length > 0 ? copyOf(random.pick(value)) : fresh(random, words));
      else if (typeof value === "object" && value !== null) set({ holder: value, name: random.pick(words.names) }, fresh(random, words));
      else set(place, mutateScalar(value, random, words));
      break;
    case 5:
      if (holder !== root && !Array.isArray(holder)) {
        Reflect.deleteProperty(holder, name);
        set({ holder, name: random.pick(words.names) }, value);
      }
      break;
    default:
      set(place, mutateScalar(value, random, words));
  }
}

function mutateScalar(value: Json, random: Random, words: JsonWords): Json {
  if (typeof value === "string") {
    const at = random.below(value.length + 1);
    return value.slice(0, at) + random.pick(["?", "[]", "{}", "<>", "", "é", "\0", String(fresh(random, words)).slice(0, 20), value]) + value.slice(random.oneIn(2) ? at : at + 1);
  }
  if (typeof value === "number") return random.pick([value + 1, -value, value / 2, 2 ** 53]);
  return typeof value === "boolean" ? !value : fresh(random, words);
}

function fresh(random: Random, words: JsonWords): Json {
  return copyOf(random.oneIn(5) ? random.pick(words.names) : random.pick(words.values));
}

function placesOf(root: { root: Json }): Place[] {
  const places: Place[] = [{ holder: root, name: "root" }];
  const visit = (value: Json): void => {
    if (typeof value !== "object" || value === null) return;
    const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
    for (const name of names) {
      const place = { holder: value, name };
      places.push(place);
      visit(get(place));
    }
  };
  visit(root.root);
  return places;
}

function get({ holder, name }: Place): Json {
  return Reflect.get(holder, name) as Json;
}

/** Also under the name `__proto__`, as JSON.parse does. */
function set({ holder, name }: Place, value: Json): void {
  Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
}

function copyOf(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
