/**
 * States as text, and the large ones among them once more as what they were made of.
 *
 * A list of ten thousand elements is a text of nearly a megabyte: to read it and to find out how its positions hang together takes forty times
 * as long as a change of one element does. Who has just written such a state mostly reads it next, so the newest ones are remembered by their
 * texts. A text that another server or program has written is another text, and is read.
 *
 * @module
 */
import type { ObjectState } from "@holdfast/sync-protocol";

/** Shorter ones are read as fast as they are found. */
const LARGE = 8192;
const REMEMBERED_CHARACTERS = 16 * 1024 * 1024;

const remembered = new Map<string, ObjectState>();
let characters = 0;

/** The state that a text stands for. States are never changed in place, so several may have the same one. */
export function stateOfText(text: string): ObjectState {
  const known = text.length < LARGE ? undefined : remembered.get(text);
  return known ?? (JSON.parse(text) as ObjectState);
}

/** The text of a state. */
export function textOfState(state: ObjectState): string {
  const text = JSON.stringify(state);
  if (text.length >= LARGE && !remembered.has(text)) remember(text, state);
  return text;
}

function remember(text: string, state: ObjectState): void {
  remembered.set(text, state);
  characters += text.length;
  for (const oldest of remembered.keys()) {
    if (characters <= REMEMBERED_CHARACTERS) return;
    remembered.delete(oldest);
    characters -= oldest.length;
  }
}
