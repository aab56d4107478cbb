// `npm run demo`: starts the demo's TypeScript entry with a Node that can run it.
import { startSource } from "./start-source.mjs";

startSource("demo/src/main.ts");
