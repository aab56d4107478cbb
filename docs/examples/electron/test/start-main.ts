/**
 * The test's main process: `electron` is the stub, then the application's entry is loaded as Electron loads it.
 *
 * @module
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const stub = new URL("./electron-stub.ts", import.meta.url).href;
registerHooks({ resolve: (specifier, context, next) => (specifier === "electron" ? { url: stub, format: "module-typescript", shortCircuit: true } : next(specifier, context)) });
const { entryWasEvaluated } = (await import(stub)) as typeof import("./electron-stub.ts");
await import(pathToFileURL(process.argv[2] ?? "").href);
entryWasEvaluated();
