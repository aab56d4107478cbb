/**
 * One object, found by its primary key, as React wants it: another accessor for each change, `null` while there is none.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { ElementCache, isChange } from "./element-cache.ts";
import type { CollectionChanges } from "./element-cache.ts";
import { keepListReadable, keepReadable } from "./kept-object.ts";
import type { AnyList, AnyObject, KeyPaths, ObjectType } from "./lists.ts";
import type { SnapshotSource } from "./snapshot-source.ts";

/** What makes a source. */
export interface ObjectSourceOptions {
  readonly realm: Realm;
  readonly type: ObjectType<unknown>;
  readonly primaryKey: unknown;
  readonly keyPaths?: KeyPaths | undefined;
}

/** The source of an object. */
export class ObjectSource implements SnapshotSource<AnyObject | null> {
  readonly #options: ObjectSourceOptions;
  readonly #lists = new Map<string, WatchedList>();
  #current: AnyObject | null;
  #versionRead: number;
  #onChange: (() => void) | undefined;
  #unwatch: () => void = () => undefined;

  constructor(options: ObjectSourceOptions) {
    this.#options = options;
    this.#versionRead = options.realm.isClosed ? 0 : options.realm._version();
    this.#current = this.#find();
  }

  readonly read = (): AnyObject | null => this.#current;

  readonly subscribe = (onChange: () => void): (() => void) => {
    const { realm } = this.#options;
    if (realm.isClosed) return () => undefined;
    this.#onChange = onChange;
    this.#watch();
    for (const list of this.#lists.values()) list.watch();
    this.#catchUp();
    return () => {
      this.#onChange = undefined;
      if (realm.isClosed) return;
      this.#unwatch();
      for (const list of this.#lists.values()) list.unwatch();
    };
  };

  #find(): AnyObject | null {
    const { realm, type, primaryKey } = this.#options;
    const object = realm.objectForPrimaryKey(type as string, primaryKey as string) as AnyObject | null;
    return object === null ? null : keepReadable(object, (name, list) => this.#listOf(name, list));
  }

  /** A list that a component reads keeps its elements' identities, and is watched as long as the component is there. */
  #listOf(name: string, list: AnyList): AnyList {
    if (list.type !== "object") return keepListReadable(list);
    const known = this.#lists.get(name);
    if (known?.isValid === true) return known.present();
    const watched = new WatchedList(this.#options.realm, list, () => this.#renew());
    this.#lists.set(name, watched);
    if (this.#onChange !== undefined) watched.watch();
    return watched.present();
  }

  /** What was committed between a render and the first call of a listener is in no change set. */
  #catchUp(): void {
    if (this.#options.realm._version() !== this.#versionRead) this.#renew();
  }

  #renew(): void {
    this.#versionRead = this.#options.realm._version();
    const wasThere = this.#current !== null;
    this.#current = this.#find();
    if (this.#onChange === undefined) return;
    if (wasThere !== (this.#current !== null)) {
      this.#unwatch();
      this.#watch();
    }
    this.#onChange();
  }

  #watch(): void {
    this.#unwatch = this.#current === null ? this.#watchForCreation() : this.#watchObject(this.#current);
  }

  #watchObject(object: AnyObject): () => void {
    let isFirst = true;
    const listener = (_object: unknown, changes: { deleted: boolean; changedProperties: readonly unknown[] }): void => {
      if (changes.deleted || changes.changedProperties.length > 0) this.#renew();
      else if (isFirst) this.#catchUp();
      isFirst = false;
    };
    object.addListener(listener as never, this.#options.keyPaths);
    return () => object.removeListener(listener as never);
  }

  /** A query for the one key: other objects of the class cost nothing. */
  #watchForCreation(): () => void {
    const { realm, type, primaryKey } = this.#options;
    const objects = realm.objects(type as string);
    const className = objects.objectType ?? "";
    const keyName = realm.schema.find((schema) => schema.name === className)?.primaryKey ?? "";
    const found = objects.filtered(`${keyName} == $0`, primaryKey);
    let isFirst = true;
    const listener = (_found: unknown, changes: CollectionChanges): void => {
      if (changes.insertions.length > 0) this.#renew();
      else if (isFirst) this.#catchUp();
      isFirst = false;
    };
    found.addListener(listener as never);
    return () => found.removeListener(listener as never);
  }
}

class WatchedList {
  readonly #realm: Realm;
  readonly #list: AnyList;
  readonly #elements: ElementCache;
  readonly #onChange: () => void;
  #isWatched = false;
  /** Until the listener's first call: the version since which there are no change sets. */
  #versionBefore: number | undefined;

  constructor(realm: Realm, list: AnyList, onChange: () => void) {
    this.#realm = realm;
    this.#list = list;
    this.#elements = new ElementCache(list);
    this.#onChange = onChange;
  }

  get isValid(): boolean {
    return this.#list.isValid();
  }

  present(): AnyList {
    return keepListReadable(this.#list, (index) => this.#elements.at(index));
  }

  watch(): void {
    if (this.#isWatched || !this.isValid) return;
    this.#isWatched = true;
    this.#versionBefore = this.#realm._version();
    this.#list.addListener(this.#listener as never);
  }

  unwatch(): void {
    if (!this.#isWatched) return;
    this.#isWatched = false;
    this.#list.removeListener(this.#listener as never);
  }

  readonly #listener = (_list: unknown, changes: CollectionChanges): void => {
    const isMissed = this.#versionBefore !== undefined && this.#versionBefore !== this.#realm._version();
    this.#versionBefore = undefined;
    if (isMissed) this.#elements.clear();
    else if (isChange(changes)) this.#elements.apply(changes);
    else return;
    this.#onChange();
  };
}
