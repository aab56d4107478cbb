/**
 * React Native without a phone: its adapter over Expo's published JavaScript and a simulated native half, in a process of Node.
 *
 * @module
 */
import type { RemotePlatform } from "./browser.ts";
import { compiled } from "./compiled.ts";
import { openRuntime } from "./runtime-platform.ts";
import { ownCommand, QUIET, type RuntimeCommand } from "./server-runtimes.ts";

/** The systems whose native half is simulated. */
export type PhoneSystem = "android" | "ios";
export const PHONES: readonly PhoneSystem[] = ["android", "ios"];

/** As it stands in the report. */
export function phoneName(system: PhoneSystem): string {
  return `React Native (simulated ${system === "ios" ? "iOS" : "Android"})`;
}

/** The compiled module whose Realm is that phone's, for processes that import one. */
export function simulatedPhone(system: PhoneSystem): string {
  return new URL(`file://${compiled(`simulated-${system}`)}`).href;
}

/** The simulation evaluates Expo's modules, which Node calls an experiment. */
export function phoneCommand(): RuntimeCommand {
  const [program, ...options] = ownCommand();
  return [program, ...options.filter((option) => option !== QUIET), QUIET];
}

/** Runs suites as the application of such a phone would run them, each process of a suite being one start of the application. */
export function openSimulatedPhone(system: PhoneSystem): Promise<RemotePlatform> {
  return openRuntime(phoneCommand(), {
    implementation: simulatedPhone(system),
    inapplicable: {
      "several-processes": "files of Expo have no locks between processes: an application must not open one file in two (the adapter's README)",
      "across-runtimes": "runs once, from the Node that runs the suites; it has this target among them",
      budget: "would measure the simulation",
    },
  });
}
