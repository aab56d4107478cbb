/**
 * Queries that go to the database in one write, their answers coming back together.
 *
 * @module
 */
import type pg from "pg";

/** What a connection of `pg` has inside: a stream that can hold back what is written to it. */
interface Corkable {
  readonly connection?: { readonly stream?: { cork?(): void; uncork?(): void } };
}

/**
 * Sends what `begin` asks, and resolves with all answers. On a connection with `pipeline: true` the queries are under way at once; the
 * database still does one after the other, and each sees what those before it did. When one fails, so do all behind it in its
 * transaction, and the first failure is thrown.
 */
export function together<const Queries extends readonly unknown[]>(client: pg.PoolClient, begin: () => Queries): Promise<{ -readonly [Index in keyof Queries]: Awaited<Queries[Index]> }> {
  const stream = (client as Corkable).connection?.stream;
  stream?.cork?.();
  try {
    return Promise.all(begin());
  } finally {
    stream?.uncork?.();
  }
}
