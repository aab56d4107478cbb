// `npm run demo:sync`: starts the sync demo's TypeScript entry with a Node that can run it.
import { startSource } from "./start-source.mjs";

startSource("demo/src/sync/main.ts");
