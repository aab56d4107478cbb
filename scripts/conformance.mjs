// `npm run conformance`: every suite over every target that this machine has, and the report.
import { startSource } from "./start-source.mjs";

startSource("conformance/src/run.ts");
