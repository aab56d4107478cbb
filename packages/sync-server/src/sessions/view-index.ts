/**
 * Which views show an object, without asking all of them.
 *
 * Most views are somebody's own: `owner == %%user.id`. They are found by the constant; those of which nothing has to be equal are asked one
 * by one. `view-index.test.ts` compares this with asking everybody.
 *
 * @module
 */
import { equalitiesOf, equalityKeyOf } from "../filters/equality.ts";
import type { Equality, EqualityKey } from "../filters/equality.ts";
import type { FilterField } from "../filters/filter.ts";
import { imageReader } from "../merge/image.ts";
import type { Image } from "../merge/image.ts";
import type { ClassView, View } from "./view.ts";

interface Indexed<Owner> {
  readonly owner: Owner;
  readonly shown: ClassView;
  /** Where it stands; undefined: among those that are always asked. */
  readonly equalities: readonly Equality[] | undefined;
}

interface FieldIndex<Owner> {
  readonly field: FilterField;
  readonly byKey: Map<EqualityKey, Set<Indexed<Owner>>>;
}

interface ClassIndex<Owner> {
  readonly always: Set<Indexed<Owner>>;
  readonly fields: Map<string, FieldIndex<Owner>>;
}

/** Views by what they demand. */
export class ViewIndex<Owner> {
  readonly #classes = new Map<string, ClassIndex<Owner>>();
  readonly #known = new Map<Owner, readonly Indexed<Owner>[]>();

  /** Adds a view under its owner, which has one only. */
  add(owner: Owner, view: View): void {
    const all = [...view.classes.values()].map((shown) => {
      const index = this.#classOf(shown.type);
      const entry = { owner, shown, equalities: equalitiesOf(shown.filter, (equality) => this.#bucket(index, equality)?.size ?? 0) };
      if (entry.equalities === undefined) index.always.add(entry);
      else for (const equality of entry.equalities) this.#bucketFor(index, equality).add(entry);
      return entry;
    });
    this.#known.set(owner, all);
  }

  /** Takes an owner's view out. */
  remove(owner: Owner): void {
    for (const entry of this.#known.get(owner) ?? []) {
      const index = this.#classOf(entry.shown.type);
      index.always.delete(entry);
      for (const equality of entry.equalities ?? []) {
        const bucket = this.#bucket(index, equality);
        bucket?.delete(entry);
        if (bucket?.size !== 0) continue;
        const field = index.fields.get(nameOf(equality.field));
        field?.byKey.delete(equality.key);
        if (field?.byKey.size === 0) index.fields.delete(nameOf(equality.field));
      }
    }
    this.#known.delete(owner);
  }

  /** Calls back with the owners of all views that show the object; with one that has several of its keys it may be more than once. */
  forEachShowing(type: string, image: Image, visit: (owner: Owner) => void, fail?: (owner: Owner, error: unknown) => void): void {
    const index = this.#classes.get(type);
    if (index === undefined) return;
    askEach(index.always, image, visit, fail);
    for (const { field, byKey } of index.fields.values()) {
      if (field.isCollection) for (const element of imageReader.elements(image, field.name, field.type)) ask(byKey, equalityKeyOf(element, field.type), image, visit, fail);
      else ask(byKey, equalityKeyOf(imageReader.scalar(image, field.name, field.type), field.type), image, visit, fail);
    }
  }

  #classOf(type: string): ClassIndex<Owner> {
    const known = this.#classes.get(type) ?? { always: new Set(), fields: new Map() };
    this.#classes.set(type, known);
    return known;
  }

  #bucket(index: ClassIndex<Owner>, { field, key }: Equality): Set<Indexed<Owner>> | undefined {
    return index.fields.get(nameOf(field))?.byKey.get(key);
  }

  #bucketFor(index: ClassIndex<Owner>, { field, key }: Equality): Set<Indexed<Owner>> {
    const fields = index.fields.get(nameOf(field)) ?? { field, byKey: new Map<EqualityKey, Set<Indexed<Owner>>>() };
    index.fields.set(nameOf(field), fields);
    const bucket = fields.byKey.get(key) ?? new Set<Indexed<Owner>>();
    fields.byKey.set(key, bucket);
    return bucket;
  }
}

function ask<Owner>(byKey: FieldIndex<Owner>["byKey"], key: EqualityKey | undefined, image: Image, visit: (owner: Owner) => void, fail?: (owner: Owner, error: unknown) => void): void {
  if (key !== undefined) askEach(byKey.get(key) ?? [], image, visit, fail);
}

/** A view that fails when it is asked takes nothing from the others, if there is somebody to tell of it. */
function askEach<Owner>(indexed: Iterable<Indexed<Owner>>, image: Image, visit: (owner: Owner) => void, fail?: (owner: Owner, error: unknown) => void): void {
  for (const { shown, owner } of indexed) {
    let isShown = false;
    try {
      isShown = shown.shows(image);
    } catch (error) {
      if (fail === undefined) throw error;
      fail(owner, error);
    }
    if (isShown) visit(owner);
  }
}

/** A field keeps its type for as long as the schema does; its name alone would do but for servers whose schema grows. */
function nameOf({ name, type, isCollection }: FilterField): string {
  return `${name} ${type}${isCollection ? "[]" : ""}`;
}
