/**
 * The part of Realm's API that the suites use, as structural types.
 *
 * The suites are written against these and import no implementation, so one suite runs over any platform's binding and
 * over the deliberately broken implementations of `test/broken`.
 *
 * @module
 */

/** A class of objects as it is handed to a realm. */
export interface ObjectSchema {
  readonly name: string;
  readonly primaryKey?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What a realm is opened with. `encryptionKey` is unknown on purpose: suites hand in wrong ones. */
export interface RealmConfiguration {
  readonly path?: string;
  readonly schema?: readonly ObjectSchema[];
  readonly schemaVersion?: number;
  readonly encryptionKey?: unknown;
  readonly readOnly?: boolean;
  readonly inMemory?: boolean;
  readonly deleteRealmIfMigrationNeeded?: boolean;
  readonly onMigration?: (oldRealm: RealmInstance, newRealm: RealmInstance) => void;
}

/** A managed object. */
export interface RealmObject {
  [property: string]: unknown;
}

/** A live collection of objects. */
export interface RealmResults extends Iterable<RealmObject> {
  readonly length: number;
  filtered(query: string, ...values: readonly unknown[]): RealmResults;
  addListener(listener: (collection: RealmResults) => void): void;
  removeAllListeners(): void;
}

/** An open realm. */
export interface RealmInstance {
  readonly isClosed: boolean;
  readonly isInTransaction: boolean;
  close(): void;
  write<Result>(action: () => Result): Result;
  beginTransaction(): void;
  commitTransaction(): void;
  cancelTransaction(): void;
  create(type: string, values: Readonly<Record<string, unknown>>, mode?: string): RealmObject;
  delete(object: unknown): void;
  objects(type: string): RealmResults;
  objectForPrimaryKey(type: string, key: unknown): RealmObject | null;
  writeCopyTo(configuration: RealmConfiguration): void;
}

/** The `Realm` class. */
export interface RealmConstructor {
  new (configuration: RealmConfiguration): RealmInstance;
  open(configuration: RealmConfiguration): Promise<RealmInstance>;
  schemaVersion(path: string, encryptionKey?: unknown): number;
  exists(configuration: RealmConfiguration): boolean;
  generateEncryptionKey(): Uint8Array;
  /** Without a new key the file becomes plain. */
  rekey(configuration: RealmConfiguration, newEncryptionKey: unknown): void;
}
