/**
 * Runs the cases over one binding.
 *
 * @module
 */
import { DatabaseKeys } from "@holdfast/key-store";
import type { KeyStore } from "@holdfast/key-store";
import { createRandom } from "../random.ts";
import type { KeyStoreBinding, KeyStoreHome } from "./binding.ts";
import type { CaseContext, KeyStoreCase, KeyStoreCaseResult, KeyStoreReport } from "./case.ts";
import { PLAIN_CASES } from "./cases/index.ts";
import { selfTest } from "./self-test.ts";

/** All 54 cases. */
export const KEY_STORE_CASES: readonly KeyStoreCase[] = [...PLAIN_CASES, selfTest(runKeyStoreCases)];

/** Cases in which a wrap takes part. */
const WRAP_CASES: ReadonlySet<number> = new Set([21, 25, 26, 38, 45, 46, 49, 50, 51]);

/** Cases that make many keys. */
const MANY_KEYS: ReadonlySet<number> = new Set([21, 46]);

/** How the cases are run. */
export interface KeyStoreRunOptions {
  readonly seed: number;
  readonly isLong: boolean;
  readonly cases?: readonly KeyStoreCase[];
}

/** Runs every case. Never throws: what went wrong is in the result. */
export async function runKeyStoreCases(binding: KeyStoreBinding, { seed, isLong, cases = KEY_STORE_CASES }: KeyStoreRunOptions): Promise<KeyStoreReport> {
  const results: KeyStoreCaseResult[] = [];
  const run = { binding, seed, isLong };
  // Those that leave the home whole share one; it also says which of the others apply. Some platforms can only have one home at a time.
  const shared = await tryOpen(binding);
  const alone: KeyStoreCase[] = [];
  for (const one of cases) {
    const reason = binding.isWrap === true && !WRAP_CASES.has(one.number) ? "a property of the store, not of the wrap" : "home" in shared ? one.inapplicable?.(shared.home, binding) : undefined;
    const notRun = binding.isSlow === true && !isLong && MANY_KEYS.has(one.number) ? "one key takes long here: in the long form (--long)" : binding.notRun?.[one.number];
    if (notRun !== undefined) results.push({ ...identityOf(binding, one), status: "not run", reason: notRun, notes: [] });
    else if (reason !== undefined) results.push({ ...identityOf(binding, one), status: "does not apply", reason, notes: [] });
    else if (one.isAlone === true) alone.push(one);
    else results.push(await runCase(run, one, shared));
  }
  await close(shared);
  const isLast = ({ number }: KeyStoreCase): number => Number(binding.lastCases?.includes(number) === true);
  for (const one of alone.toSorted((left, right) => isLast(left) - isLast(right))) {
    const own = await tryOpen(binding);
    results.push(await runCase(run, one, own));
    await close(own);
  }
  await binding.cleanUp?.();
  const { name: adapter, kind, description } = binding;
  return { adapter, kind, description, cases: results.toSorted((left, right) => left.number - right.number) };
}

type Opened = { readonly home: KeyStoreHome } | { readonly error: unknown };

async function tryOpen(binding: KeyStoreBinding): Promise<Opened> {
  try {
    return { home: await binding.openHome() };
  } catch (error) {
    return { error };
  }
}

/** What is left of a home does not change a verdict; the next one is a new one. */
async function close(opened: Opened): Promise<void> {
  if ("home" in opened) await opened.home.cleanUp().catch(() => undefined);
}

function identityOf(binding: KeyStoreBinding, { number, title }: KeyStoreCase): Pick<KeyStoreCaseResult, "number" | "title" | "kind"> {
  return { number, title, kind: binding.simulated?.includes(number) === true ? "simulated" : binding.kind };
}

interface Run {
  readonly binding: KeyStoreBinding;
  readonly seed: number;
  readonly isLong: boolean;
}

async function runCase({ binding, seed, isLong }: Run, one: KeyStoreCase, opened: Opened): Promise<KeyStoreCaseResult> {
  const identity = identityOf(binding, one);
  if ("error" in opened) return { ...identity, status: "failed", failure: `the home could not be opened: ${describe(opened.error)}`, notes: [] };
  const { home } = opened;
  const notes: string[] = [];
  const stores: KeyStore[] = [];
  const namespace = `case-${one.number}`;
  const context: CaseContext = {
    binding,
    home,
    namespace,
    isLong,
    random: createRandom(seed + one.number),
    async open(wanted = namespace) {
      const store = await home.open(wanted);
      stores.push(store);
      return store;
    },
    keysOf: (store) => new DatabaseKeys({ store, ...(home.wraps === undefined ? {} : { wraps: home.wraps }) }),
    note: (sentence) => void notes.push(sentence),
  };
  try {
    await one.run(context);
    return { ...identity, status: "passed", notes };
  } catch (error) {
    return { ...identity, status: "failed", failure: describe(error), notes };
  } finally {
    for (const store of stores) await store.dispose().catch(() => undefined);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? ` ${String(error.code)}` : "";
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return error.name === "ClaimError" ? error.message : `${error.name}${code}: ${error.message}${cause}`;
}
