// Builds the reference site into docs/reference. TypeDoc reads TypeScript 6's compiler API, so it lives
// with its own TypeScript in tools/docs. A warning fails the build (tools/docs/typedoc.json).
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const directory = resolve(import.meta.dirname, "../tools/docs");
const typedoc = resolve(directory, "node_modules/typedoc/bin/typedoc");
const result = spawnSync(process.execPath, [typedoc], { cwd: directory, stdio: "inherit" });
process.exit(result.status ?? 1);
