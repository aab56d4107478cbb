/**
 * A phone in this process: whoever imports the Realm of this platform has files through expo-file-system's published JavaScript over a simulated
 * native half, and ciphers through Node's functions in the place of react-native-quick-crypto's.
 *
 * The application's sandbox is the system's folder for temporary files, where the suites keep theirs: so paths are those of every other target.
 *
 * @module
 */
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { createReactNativePlatform, setPlatform, type ExpoFileSystem } from "@holdfast/react-native";
import { loadExpoFileSystem, setSimulatedFiles } from "@holdfast/simulated-phones";
import type { Volume } from "@holdfast/storage-engine";
import { NodeVolume } from "@holdfast/storage-engine/node";
import type { DurabilityAccess, RealmPlatform } from "../platform.ts";
import type { PhoneSystem } from "./phones.ts";

/** Puts the platform in place and gives what the suites' platform has to know of it. */
export async function startPhone(system: PhoneSystem): Promise<(platform: RealmPlatform) => RealmPlatform> {
  const { File, Directory, Paths } = (await loadExpoFileSystem(system)) as unknown as ExpoFileSystem;
  const volume: Volume = new NodeVolume();
  setSimulatedFiles(system, { volume, sandbox: realpathSync(tmpdir()), availableDiskSpace: 1e12, callCount: 0 });
  let isAccepted = true;
  const restart = (): void => {
    // A class of its own: a process that has just started knows nothing of what an earlier one knew of its files.
    const fileSystem: ExpoFileSystem = { File: class extends File {}, Directory, Paths };
    setPlatform(createReactNativePlatform({ fileSystem, crypto: { createCipheriv, createHmac, randomBytes }, durability: isAccepted ? "process-death" : "power-loss" }));
  };
  restart();
  const durability: DurabilityAccess = { accept: (isIt) => ((isAccepted = isIt), restart()) };
  return (platform) => ({ ...platform, name: "React Native", description: `${platform.description}: expo-file-system 58.0.2 over a simulated native half`, durability, ...withRestarts(platform, restart) });
}

/**
 * An application is one process: what it starts is its next start, and when that has ended, the suite goes on as the one after it.
 */
function withRestarts({ processes }: RealmPlatform, restart: () => void): Pick<RealmPlatform, "processes"> {
  if (processes === undefined) return {};
  return {
    processes: {
      start(program, values) {
        const child = processes.start(program, values);
        const exited = child.exited.then((code) => (restart(), code));
        return {
          lines: child.lines,
          get complaints() {
            return child.complaints;
          },
          exited,
          waitForLine: (prefix) => child.waitForLine(prefix),
          send: (line) => child.send(line),
          async kill() {
            await child.kill();
            await exited;
          },
        };
      },
    },
  };
}
