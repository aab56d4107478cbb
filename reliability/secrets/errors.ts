/**
 * Errors, provoked with a recognisable key and recognisable data: nothing of either in message, stack, cause or properties.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { Check } from "./check.ts";
import { formsIn, keyForms, RECOGNISABLE_KEY, WORDS } from "./marks.ts";
import { PROVOCATIONS, type Provocation } from "./provocations.ts";

const KEY_FORMS = [...keyForms(RECOGNISABLE_KEY), ...keyForms(RECOGNISABLE_KEY.map((byte) => byte ^ 0x55))];
/** Values only: names of classes and properties belong in a message. */
const VALUES = [WORDS[0], WORDS[3], WORDS[5]] as string[];
/** Realm's own sentence for an existing primary key names the key; applications match on it. */
const SAYS_PRIMARY_KEY = new Set(["OBJECT_EXISTS"]);

/** Codes that need an operating system's key store, another process or a defect, and their reasons. */
const NOT_PROVOKED_PACKAGES = "key-store's errors, which know no database key in the clear, have their own tests";

/** The checks of errors. */
export const errorChecks: readonly Check[] = [
  {
    name: "no error shows a byte of a key or a stored value, in its message, stack, cause or any property",
    isShort: true,
    async run(say) {
      const { codes, leaks } = await provokeAll(PROVOCATIONS);
      const all = listedCodes();
      const missed = all.filter((code) => !codes.has(code));
      say(`${codes.size} of the ${all.length} codes of realms, stores, keys, units and queries provoked; ${NOT_PROVOKED_PACKAGES}`);
      say(`not provoked: ${missed.join(", ") || "none"}`);
      if (leaks.length > 0) throw new Error(leaks.join("\n"));
      if (codes.size < all.length * 0.6) throw new Error("too few codes were provoked for the check to say much");
    },
  },
  {
    name: "the same search finds a key and a value in an error that holds them, also as a cause of a cause",
    isShort: true,
    async run() {
      const inner = Object.assign(new Error(`about ${VALUES[0]}`), { key: RECOGNISABLE_KEY });
      const { leaks } = await provokeAll([{ name: "planted", run: () => Promise.reject(new Error("outer", { cause: new Error("middle", { cause: inner }) })) }]);
      if (!leaks.some((leak) => leak.includes("decimal")) || !leaks.some((leak) => leak.includes(VALUES[0] as string))) throw new Error(`found ${leaks.join("; ") || "nothing"}`);
    },
  },
];

async function provokeAll(provocations: readonly Provocation[]): Promise<{ codes: Set<string>; leaks: string[] }> {
  const codes = new Set<string>();
  const leaks: string[] = [];
  for (const provocation of provocations) {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-errors-"));
    try {
      await provocation.run(folder);
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      codes.add(code);
      leaks.push(...leaksOf(error, code).map((leak) => `${provocation.name}: ${code} shows ${leak}`));
      continue;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    leaks.push(`${provocation.name}: no error came`);
  }
  return { codes, leaks };
}

function leaksOf(error: unknown, code: string): string[] {
  const text = everythingOf(error);
  const values = SAYS_PRIMARY_KEY.has(code) ? [] : VALUES.filter((value) => text.includes(value));
  return [...formsIn(text, KEY_FORMS), ...values];
}

/** The error and all its causes, in every form in which a program or a log may show them. */
function everythingOf(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current !== undefined && current !== null; current = (current as { cause?: unknown }).cause) {
    const { message, stack } = current as { message?: string; stack?: string };
    parts.push(String(current), message ?? "", stack ?? "", JSON.stringify(current) ?? "");
    parts.push(JSON.stringify(Object.getOwnPropertyDescriptors(current)) ?? "");
  }
  parts.push(inspect(error, { showHidden: true, depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity }));
  parts.push(inspect(error, { showHidden: true, depth: Infinity, customInspect: false, getters: true, maxArrayLength: Infinity }));
  return parts.join("\n");
}

/** The codes that docs/errors.md lists, up to the key stores'. */
function listedCodes(): string[] {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8").split("## KeyStoreError")[0] ?? "";
  return [...new Set([...page.matchAll(/^\| `([A-Z_]+)`/gmu)].map(([, code]) => code as string))];
}
