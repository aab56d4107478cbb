/**
 * Functions of the server: `user.functions.name(...)` and `user.callFunction("name", ...)`.
 *
 * Arguments and results travel as relaxed EJSON, as Atlas's did: dates and ids arrive as such.
 *
 * @module
 */
import { BSON, TypeAssertionError } from "@holdfast/realm";
import { AppError } from "./app-error.ts";
import type { AskAsUser } from "./api-key-auth.ts";

/** A function of the server. */
export type AppServicesFunction<Result = unknown, Args extends unknown[] = unknown[]> = (...args: Args) => Promise<Result>;
/** Functions by name. */
export type DefaultFunctionsFactory = { readonly [name: string]: AppServicesFunction };

/** Calls a function. @throws {AppError} `FUNCTION_UNKNOWN`, `FUNCTION_REFUSED`, `FUNCTION_FAILED`, `NETWORK_UNAVAILABLE`, ... */
export async function callServerFunction(ask: AskAsUser, name: unknown, args: readonly unknown[]): Promise<unknown> {
  if (typeof name !== "string") throw new TypeAssertionError("a string", name, "name");
  const body = { name, arguments: JSON.parse(BSON.EJSON.stringify(args, { relaxed: true })) as unknown };
  const { result } = await ask({ method: "POST", path: "/functions/call", body });
  return result === undefined ? undefined : (BSON.EJSON.parse(JSON.stringify(result), { relaxed: true }) as unknown);
}

/** An object that has every function. */
export function functionsOf<Factory>(ask: AskAsUser): Factory {
  return new Proxy(Object.create(null) as object, {
    get(_target, name) {
      // Whatever is awaited is asked for "then".
      if (typeof name !== "string" || name === "then") return undefined;
      return (...args: unknown[]) => callServerFunction(ask, name, args);
    },
  }) as Factory;
}

/** @throws {AppError} `NOT_SUPPORTED` */
export function noMongoClient(): never {
  throw new AppError("NOT_SUPPORTED", "there is no MongoDB behind the server: read and write objects of a synced realm, or let a function of the server (user.functions) ask its database");
}

/** @throws {AppError} `NOT_SUPPORTED` */
export function noPush(): never {
  throw new AppError("NOT_SUPPORTED", "the server sends no push messages: keep the device's token in an object or the user's custom data, and send from a program of your own");
}
