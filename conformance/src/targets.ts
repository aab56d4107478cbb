/**
 * The targets of the mission: those with a binding, and those without, each with the reason why it was not run.
 *
 * @module
 */
import { missingChromium, missingFirefox, openChromium, openFirefox } from "@holdfast/test-browser";
import type { NotRun, RealmPlatform } from "./platform.ts";
import { findAllRuntimes } from "./platforms/all-runtimes.ts";
import { createBrowserPlatform, type RemotePlatform } from "./platforms/browser.ts";
import { createNodePlatform } from "./platforms/node.ts";
import { openSimulatedPhone, PHONES, phoneName } from "./platforms/phones.ts";
import { openRuntime } from "./platforms/runtime-platform.ts";
import { findRuntime, SERVER_RUNTIMES, type ServerRuntime } from "./platforms/server-runtimes.ts";

/** A runtime or system that Holdfast is meant for. */
export interface Target {
  readonly name: string;
  /** True for the runtime that the runner itself runs on. */
  readonly isThisRuntime?: true;
  /** Makes the platform, or says why this machine cannot. */
  open(): Promise<RealmPlatform | RemotePlatform | NotRun>;
}

const NO_PHONE = "needs a phone: its adapter runs over simulated native modules (above), and its bundle in Hermes (npm run test:native), none of which is the target";
const OTHER_SYSTEM = "needs a machine of that system; the same command runs there in the workflow, which has not been tried";

/** Every target, in the report's order. */
export const TARGETS: readonly Target[] = [
  { name: nodeTargetName("linux"), isThisRuntime: true, open: () => openNodeOn("linux") },
  { name: nodeTargetName("darwin"), isThisRuntime: true, open: () => openNodeOn("darwin") },
  { name: nodeTargetName("win32"), isThisRuntime: true, open: () => openNodeOn("win32") },
  ...SERVER_RUNTIMES.map(serverTarget),
  notYet("Bun and Deno on macOS", "written (locks by flock), and never run: needs a machine of that system"),
  notYet("Bun and Deno on Windows", "the engine has no kernel locks there, so files are refused (INTERPROCESS_UNSUPPORTED); Node has them"),
  { name: "Chromium", open: openInChromium },
  { name: "Firefox", open: openInFirefox },
  notYet("WebKit", "WebKitGTK 2.50 has no synchronous file handles (NotSupportedError); Safari, which has them, does not run on Linux"),
  ...PHONES.map((system) => ({ name: phoneName(system), open: () => openSimulatedPhone(system) })),
  notYet("React Native on Android", NO_PHONE),
  notYet("React Native on iOS", NO_PHONE),
];

function nodeTargetName(system: string): string {
  return `Node on ${{ linux: "Linux", darwin: "macOS", win32: "Windows" }[system] ?? system}`;
}

async function openInChromium(): Promise<RemotePlatform | NotRun> {
  const reason = missingChromium();
  return reason === undefined ? createBrowserPlatform(await openChromium()) : { reason, isMissing: true };
}

async function openInFirefox(): Promise<RemotePlatform | NotRun> {
  const reason = missingFirefox();
  return reason === undefined ? createBrowserPlatform(await openFirefox()) : { reason, isMissing: true };
}

async function openNodeOn(system: string): Promise<RealmPlatform | NotRun> {
  if (process.platform !== system) return { reason: OTHER_SYSTEM };
  const platform = await createNodePlatform();
  const runtimes = findAllRuntimes();
  if (runtimes === undefined) return platform;
  return { ...platform, runtimes, cleanUp: async () => void (await Promise.all([runtimes.endAll(), platform.cleanUp()])) };
}

function serverTarget(runtime: ServerRuntime): Target {
  return {
    name: `${runtime.name} on Linux`,
    async open() {
      const found = findRuntime(runtime);
      return "reason" in found ? found : await openRuntime(found);
    },
  };
}

function notYet(name: string, reason: string): Target {
  return { name, open: () => Promise.resolve({ reason }) };
}
