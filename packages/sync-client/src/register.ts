/**
 * `import "@holdfast/sync-client/register"`: plugs sync into `@holdfast/realm`.
 *
 * @module
 */
import { App } from "./app/index.ts";
import { enableSync, setAppClass } from "./opening/provider.ts";

enableSync();
setAppClass(App);
