/**
 * Programs that a binding needs and this machine may not have.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { NotHere } from "../../binding.ts";

/** @param programs - From the program's name to the Debian package that brings it. */
export function missingPrograms(reason: string, programs: Readonly<Record<string, string>>): NotHere | undefined {
  if (process.platform !== "linux") return { reason, isOtherSystem: true };
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  const missing = Object.entries(programs).filter(([program]) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length === 0) return undefined;
  return { reason: `${missing.map(([program]) => program).join(", ")} missing: apt-get install ${[...new Set(missing.map(([, name]) => name))].join(" ")}`, isOtherSystem: false };
}
