// Run before `npm test`, `npm run demo` and `npm run bench`: on a fresh clone it installs the pinned
// dependencies with the pinned pnpm through npx. Nothing global is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";

const marker = "node_modules/.modules.yaml";
const lockfile = "pnpm-lock.yaml";
if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lockfile).mtimeMs) process.exit(0);

const { packageManager } = JSON.parse(readFileSync("package.json", "utf8"));
const result = spawnSync("npx", ["-y", packageManager, "install", "--frozen-lockfile"], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exit(result.status ?? 1);
