/**
 * The vendors' SDKs, from their install of their own (`npm run peers`).
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { NotHere } from "../../binding.ts";

const MANIFEST = new URL("../../../../peers/package.json", import.meta.url);

/** Loads one. */
export function requirePeer(name: string): unknown {
  return createRequire(MANIFEST)(name) as unknown;
}

/** For the report. */
export function peerVersion(name: string): string {
  return (JSON.parse(readFileSync(manifestOf(name), "utf8")) as { version: string }).version;
}

/** Why a peer cannot be used here. */
export function missingPeer(name: string): NotHere | undefined {
  if (existsSync(manifestOf(name))) return undefined;
  return { reason: `${name} is not installed: npm run peers`, isOtherSystem: false };
}

function manifestOf(name: string): string {
  return fileURLToPath(new URL(`node_modules/${name}/package.json`, MANIFEST));
}
