/** One process that gets or creates a key in the store that it is told of, and prints its hash. */
import { createHash } from "node:crypto";
import { DatabaseKeys } from "@holdfast/key-store";
import { openFileStore, openKeyringStore } from "../../src/index.ts";

const [kind = "", place = "", name = ""] = process.argv.slice(2);
const cost = { memoryKib: 8192, iterations: 1, parallelism: 1 };
const store = kind === "file" ? await openFileStore({ folder: place, passphrase: "correct horse battery", cost }) : await openKeyringStore({ application: place });
const key = await new DatabaseKeys({ store }).getOrCreate({ name, databaseExists: false });
process.stdout.write(`${createHash("sha256").update(key).digest("hex")}\n`);
