/**
 * Realm's decorators. `@realm/babel-plugin` replaces them when it compiles a model; they do nothing by themselves.
 *
 * @module
 */
import { RealmError } from "./errors.ts";

/** Marks a property as indexed. @throws {RealmError} `DECORATOR_UNCOMPILED` */
export function index(..._args: unknown[]): never {
  throw uncompiled("@index()");
}

/** Gives a property another name in the file. @throws {RealmError} `DECORATOR_UNCOMPILED` */
export function mapTo(..._args: unknown[]): never {
  throw uncompiled("@mapTo()");
}

function uncompiled(name: string): RealmError {
  return new RealmError(
    "DECORATOR_UNCOMPILED",
    `The ${name} decorator was called at runtime: it only works when '@realm/babel-plugin' compiles the model. Add the plugin to your Babel configuration, or write the property's schema in the class's static 'schema'.`,
  );
}
