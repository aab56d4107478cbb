import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runMigration } from "./migration.ts";
import { runPeopleAndCars } from "./people-and-cars.ts";
import { runTasks } from "./tasks.ts";

const folder = mkdtempSync(join(tmpdir(), "realm-app-"));
const print = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  await runTasks(join(folder, "tasks.realm"), print);
  runPeopleAndCars(join(folder, "cars.realm"), print);
  runMigration(join(folder, "people.realm"), print);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
