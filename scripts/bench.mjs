// `npm run bench`: starts the benchmark's TypeScript entry with a Node that can run it.
import { startSource } from "./start-source.mjs";

startSource("bench/src/main.ts");
