/**
 * States as text, and the large ones among them once more as what they were made of.
 *
 * A text is JSON of the state, or, where it has long lists, `P` and JSON of the packed state (packed-lists.ts). To read a list of ten thousand
 * elements and to find out how its positions hang together takes forty times as long as a change of one element does. Who has just
 * written such a state mostly reads it next, so the newest ones are remembered by their texts. A text that another server or program
 * has written is another text, and is read.
 *
 * @module
 */
import type { ObjectState } from "@holdfast/sync-protocol";
import { packState, unpackState } from "./packed-lists.ts";
import type { PackedState } from "./packed-lists.ts";

/** Before a packed state. JSON of a state begins with a brace. */
const PACKED = "P";
/** Shorter ones are read as fast as they are found. */
const LARGE = 8192;
/** What a position that was packed stands for, beside its value. */
const POSITION_CHARACTERS = 84;
const REMEMBERED_CHARACTERS = 16 * 1024 * 1024;

interface Remembered {
  readonly state: ObjectState;
  /** What its JSON would have: memory goes with that, however short the text is. */
  readonly characters: number;
}

const remembered = new Map<string, Remembered>();
let characters = 0;

/** The state that a text stands for. States are never changed in place, so several may have the same one. */
export function stateOfText(text: string): ObjectState {
  const isPacked = text.startsWith(PACKED);
  const known = text.length < LARGE && !isPacked ? undefined : remembered.get(text);
  if (known !== undefined) return known.state;
  return isPacked ? unpackState(JSON.parse(text.slice(PACKED.length)) as PackedState) : (JSON.parse(text) as ObjectState);
}

/** The text of a state. */
export function textOfState(state: ObjectState): string {
  const packing = packState(state);
  const text = packing === undefined ? JSON.stringify(state) : PACKED + JSON.stringify(packing.packed);
  const size = text.length + (packing?.count ?? 0) * POSITION_CHARACTERS;
  if (size >= LARGE && !remembered.has(text)) remember(text, { state, characters: size });
  return text;
}

/** JSON of the state that a text stands for, as it travels. */
export function jsonOfText(text: string): string {
  return text.startsWith(PACKED) ? JSON.stringify(stateOfText(text)) : text;
}

function remember(text: string, added: Remembered): void {
  remembered.set(text, added);
  characters += added.characters;
  for (const [oldest, { characters: freed }] of remembered) {
    if (characters <= REMEMBERED_CHARACTERS) return;
    remembered.delete(oldest);
    characters -= freed;
  }
}
