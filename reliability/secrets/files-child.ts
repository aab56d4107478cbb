/**
 * A process whose every written byte is recorded from outside.
 *
 *     node files-child.ts PATH plain|encrypted|planted
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { RECOGNISABLE_KEY, WORDS } from "./marks.ts";
import { runEverything } from "./workload.ts";

const [path = "", kind = ""] = process.argv.slice(2);
const first = kind === "plain" ? undefined : RECOGNISABLE_KEY;
const second = kind === "plain" ? undefined : RECOGNISABLE_KEY.map((byte) => byte ^ 0x55);

runEverything(path, { first, second });
// The search must be able to fail: a file that is gone again, with what must never be in one.
if (kind === "planted") writeFileSync(`${path}.planted`, new Uint8Array([...RECOGNISABLE_KEY, ...new TextEncoder().encode(WORDS[0])]));
