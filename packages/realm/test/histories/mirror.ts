/**
 * What an application would keep that believes its change sets: the old state with the changes applied.
 */
import type Realm from "../../src/index.ts";

/** Follows one ordered collection. */
export class ListMirror {
  readonly #read: () => readonly { readonly identity: string; readonly content: string }[];
  readonly title: string;
  #elements: readonly { readonly identity: string; readonly content: string }[] = [];
  #isInitial = true;
  /** What did not fit, in order. */
  readonly complaints: string[] = [];
  calls = 0;

  constructor(title: string, read: () => readonly { readonly identity: string; readonly content: string }[]) {
    this.title = title;
    this.#read = read;
  }

  readonly listener = (_collection: unknown, changes: Realm.CollectionChangeSet): void => {
    this.calls += 1;
    const now = this.#read();
    if (this.#isInitial) {
      this.#isInitial = false;
      if (changes.insertions.length + changes.deletions.length + changes.newModifications.length > 0) this.#complain("the first call has changes", changes, now);
    } else this.#apply(changes, now);
    this.#elements = now;
  };

  #apply(changes: Realm.CollectionChangeSet, now: readonly { readonly identity: string; readonly content: string }[]): void {
    const mirrored = [...this.#elements];
    for (const index of [...changes.deletions].toSorted((left, right) => right - left)) {
      if (index >= mirrored.length) this.#complain(`deletion ${index} is out of range`, changes, now);
      mirrored.splice(index, 1);
    }
    for (const index of [...changes.insertions].toSorted((left, right) => left - right)) {
      if (index >= now.length || index > mirrored.length) this.#complain(`insertion ${index} is out of range`, changes, now);
      else mirrored.splice(index, 0, now[index] as (typeof now)[number]);
    }
    if (changes.newModifications.length !== changes.oldModifications.length) this.#complain("old and new modifications differ in number", changes, now);
    for (const index of changes.newModifications) {
      if (index >= now.length) this.#complain(`modification ${index} is out of range`, changes, now);
      else mirrored[index] = now[index] as (typeof now)[number];
    }
    const [found, wanted] = [JSON.stringify(mirrored), JSON.stringify(now)];
    if (found !== wanted) this.#complain(`applied, the changes give ${found}`, changes, now);
    if (changes.insertions.length + changes.deletions.length + changes.newModifications.length === 0) this.#complain("called without a change", changes, now);
  }

  /** After all notifications: the mirror is the collection. */
  settle(): void {
    if (this.#isInitial) return;
    const now = this.#read();
    if (JSON.stringify(now) !== JSON.stringify(this.#elements)) this.complaints.push(`${this.title}: a change was not told: told ${JSON.stringify(this.#elements)}, there is ${JSON.stringify(now)}`);
    this.#elements = now;
  }

  #complain(what: string, changes: Realm.CollectionChangeSet, now: unknown): void {
    this.complaints.push(`${this.title}: ${what}; before ${JSON.stringify(this.#elements)}, changes ${JSON.stringify(changes)}, now ${JSON.stringify(now)}`);
  }
}

/** Follows one dictionary. */
export class DictionaryMirror {
  readonly title: string;
  readonly #read: () => Readonly<Record<string, string>>;
  #entries: Readonly<Record<string, string>> = {};
  #isInitial = true;
  readonly complaints: string[] = [];
  calls = 0;

  constructor(title: string, read: () => Readonly<Record<string, string>>) {
    this.title = title;
    this.#read = read;
  }

  readonly listener = (_dictionary: unknown, changes: Realm.DictionaryChangeSet): void => {
    this.calls += 1;
    const now = this.#read();
    if (!this.#isInitial) {
      const mirrored: Record<string, string> = { ...this.#entries };
      for (const key of changes.deletions) delete mirrored[key];
      for (const key of [...changes.insertions, ...changes.modifications]) mirrored[key] = now[key] ?? "missing";
      if (sorted(mirrored) !== sorted(now)) this.complaints.push(`${this.title}: applied, ${JSON.stringify(changes)} gives ${sorted(mirrored)}, there is ${sorted(now)}`);
    }
    this.#isInitial = false;
    this.#entries = now;
  };

  /** After all notifications: the mirror is the dictionary. */
  settle(): void {
    if (this.#isInitial) return;
    const now = this.#read();
    if (sorted(now) !== sorted(this.#entries)) this.complaints.push(`${this.title}: a change was not told: told ${sorted(this.#entries)}, there is ${sorted(now)}`);
    this.#entries = now;
  }
}

function sorted(entries: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(entries).toSorted());
}
