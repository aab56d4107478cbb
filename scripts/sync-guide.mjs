// The sync guide's application "From nothing to two devices", run as its page says, over a real PostgreSQL.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { postgresMissing, startCluster } from "../packages/sync-server/test/support/postgres.ts";

const root = resolve(import.meta.dirname, "..");
const START_MS = 60_000;
const PASSWORD = "of-a-scratch-role";

export { postgresMissing };

/**
 * @param {string} place - A folder below one in which the packages are installed.
 */
export async function trySyncGuide(place) {
  const page = readFileSync(join(root, "docs/guides/sync.md"), "utf8");
  const files = [...page.matchAll(/```js\n\/\/ (?<name>\S+\.mjs)\n(?<source>[^]*?)```/gu)];
  if (files.length !== 3) throw new Error(`the guide has ${files.length} files`);
  mkdirSync(place);
  for (const { groups } of files) writeFileSync(join(place, groups?.name ?? ""), (groups?.source ?? "").replaceAll("127.0.0.1:8443", "127.0.0.1:18443").replace("port: 8443", "port: 18443"));
  // The two lines that make the secrets, as they stand there.
  const secrets = /```sh\n(?<lines>(?:openssl rand .*\n)+)```/u.exec(page)?.groups?.lines;
  if (secrets === undefined) throw new Error("the guide makes no secrets");
  command("sh", ["-ec", secrets], place);
  const cluster = await startCluster({});
  try {
    const address = await cluster.createDatabase();
    const asOwner = { PGPASSWORD: PASSWORD, PGPORT: String(cluster.port) };
    const asAdministrator = { PGPASSWORD: address.password, PGPORT: String(cluster.port), PGHOST: "localhost", PGUSER: address.user };
    command("psql", ["-qc", `CREATE ROLE holdfast LOGIN PASSWORD '${PASSWORD}'`, "postgres"], place, asAdministrator);
    command("psql", ["-qc", "CREATE DATABASE clinic OWNER holdfast", "postgres"], place, asAdministrator);
    /** @param {string[]} options */
    const device = (...options) => command(process.execPath, ["device.mjs", ...options], place, { DEVICE_PASSPHRASE: "of a device in a test", ANNAS_PASSWORD: "a password of Anna" });
    /** @param {string} sql */
    const query = (sql) => command("psql", ["-h", "localhost", "-U", "holdfast", "-Atc", sql, "clinic"], place, asOwner);

    await whileServing(place, asOwner, () => {
      device("phone", "Call Dr. Novak");
      device("laptop", "Order insulin");
      expect(device("phone"), expectedText(page), "the phone shows");
      expect(query(`SELECT title, done, tags FROM app."Task" ORDER BY title`), 'Call Dr. Novak|f|["phone"]\nOrder insulin|f|["laptop"]', "the rows are");
      query(`UPDATE app."Task" SET done = true WHERE title LIKE 'Call%'`);
      expect(device("laptop"), "[x] Call Dr. Novak phone\n[ ] Order insulin laptop", "the laptop shows");
    });
    for (const file of filesUnder(join(place, "phone"))) if (readFileSync(file).includes("insulin")) throw new Error(`${file} holds plain text`);
    const alone = device("phone", "Written without the server");
    if (!alone.startsWith("no network: it goes up later\n")) throw new Error(`without a server the phone printed ${alone}`);
    await whileServing(place, asOwner, () => {
      device("phone", "Another");
      expect(device("laptop").split("\n").length.toString(), "4", "after the server came back the laptop's tasks are");
    });
  } finally {
    cluster.stop();
  }
}

/** @param {string} place @param {NodeJS.ProcessEnv} environment @param {() => void} work */
async function whileServing(place, environment, work) {
  // npm names the program in the folder where it is installed; from a folder below, npx finds it.
  const bin = join(place, "../node_modules/.bin/holdfast-sync-server");
  if (!existsSync(bin)) throw new Error("the server's program is not installed");
  const server = spawn(bin, ["--config", "holdfast.mjs"], { cwd: place, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (chunk) => (log += chunk));
  try {
    const said = await Promise.race([once(server.stdout, "data"), once(server, "exit").then(() => undefined), new Promise((done) => setTimeout(done, START_MS).unref())]);
    if (said === undefined || !String(said[0]).startsWith("Listening on ")) throw new Error(`the server did not start: ${log.slice(-2000)}`);
    work();
  } finally {
    server.kill("SIGTERM");
    if (server.exitCode === null) await once(server, "exit");
  }
  if (server.exitCode !== 0) throw new Error(`the server ended with ${server.exitCode ?? server.signalCode}: ${log.slice(-2000)}`);
}

/** @param {string} page */
function expectedText(page) {
  return (/```text\n(?<lines>[^]*?)\n```/u.exec(page)?.groups?.lines ?? "").trimEnd();
}

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string} actual @param {string} expected @param {string} what */
function expect(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}\n${actual}\ninstead of\n${expected}`);
}

/** @param {string} program @param {string[]} options @param {string} directory @param {NodeJS.ProcessEnv} [environment] @returns {string} */
function command(program, options, directory, environment = {}) {
  const result = spawnSync(program, options, { cwd: directory, env: { ...process.env, ...environment }, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (result.status === 0) return result.stdout.trimEnd();
  throw new Error(`${program} ${options[0]} ended with ${result.error?.message ?? result.signal ?? result.status}:\n${result.stdout}${result.stderr}`);
}
