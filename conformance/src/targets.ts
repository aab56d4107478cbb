/**
 * The targets of the mission: those with a binding, and those without, each with the reason why it was not run.
 *
 * @module
 */
import type { RealmPlatform } from "./platform.ts";
import { createNodePlatform } from "./platforms/node.ts";

/** A runtime or system that Holdfast is meant for. */
export interface Target {
  readonly name: string;
  /** Makes the platform, or says why this machine cannot. */
  open(): Promise<RealmPlatform | { readonly reason: string }>;
}

const NO_VOLUME = "the engine has no volume for it yet: only Node and memory exist";
const OTHER_SYSTEM = "needs a machine of that system; the same command runs there in the workflow, which has not been tried";

/** Every target, in the report's order. */
export const TARGETS: readonly Target[] = [
  { name: nodeTargetName("linux"), open: () => openNodeOn("linux") },
  { name: nodeTargetName("darwin"), open: () => openNodeOn("darwin") },
  { name: nodeTargetName("win32"), open: () => openNodeOn("win32") },
  notYet("Bun", "no binding yet: whether the engine's kernel locks load there has not been tried"),
  notYet("Deno", "no binding yet: whether the engine's kernel locks load there has not been tried"),
  notYet("Chromium", NO_VOLUME),
  notYet("Firefox", NO_VOLUME),
  notYet("WebKit", NO_VOLUME),
  notYet("React Native on Android", NO_VOLUME),
  notYet("React Native on iOS", NO_VOLUME),
];

function nodeTargetName(system: string): string {
  return `Node on ${{ linux: "Linux", darwin: "macOS", win32: "Windows" }[system] ?? system}`;
}

async function openNodeOn(system: string): Promise<RealmPlatform | { readonly reason: string }> {
  if (process.platform !== system) return { reason: OTHER_SYSTEM };
  return await createNodePlatform();
}

function notYet(name: string, reason: string): Target {
  return { name, open: () => Promise.resolve({ reason }) };
}
