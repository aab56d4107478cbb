/**
 * SQLite, whichever binding: one table, prepared statements, WAL with `synchronous=FULL`, tags as JSON text.
 *
 * Loops of reads run in one read transaction, SQLite's best form, as a realm also reads one version.
 *
 * @module
 */
import type { OpenOptions, Session } from "../contender.ts";
import { pairChecksum, type Person, wholeChecksum } from "../people.ts";

type SqlValue = number | string | bigint | null | Uint8Array;
type SqlRow = Record<string, SqlValue>;

/** What this file needs of a prepared statement. */
export interface SqlStatement {
  run(...values: SqlValue[]): unknown;
  get(...values: SqlValue[]): unknown;
  iterate(...values: SqlValue[]): Iterable<unknown>;
}

/** What this file needs of a binding. */
export interface SqlDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqlStatement;
  close(): unknown;
}

const TABLE = `CREATE TABLE IF NOT EXISTS person(_id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL,
  age INTEGER NOT NULL, balance REAL NOT NULL, createdAt INTEGER NOT NULL, tags TEXT NOT NULL)`;

class SqliteSession implements Session {
  readonly #db: SqlDatabase;
  readonly #isIndexed: boolean;
  readonly #statements = new Map<string, SqlStatement>();

  constructor(db: SqlDatabase, isIndexed: boolean) {
    this.#db = db;
    this.#isIndexed = isIndexed;
    db.exec("PRAGMA busy_timeout=20000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
    db.exec(TABLE);
    if (isIndexed) db.exec("CREATE INDEX IF NOT EXISTS person_age ON person(age)");
  }

  #prepare(sql: string): SqlStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #within<T>(begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
    this.#prepare(begin).run();
    const result = work();
    this.#prepare("COMMIT").run();
    return result;
  }

  #insert(insert: SqlStatement, person: Person): void {
    const { _id, name, email, age, balance, createdAt, tags } = person;
    insert.run(_id, name, email, age, balance, createdAt.getTime(), JSON.stringify(tags));
  }

  insertAll(people: Iterable<Person>): void {
    const insert = this.#prepare("INSERT INTO person VALUES (?,?,?,?,?,?,?)");
    this.#within("BEGIN IMMEDIATE", () => {
      for (const person of people) this.#insert(insert, person);
    });
  }

  insertEach(people: readonly Person[]): void {
    const insert = this.#prepare("INSERT INTO person VALUES (?,?,?,?,?,?,?)");
    // Outside a transaction each statement is a durable transaction of its own.
    for (const person of people) this.#insert(insert, person);
  }

  updateAll(ids: Int32Array, value: number): void {
    const field = this.#isIndexed ? "age" : "balance";
    const update = this.#prepare(`UPDATE person SET ${field}=? WHERE _id=?`);
    const stored = this.#isIndexed ? value % 100 : value;
    this.#within("BEGIN IMMEDIATE", () => {
      for (const id of ids) update.run(stored, id);
    });
  }

  readWhole(ids: Int32Array): number {
    const find = this.#prepare("SELECT * FROM person WHERE _id=?");
    return this.#within("BEGIN", () => {
      let sum = 0;
      for (const id of ids) sum += rowChecksum(find.get(id) as SqlRow);
      return sum;
    });
  }

  readPair(ids: Int32Array): number {
    const find = this.#prepare("SELECT name, balance FROM person WHERE _id=?");
    return this.#within("BEGIN", () => {
      let sum = 0;
      for (const id of ids) sum += rowPair(find.get(id) as SqlRow);
      return sum;
    });
  }

  countOlder(age: number): number {
    const row = this.#prepare("SELECT count(*) AS count FROM person WHERE age > ?").get(age) as SqlRow;
    return Number(row["count"]);
  }

  sumOlder(age: number): number {
    let sum = 0;
    for (const row of this.#prepare("SELECT name, balance FROM person WHERE age > ?").iterate(age)) {
      sum += rowPair(row as SqlRow);
    }
    return sum;
  }

  scanAll(): number {
    let sum = 0;
    for (const row of this.#prepare("SELECT * FROM person").iterate()) sum += rowChecksum(row as SqlRow);
    return sum;
  }

  readBalance(id: number): number {
    return Number((this.#prepare("SELECT balance FROM person WHERE _id=?").get(id) as SqlRow)["balance"]);
  }

  increment(id: number): void {
    this.#prepare("UPDATE person SET balance=balance+1 WHERE _id=?").run(id);
  }

  close(): Promise<void> {
    this.#db.close();
    return Promise.resolve();
  }
}

function rowChecksum(row: SqlRow): number {
  return wholeChecksum({
    _id: row["_id"] as number,
    name: row["name"] as string,
    email: row["email"] as string,
    age: row["age"] as number,
    balance: row["balance"] as number,
    createdAt: new Date(row["createdAt"] as number),
    tags: JSON.parse(row["tags"] as string) as string[],
  });
}

function rowPair(row: SqlRow): number {
  return pairChecksum(row["name"] as string, row["balance"] as number);
}

/** A session over an open SQLite database of any binding. The session closes it. */
export function createSqliteSession(db: SqlDatabase, options: OpenOptions): Session {
  return new SqliteSession(db, options.isIndexed);
}
