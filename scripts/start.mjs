// Starts a TypeScript program of this workspace from its sources, with the arguments it was given.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/**
 * Runs `program` (a path from the root) with the Node that runs this script and ends with its exit code.
 *
 * @param {string} program
 */
export function start(program) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    process.stderr.write(`This needs Node 22.18 or newer to read TypeScript sources, this is ${process.version}: https://nodejs.org/en/download\n`);
    process.exit(1);
  }
  const options = ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", resolve(root, program)];
  const result = spawnSync(process.execPath, [...options, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(result.status ?? 1);
}
