/**
 * What hangs on the Realm class itself: files without an open instance, classes, constants.
 *
 * @module
 */
import { QueryError } from "@holdfast/query";
import { currentPlatform, Store } from "@holdfast/storage-engine";
import type { RestoreReport, SecretKey } from "@holdfast/storage-engine";
import { BSON } from "./bson.ts";
import { parseConfiguration, checkKey } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import { index, mapTo } from "./decorators.ts";
import { assert, AssertionError, ObjectSchemaParseError, PropertySchemaParseError, RealmError, SchemaParseError, TypeAssertionError } from "./errors.ts";
import { flags } from "./flags.ts";
import { kmToRadians, miToRadians } from "./geo-units.ts";
import { NumericLogLevel, resetLogging, setLogger, setLogLevel } from "./logging.ts";
import type { LogCategory, Logger, LogLevel } from "./logging.ts";
import { Types } from "./realm-types.ts";
import { RealmEvent } from "./realm-events.ts";
import { Dictionary } from "./collections/dictionary.ts";
import { asynchronousAnchor, openUnder } from "./freshness.ts";
import { List } from "./collections/list.ts";
import { Collection } from "./collections/collection.ts";
import { OrderedCollection } from "./collections/ordered-collection.ts";
import { Results } from "./collections/results.ts";
import { RealmSet } from "./collections/set.ts";
import { Counter } from "./objects/counter.ts";
import { templateOf } from "./objects/create.ts";
import { RealmObject } from "./objects/realm-object.ts";
import { absolutePath, fileExists, hasContent, hasToPrepare, makeReady, removeRealmFiles, whenReady } from "./platform/realm-files.ts";
import { ProgressRealmPromise } from "./realm-promise.ts";
import { requireSyncProvider } from "./replica/sync-provider.ts";
import type { SyncPart } from "./replica/sync-provider.ts";
import { restoreRealm, salvageRealm, verifyRealm } from "./repair/realm-repair.ts";
import type { RealmRestoreOptions, RealmSalvageOptions, RealmSalvageReport, RealmVerifyOptions, RealmVerifyReport } from "./repair/realm-repair.ts";
import type { Realm } from "./realm.ts";
import { parseSchema } from "./schema/parse-schema.ts";
import type { CanonicalProperty, ObjectSchema } from "./schema/types.ts";
import { allOpenFiles, endBackground, openFileAt } from "./store/coordinator.ts";
import { FileSession } from "./store/file-session.ts";
import { openStore, translated } from "./store/open-store.ts";

/** The values of `create`'s third argument. */
export const UpdateMode = { Never: "never", Modified: "modified", All: "all" } as const;

let defaultPath = "default.realm";

/** The static side of Realm. */
export class RealmStatics {
  static readonly Object: typeof RealmObject = RealmObject;
  static readonly Collection: typeof Collection = Collection;
  static readonly OrderedCollection: typeof OrderedCollection = OrderedCollection;
  static readonly List: typeof List = List;
  static readonly Results: typeof Results = Results;
  static readonly Set: typeof RealmSet = RealmSet;
  static readonly Dictionary: typeof Dictionary = Dictionary;
  static readonly Counter: typeof Counter = Counter;
  static readonly BSON: typeof BSON = BSON;
  static readonly Types: typeof Types = Types;
  static readonly NumericLogLevel: typeof NumericLogLevel = NumericLogLevel;
  static readonly RealmEvent: typeof RealmEvent = RealmEvent;
  static readonly flags: typeof flags = flags;
  static readonly index: typeof index = index;
  static readonly mapTo: typeof mapTo = mapTo;
  static readonly RealmError: typeof RealmError = RealmError;
  static readonly QueryError: typeof QueryError = QueryError;
  static readonly ObjectSchemaParseError: typeof ObjectSchemaParseError = ObjectSchemaParseError;
  static readonly UpdateMode: typeof UpdateMode = UpdateMode;
  static readonly ProgressRealmPromise: typeof ProgressRealmPromise = ProgressRealmPromise;
  static readonly AssertionError: typeof AssertionError = AssertionError;
  static readonly TypeAssertionError: typeof TypeAssertionError = TypeAssertionError;
  static readonly SchemaParseError: typeof SchemaParseError = SchemaParseError;
  static readonly PropertySchemaParseError: typeof PropertySchemaParseError = PropertySchemaParseError;

  /** Sync's entry: `@holdfast/sync-client/register` plugs it in. */
  static get App(): SyncPart<"app"> {
    return requireSyncProvider().App as SyncPart<"app">;
  }

  /** Where a realm without a path stands. */
  static get defaultPath(): string {
    return absolutePath(defaultPath);
  }
  static set defaultPath(path: string) {
    if (typeof path !== "string") throw new TypeAssertionError("a string", path, "defaultPath");
    defaultPath = path;
  }

  /** Opens a realm; rejects with the same errors as the constructor. */
  static open(config?: Configuration | string): ProgressRealmPromise {
    // Realm's constructor, whatever class this is called on.
    const construct = (): Realm => new (this as unknown as new (config?: Configuration | string) => Realm)(config);
    const given = config as Configuration | undefined;
    if (given?.sync !== undefined) return ProgressRealmPromise.following(() => requireSyncProvider().open(parseConfiguration(given), (next) => new (this as unknown as new (config: Configuration) => Realm)(next)));
    const anchor = asynchronousAnchor(config);
    const openNow = (): Realm | Promise<Realm> => (anchor === undefined ? construct() : openUnder(anchor, construct));
    return new ProgressRealmPromise((resolve, reject) => {
      try {
        const isInFile = (config as Configuration | undefined)?.inMemory !== true;
        resolve(isInFile && hasToPrepare() ? whenReady([pathOf(config)], openNow) : openNow());
      } catch (error) {
        reject(error);
      }
    });
  }

  /**
   * Makes files ready for calls that do not wait (`new Realm`, `writeCopyTo`, `Realm.rekey`, `Realm.deleteFile`, `Realm.exists`) where
   * files are obtained asynchronously: in browsers. Elsewhere there is nothing to do. `Realm.open` does it by itself.
   *
   * @returns What gives them back. A file that is open stays ready until it is closed.
   */
  static prepare(paths: string | readonly string[]): Promise<() => void> {
    const all = typeof paths === "string" ? [paths] : paths;
    if (!Array.isArray(all) || !all.every((path) => typeof path === "string")) throw new TypeAssertionError("a path or an array of paths", paths, "paths");
    return makeReady(all.map((path) => absolutePath(path)));
  }

  /** True if there is a file. */
  static exists(config: Configuration | string): boolean {
    return fileExists(pathOf(config));
  }

  /** Removes a realm's file and its side files; with `freshness`, its anchor forgets it. */
  static deleteFile(config: Configuration | string): void {
    const { freshness } = parseConfiguration(config);
    const path = pathOf(config);
    endBackground(path);
    removeRealmFiles(path);
    freshness?.anchor.remove();
  }

  /** The schema version of a file without opening it as a realm; -1 if there is none. */
  static schemaVersion(path: string, encryptionKey?: ArrayBuffer | ArrayBufferView | number[]): number {
    if (typeof encryptionKey === "string") throw new TypeAssertionError("an instance of ArrayBuffer", encryptionKey);
    const file = pathOf(path);
    const key = encryptionKey === undefined ? undefined : checkKey(encryptionKey);
    try {
      return hasContent(file) ? readSchemaVersion(file, key) : -1;
    } finally {
      key?.wipe();
    }
  }

  /** Changes the key of a file in place, from or to plain as well. No realm may have it open. */
  static rekey(config: Configuration, newKey: ArrayBuffer | ArrayBufferView | number[] | undefined): void {
    const { path, encryptionKey, freshness } = parseConfiguration(config);
    const file = absolutePath(path ?? RealmStatics.defaultPath);
    endBackground(file);
    if (openFileAt(file) !== undefined) throw new RealmError("STORE_IN_USE", `Realm at path '${file}' is open: close it before changing its key.`);
    if (!hasContent(file)) throw new RealmError("FILE_MISSING", `No such file or directory: '${file}'`);
    const next = newKey === undefined ? undefined : checkKey(newKey);
    const current = encryptionKey === undefined ? undefined : checkKey(encryptionKey);
    try {
      translated(file, () => Store.rekey({ path: file, create: false, freshness, encryptionKey: current, newEncryptionKey: next }));
    } finally {
      next?.wipe();
      current?.wipe();
    }
  }

  /**
   * Checks a realm's file and its content: pages, log, indexes, links, counters. Works on damaged files and on files that are open
   * elsewhere, and changes nothing.
   */
  static async verify(options: RealmVerifyOptions): Promise<RealmVerifyReport> {
    return verifyRealm(options);
  }

  /** Brings every object that can be read of a damaged realm into a new one, and says what is missing. The damaged file stays as it is. */
  static async salvage(options: RealmSalvageOptions): Promise<RealmSalvageReport> {
    return salvageRealm(options);
  }

  /** Makes a realm of a full backup and the increments after it. The target appears complete or not at all. */
  static async restore(options: RealmRestoreOptions): Promise<RestoreReport> {
    return restoreRealm(options);
  }

  /** 64 fresh bytes of the platform's random generator. */
  static generateEncryptionKey(): Uint8Array {
    return currentPlatform().generateKey();
  }

  /** Closes every realm, also those that are synced in the background, so that the process can end. */
  static shutdown(): void {
    for (const file of allOpenFiles()) {
      for (const instance of [...file.instances]) instance.close();
      endBackground(file.path);
    }
    resetLogging();
  }

  /** Realm's test hook: closes every realm. */
  static clearTestState(): void {
    assert(flags.ALLOW_CLEAR_TEST_STATE, "Set the flags.ALLOW_CLEAR_TEST_STATE = true before calling this.");
    RealmStatics.shutdown();
  }

  /** A plain object with the defaults, or zero values, of all required properties. */
  static createTemplateObject(schema: ObjectSchema): Record<string, unknown> {
    // Links may lead to classes that are not given here: only the own properties count.
    const properties = Object.fromEntries(Object.entries(schema.properties).filter(([, value]) => isPrimitiveForm(value)));
    const [parsed] = parseSchema([{ ...schema, properties }], () => false);
    return templateOf(Object.values(parsed?.properties ?? {}) as CanonicalProperty[]);
  }

  /** React Native's: there are no bundled files elsewhere. @throws {RealmError} `PLATFORM_UNSUPPORTED` */
  static copyBundledRealmFiles(): never {
    throw new RealmError("PLATFORM_UNSUPPORTED", "Realm.copyBundledRealmFiles() works on React Native only: elsewhere there are no bundled files. Copy the file yourself before you open it.");
  }

  /** Sets how much is logged in a category and those below it; without one, in all. */
  static setLogLevel(level: LogLevel, category?: LogCategory): void {
    setLogLevel(level, category);
  }

  /** Sets where messages of the log go. */
  static setLogger(logger: Logger): void {
    setLogger(logger);
  }

  static kmToRadians(km: number): number {
    return kmToRadians(km);
  }
  static miToRadians(mi: number): number {
    return miToRadians(mi);
  }
}

function isPrimitiveForm(value: unknown): boolean {
  const type = typeof value === "string" ? value : (value as { type?: string }).type;
  return typeof type === "string" && /^(bool|int|float|double|string|data|date|decimal128|objectId|uuid|mixed)\??(\[\])?$/.test(type);
}

function pathOf(config: unknown): string {
  const parsed = parseConfiguration(config);
  const { path } = parsed.sync === undefined ? parsed : requireSyncProvider().configure(parsed);
  return absolutePath(path ?? RealmStatics.defaultPath);
}

function readSchemaVersion(path: string, key: SecretKey | undefined): number {
  const store = openStore({ path, key, readOnly: true });
  try {
    const session = new FileSession(store, path);
    const version = session.readSchema()?.version ?? 0;
    session.closeView();
    return version;
  } finally {
    store.close();
  }
}
