#!/usr/bin/env node
/**
 * `npx @holdfast/sync-server [COMMAND] --config holdfast.mjs`
 *
 * Exit codes: 0 stopped as asked, or done, 2 flags or configuration are wrong, 3 the database, its key or the port cannot be had.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { importAtlas } from "../atlas/import-atlas.ts";
import { SyncServerError } from "../errors.ts";
import { jsonLog } from "../operations/log.ts";
import type { ServerConfig } from "./config.ts";
import { loadConfig } from "./config.ts";
import { giveBackWhenQuiet } from "./give-back.ts";
import { changeKeys, convert, rewrap } from "./keep.ts";
import type { Done, KeyOwners } from "./keep.ts";
import { runServer } from "./run.ts";

const USAGE = `Usage: holdfast-sync-server [COMMAND] --config FILE [options]

Without a command it serves. Commands:
  rewrap             wrap the keys of the store and of all users anew, under the first key provider; servers may run
  change-key         give users another key: --user ID (repeatable) or --all-users; servers may run
  encrypt            encrypt the embedded store; no server may run on it
  decrypt            write it as plain files again
  rekey              give it a new key, and the cipher of the configuration

  import-atlas FOLDER  print schema and rules made of an exported App Services application, and end
  --config FILE      JSON, or a module whose default export is the configuration
  --host ADDRESS     where to listen; anything but loopback needs tls
  --port NUMBER      0 for any free one
  --admin-port N     metrics and status page, on loopback
  --store-key-file F  encrypt the embedded store under the wrapping key in this file
  --check            read the configuration, say whether it can be used, and end
  --json             what is printed on standard output is JSON
  --help

Logs are lines of JSON on standard error. SIGTERM and SIGINT stop it gracefully.
`;

const USAGE_CODES: ReadonlySet<string> = new Set(["CONFIGURATION_INVALID", "RULE_INVALID", "QUERY_UNSUPPORTED", "SCHEMA_UNSUPPORTED", "TLS_REQUIRED", "STORE_KEY_MISSING", "STORE_NOT_ENCRYPTED", "STORE_CIPHER_MISSING"]);

process.exitCode = await main();

async function main(): Promise<number> {
  let isJson = process.argv.includes("--json");
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { config: { type: "string" }, host: { type: "string" }, port: { type: "string" }, "admin-port": { type: "string" }, "store-key-file": { type: "string" }, user: { type: "string", multiple: true }, "all-users": { type: "boolean" }, check: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } },
    });
    isJson = values.json === true;
    if (values.help === true) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (positionals[0] === "import-atlas") {
      printAtlas(positionals[1]);
      return 0;
    }
    if (values.config === undefined) throw new SyncServerError("CONFIGURATION_INVALID", "--config is missing; --help lists all flags");
    const config: ServerConfig = {
      ...(await loadConfig(values.config, values["store-key-file"])),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.port === undefined ? {} : { port: portOf(values.port) }),
      ...(values["admin-port"] === undefined ? {} : { adminPort: portOf(values["admin-port"]) }),
    };
    if (values.check === true) {
      print(isJson, { check: "ok" }, "The configuration can be used.");
      return 0;
    }
    const [command, ...more] = positionals;
    if (more.length > 0) throw new SyncServerError("CONFIGURATION_INVALID", "one command at a time");
    if (command === undefined) await serve(config, isJson);
    else {
      const { text, fields } = await run(command, config, { users: values.user ?? [], isAll: values["all-users"] === true });
      print(isJson, fields, text);
    }
    return 0;
  } catch (error) {
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : "unknown";
    if (isJson) print(true, { error: code, message }, "");
    else process.stderr.write(`${code}: ${message}\n`);
    return USAGE_CODES.has(code) || code.startsWith("ERR_PARSE_ARGS") || code.startsWith("AUTH_CONFIGURATION") ? 2 : 3;
  }
}

async function run(command: string, config: ServerConfig, owners: KeyOwners): Promise<Done> {
  if (command !== "change-key" && (owners.isAll || owners.users.length > 0)) throw new SyncServerError("CONFIGURATION_INVALID", "--user and --all-users belong to change-key");
  switch (command) {
    case "change-key":
      return changeKeys(config, owners, (count) => void process.stderr.write(`${String(count)} keys of users\n`));
    case "rewrap":
      return rewrap(config, (count) => void process.stderr.write(`${String(count)} keys of users\n`));
    case "encrypt":
    case "decrypt":
    case "rekey":
      return convert(command, config);
    default:
      throw new SyncServerError("CONFIGURATION_INVALID", "there is no such command; --help lists all");
  }
}

/** Schema and rules on standard output, what could not be carried over on standard error. */
function printAtlas(folder: string | undefined): void {
  if (folder === undefined) throw new SyncServerError("CONFIGURATION_INVALID", "import-atlas: name the folder that 'appservices pull' has made");
  const { schema, rules, notes } = importAtlas(folder);
  process.stdout.write(`${JSON.stringify({ schema, rules }, undefined, 2)}\n`);
  for (const note of notes) process.stderr.write(`not carried over: ${note}\n`);
}

async function serve(config: ServerConfig, isJson: boolean): Promise<void> {
  const stopped = new Promise((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  const running = await runServer(config, jsonLog((line) => process.stderr.write(line)));
  giveBackWhenQuiet();
  const { server, admin } = running;
  print(isJson, { url: server.url, ...(admin === undefined ? {} : { adminPort: admin.port }) }, `Listening on ${server.url}${admin === undefined ? "" : `, status on http://127.0.0.1:${String(admin.port)}/`}`);
  await stopped;
  await running.stop();
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new SyncServerError("CONFIGURATION_INVALID", "a port is a number from 0 to 65535");
  return port;
}

function print(isJson: boolean, fields: object, text: string): void {
  process.stdout.write(isJson ? `${JSON.stringify(fields)}\n` : `${text}\n`);
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : "FAILED";
}
