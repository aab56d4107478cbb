/**
 * Configurations of synced realms from one render to the next: callbacks that are made anew in each render are no other configuration.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { dequal } from "dequal";
import { useRef } from "react";
import type { RefObject } from "react";

type Fields = Readonly<Record<string, unknown>>;

/** The same object as long as its content is the same; functions of `sync` do not count, and the newest ones are called. */
export function useStableConfiguration(configuration: Realm.Configuration): Realm.Configuration {
  const latest = useRef(configuration);
  const stable = useRef<{ readonly given: Realm.Configuration; readonly result: Realm.Configuration } | null>(null);
  latest.current = configuration;
  if (stable.current === null || !isSame(stable.current.given, configuration)) stable.current = { given: configuration, result: withLatest(configuration, latest) };
  return stable.current.result;
}

function isSame(left: Realm.Configuration, right: Realm.Configuration): boolean {
  const { sync: leftSync, ...leftRest } = left;
  const { sync: rightSync, ...rightRest } = right;
  return dequal(leftRest, rightRest) && dequal(withoutFunctions(leftSync), withoutFunctions(rightSync));
}

function isPlain(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Functions become a mark: whether there is one does count. */
function withoutFunctions(value: unknown): unknown {
  if (typeof value === "function") return "function";
  return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutFunctions(field)])) : value;
}

function withLatest(configuration: Realm.Configuration, latest: RefObject<Realm.Configuration>): Realm.Configuration {
  const { sync } = configuration as { readonly sync?: unknown };
  return sync === undefined ? configuration : ({ ...configuration, sync: calling(sync, (now) => now, latest) } as Realm.Configuration);
}

/** The same fields, with functions that call those of the latest render. A transport's own functions keep their object. */
function calling(value: unknown, read: (sync: unknown) => unknown, latest: RefObject<Realm.Configuration>): unknown {
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const readField = (sync: unknown): unknown => (read(sync) as Fields | undefined)?.[name];
      if (typeof field === "function") return [name, (...args: unknown[]): unknown => (readField((latest.current as { readonly sync?: unknown }).sync) as (...all: unknown[]) => unknown)(...args)];
      return [name, name === "user" || name === "transport" ? field : calling(field, readField, latest)];
    }),
  );
}
