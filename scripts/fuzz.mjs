// `npm run fuzz`: starts the program's TypeScript entry with a Node that can run it.
import { startSource } from "./start-source.mjs";

startSource("reliability/fuzz/main.ts");
