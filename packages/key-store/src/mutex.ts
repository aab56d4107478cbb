/**
 * One action at a time for a name, inside this process.
 *
 * @module
 */

const LAST = new Map<string, Promise<unknown>>();

/** Runs an action after those that were handed in before it under the same name, whether they worked or not. */
export async function runExclusively<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
  const before = LAST.get(name) ?? Promise.resolve();
  const own = before.then(action, action);
  LAST.set(name, own);
  try {
    return await own;
  } finally {
    if (LAST.get(name) === own) LAST.delete(name);
  }
}
