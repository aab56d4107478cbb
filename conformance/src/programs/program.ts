/**
 * Programs: what the other processes of a suite do. Each is a function over the same interfaces as the suites.
 *
 * @module
 */
import { configurationOf } from "../opening.ts";
import type { RealmConfiguration, RealmConstructor } from "../realm-api.ts";

/** What a program is handed. */
export interface ProgramContext {
  readonly Realm: RealmConstructor;
  readonly values: Readonly<Record<string, unknown>>;
  /** Tells the parent something. It has left the process when this returns, even if the process is killed next. */
  say(line: string): void;
  /** Resolves with the next line that the parent sends. */
  hear(): Promise<string>;
  sleep(ms: number): Promise<void>;
  /** A clock that all processes of the machine share. */
  sharedClockMs(): number;
}

/** One program; the process ends when its promise resolves. */
export type Program = (context: ProgramContext) => Promise<void>;

/** A number among the program's values. */
export function numberOf(context: ProgramContext, name: string): number {
  const value = context.values[name];
  if (typeof value !== "number") throw new Error(`the program needs the number "${name}"`);
  return value;
}

/** A text among the program's values. */
export function textOf(context: ProgramContext, name: string): string {
  const value = context.values[name];
  if (typeof value !== "string") throw new Error(`the program needs the text "${name}"`);
  return value;
}

/** A key among the program's values; absent for plain. */
export function keyOf(context: ProgramContext, name: string): Uint8Array | undefined {
  const value = context.values[name];
  return Array.isArray(value) ? Uint8Array.from(value as number[]) : undefined;
}

/** How the program opens the realm it was pointed at. */
export function configurationFor(context: ProgramContext): RealmConfiguration {
  return configurationOf(textOf(context, "path"), keyOf(context, "key"));
}
