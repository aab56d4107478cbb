/**
 * Several key providers as one: the first one wraps, each opens what it has wrapped.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AuthError } from "./auth-error.ts";
import type { KeyContext, KeyProvider } from "./key-provider.ts";

const KEY_BYTES = 64;
/** A service that throttles is asked again; the SDKs do so themselves, for less long. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 50;

/** Wraps under the first provider. @returns `<kind>:<payload>` @throws {AuthError} `PROVIDER_UNAVAILABLE` */
export async function wrapUnder(provider: KeyProvider, key: Uint8Array, context: KeyContext): Promise<string> {
  try {
    return `${provider.kind}:${await patiently(() => provider.wrap(key, context))}`;
  } catch (error) {
    throw new AuthError("PROVIDER_UNAVAILABLE", `the key provider does not wrap now${detailOf(error)}: try again later`, { cause: error });
  }
}

/**
 * Asks each provider of the wrap's kind.
 *
 * @returns Undefined if none of them has made the wrap, with what the last one said.
 * @throws {AuthError} `PROVIDER_UNAVAILABLE` if one of them cannot say
 */
export async function unwrapBy(providers: readonly KeyProvider[], stored: string, context: KeyContext): Promise<{ readonly key: Uint8Array } | { readonly refusal: unknown }> {
  const separator = stored.indexOf(":");
  const [kind, payload] = [stored.slice(0, separator), stored.slice(separator + 1)];
  let refusal: unknown;
  for (const provider of providers) {
    if (provider.kind !== kind) continue;
    try {
      const key = await patiently(() => provider.unwrap(payload, context));
      if (key.length !== KEY_BYTES) throw Object.assign(new Error("the wrap holds something else"), { code: "WRAP_REFUSED" });
      return { key };
    } catch (error) {
      if (!["WRAP_REFUSED", "KEY_CORRUPT"].includes(codeOf(error) ?? "")) throw new AuthError("PROVIDER_UNAVAILABLE", `the key provider does not unwrap now${detailOf(error)}: try again later`, { cause: error });
      refusal = error;
    }
  }
  return { refusal };
}

async function patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (codeOf(error) !== "THROTTLED" || attempt === ATTEMPTS) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  }
}

/** The code alone: a service's message may name accounts. */
function detailOf(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? "" : ` (${code})`;
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^[A-Z_]{1,40}$/.test(code) ? code : undefined;
}
