// `npm run build`: turbo with its telemetry off, so that a build that changed nothing costs nothing
// and no build contacts a machine. turbo itself must be started from an npm or pnpm script.
import { spawnSync } from "node:child_process";

const result = spawnSync("turbo", ["run", ...process.argv.slice(2)], {
  stdio: "inherit",
  shell: process.platform === "win32",
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
});
process.exit(result.status ?? 1);
