// `npm run partitions`: starts the program's TypeScript entry with a Node that can run it.
import { startSource } from "./start-source.mjs";

startSource("reliability/partitions/main.ts");
