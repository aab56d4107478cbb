/**
 * The suites as docs/examples/device-tests runs them on a phone, over simulated native modules.
 *
 * @module
 */
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import type { ExpoFileSystem } from "@holdfast/react-native";
import { loadExpoFileSystem, setSimulatedFiles } from "@holdfast/simulated-phones";
import { MemoryVolume } from "@holdfast/storage-engine";
import { describe, expect, it } from "vitest";
import { runSuitesInApplication } from "../src/platforms/phone-application.ts";

const DOCUMENTS = "/documents";

describe.each(["android", "ios"] as const)("the suites in an application: %s, simulated", (system) => {
  it.each([
    ["the native cipher", { createCipheriv, createHmac, randomBytes }, ["secrecy", "durability"]],
    ["the portable cipher", undefined, ["durability"]],
  ])("pass over %s, and leave nothing", async (_name, crypto, only) => {
    const volume = new MemoryVolume({ newLogBytes: 65_536 });
    volume.makeDirectory(DOCUMENTS);
    setSimulatedFiles(system, { volume, sandbox: DOCUMENTS, availableDiskSpace: 1e12, callCount: 0 });
    const fileSystem = (await loadExpoFileSystem(system)) as unknown as ExpoFileSystem;
    const heard: string[] = [];
    const results = await runSuitesInApplication({ modules: { fileSystem, crypto }, description: "simulated", seed: 7, only, onSuite: ({ suite }) => heard.push(suite) });
    expect(results.flatMap(({ checks }) => checks.filter(({ failure }) => failure !== undefined))).toEqual([]);
    expect(results.map(({ status }) => status).filter((status) => status !== "passed")).toEqual([]);
    expect([...new Set(heard)]).toEqual(only);
    expect(volume.list(`${DOCUMENTS}/holdfast-suites`)).toEqual([]);
  });
});
