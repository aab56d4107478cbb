// Starts a TypeScript entry of the repository from its sources. The Node that the workspace installed is
// used where there is one; else the Node of the machine, if it runs TypeScript by itself.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NEEDED = { major: 22, minor: 18 };

/** Runs the entry with this process's arguments and ends this process with its exit code. */
export function startSource(entry) {
  const installed = join(root, "node_modules", ".bin", "node");
  const node = existsSync(installed) ? installed : process.execPath;
  if (node === process.execPath) requireVersion();
  const flags = ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "--expose-gc"];
  const result = spawnSync(node, [...flags, join(root, entry), ...process.argv.slice(2)], { stdio: "inherit" });
  if (result.error !== undefined) console.error(`${node} could not be started: ${result.error.message}`);
  process.exit(result.status ?? 1);
}

function requireVersion() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return;
  console.error(`Node ${NEEDED.major}.${NEEDED.minor} or later is needed (TypeScript without a build step); this is ${process.versions.node}`);
  process.exit(1);
}
