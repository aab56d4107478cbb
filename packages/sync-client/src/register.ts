/**
 * `import "@holdfast/sync-client/register"`: plugs sync into `@holdfast/realm`.
 *
 * @module
 */
import { enableSync } from "./opening/provider.ts";

enableSync();
