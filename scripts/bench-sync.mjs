// `npm run bench:sync`: compiles what is measured, then starts the benchmark's TypeScript entry.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { startSource } from "./start-source.mjs";

const root = resolve(import.meta.dirname, "..");
// The server is measured as it is published.
const compiled = spawnSync(resolve(root, "node_modules/.bin/tsc"), ["--build"], { cwd: root, stdio: "inherit" });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
startSource("packages/sync-server/bench/main.ts");
