/**
 * The log of this package: levels by category, and where messages go. No message holds a byte of a key or of a stored value.
 *
 * @module
 */
import { RealmError, TypeAssertionError } from "./errors.ts";

/** From the most to the least. */
export const LOG_LEVELS = ["all", "trace", "debug", "detail", "info", "warn", "error", "fatal", "off"] as const;

/** A level. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Realm's numbers of the levels. */
export const NumericLogLevel = { All: 0, Trace: 1, Debug: 2, Detail: 3, Info: 4, Warn: 5, Error: 6, Fatal: 7, Off: 8 } as const;

/** Realm's categories; those of sync are accepted, nothing is logged in them. */
export const LOG_CATEGORIES = [
  "Realm",
  "Realm.Storage",
  "Realm.Storage.Transaction",
  "Realm.Storage.Query",
  "Realm.Storage.Object",
  "Realm.Storage.Notification",
  "Realm.Sync",
  "Realm.Sync.Client",
  "Realm.Sync.Client.Session",
  "Realm.Sync.Client.Changeset",
  "Realm.Sync.Client.Network",
  "Realm.Sync.Client.Reset",
  "Realm.Sync.Server",
  "Realm.App",
  "Realm.SDK",
] as const;

/** A category; a category's level holds for those below it. */
export type LogCategory = (typeof LOG_CATEGORIES)[number];

/** What a logger is called with. */
export interface LogEntry {
  readonly category: LogCategory;
  readonly level: LogLevel;
  readonly message: string;
}

/** A logger; one with two parameters gets level and message, as older versions of Realm had it. */
export type Logger = ((entry: LogEntry) => void) | ((level: LogLevel, message: string) => void);

const DEFAULT_LEVEL = NumericLogLevel.Warn;
const levels = new Map<LogCategory, number>();
let logger: Logger | undefined;

/** Sets how much is logged in a category and those below it. */
export function setLogLevel(level: unknown, category: unknown = "Realm"): void {
  const number = LOG_LEVELS.indexOf(level as LogLevel);
  if (number < 0) throw new RealmError("ARGUMENT_INVALID", `Expected 'level' to be one of ${LOG_LEVELS.map((name) => `'${name}'`).join(", ")}, got ${typeof level === "string" ? `'${level}'` : typeof level}.`);
  if (!LOG_CATEGORIES.includes(category as LogCategory)) throw new RealmError("ARGUMENT_INVALID", `Expected 'category' to be one of ${LOG_CATEGORIES.map((name) => `'${name}'`).join(", ")}.`);
  for (const name of LOG_CATEGORIES) if (name === category || name.startsWith(`${String(category)}.`)) levels.set(name, number);
}

/** Sets where messages go. */
export function setLogger(callback: unknown): void {
  if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "logger");
  logger = callback as Logger;
}

/** Back to the beginning: warnings and worse, to the console. */
export function resetLogging(): void {
  levels.clear();
  logger = undefined;
}

/** Logs a message, which is only made if somebody wants it. */
export function log(category: LogCategory, level: Exclude<LogLevel, "all" | "off">, message: () => string): void {
  if (LOG_LEVELS.indexOf(level) < (levels.get(category) ?? DEFAULT_LEVEL)) return;
  if (logger === undefined) toConsole(category, level, message());
  else if (logger.length === 2) (logger as (level: LogLevel, message: string) => void)(level, message());
  else (logger as (entry: LogEntry) => void)({ category, level, message: message() });
}

function toConsole(category: LogCategory, level: LogLevel, message: string): void {
  const sink = (globalThis as unknown as { console?: Record<string, ((text: string) => void) | undefined> }).console;
  const name = level === "fatal" || level === "error" ? "error" : level === "warn" ? "warn" : level === "trace" || level === "debug" ? "debug" : "log";
  sink?.[name]?.(`[${level}] [${category}] ${message}`);
}
