/**
 * A view: what a set of subscriptions and a user's rights show together. Sessions with equal views share one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { withoutReplaced } from "@holdfast/sync-protocol";
import type { ObjectState, Operation, SyncClass, WireSubscription } from "@holdfast/sync-protocol";
import { simplify } from "../filters/bind.ts";
import { costOf } from "../filters/filter.ts";
import type { Filter } from "../filters/filter.ts";
import { parseFilter } from "../filters/parse-filter.ts";
import { compilePredicate } from "../filters/predicate.ts";
import { imageReader } from "../merge/image.ts";
import type { Image } from "../merge/image.ts";
import type { BoundRole } from "../permissions/rules.ts";
import { SyncServerError } from "../errors.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";

/** Constants that the subscriptions of a session may compare with, all together: each change of an object asks them. */
const COST_MAX = 2000;

/** What is shown of one class. */
export interface ClassView {
  readonly type: string;
  /** Rights and any of the subscriptions. */
  readonly filter: Filter;
  readonly shows: (image: Image) => boolean;
  /** Fields that must not leave the server. */
  readonly hidden: ReadonlySet<string>;
  /** Its objects have places in which one container can take the place of another. */
  readonly mayReplace: boolean;
}

/** What a session is shown. */
export interface View {
  readonly classes: ReadonlyMap<string, ClassView>;
  /** Equal for equal views; part of every resume token. */
  readonly digest: string;
}

/** What a view is made of. */
export interface ViewOptions {
  readonly queries: readonly WireSubscription[];
  /** The roles of the user, by class. */
  readonly roles: ReadonlyMap<string, BoundRole>;
  readonly layout: SchemaLayout;
}

/** Puts rights and subscriptions together. @throws {SyncServerError} `QUERY_UNSUPPORTED` */
export function makeView({ queries, roles, layout }: ViewOptions): View {
  const wanted = new Map<string, Filter[]>();
  let cost = 0;
  for (const { type, query } of queries) {
    const table = layout.tables.get(type);
    if (table === undefined || table.class.asymmetric === true) throw new SyncServerError("QUERY_UNSUPPORTED", "a subscription to a class that the server does not have, or that is written only");
    const hidden = roles.get(type)?.hidden;
    // A hidden field is like none: asking for its values would tell them.
    const filter = parseFilter(query, { findField: (name) => (hidden?.has(name) === true ? undefined : layout.findField(type, name)), allowsUser: false });
    cost += costOf(filter);
    if (cost > COST_MAX) throw new SyncServerError("QUERY_UNSUPPORTED", `subscriptions that compare with more than ${String(COST_MAX)} constants`);
    wanted.set(type, [...(wanted.get(type) ?? []), filter]);
  }
  const classes = new Map<string, ClassView>();
  for (const [type, filters] of [...wanted].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const role = roles.get(type);
    if (role === undefined) continue;
    const filter = simplify({ kind: "and", operands: [role.read, { kind: "or", operands: filters }] });
    if (filter.kind === "truth" && !filter.isTrue) continue;
    classes.set(type, { type, filter, shows: compilePredicate(filter, imageReader), hidden: role.hidden, mayReplace: mayReplace(layout.classes.get(type), layout) });
  }
  const described = [...classes.values()].map((each) => [each.type, each.filter, [...each.hidden].toSorted()]);
  const text = JSON.stringify(described, (_name, value: unknown) => (typeof value === "bigint" ? `${String(value)}n` : typeof value === "number" && !Number.isFinite(value) ? String(value) : value));
  return { classes, digest: createHash("sha256").update(text).digest("base64url").slice(0, 22) };
}

/** The operations without those on hidden fields. */
export function visibleOperations(ops: readonly Operation[], hidden: ReadonlySet<string>): readonly Operation[] {
  if (hidden.size === 0) return ops;
  return ops.filter(({ path: [head] }) => head === undefined || !hidden.has(typeof head === "string" ? head : head.at));
}

/**
 * The state as it leaves the server: without hidden fields, and without what stands in containers that do not show any more. It may be from a
 * time when the object was out of the viewer's sight.
 */
export function visibleState(state: ObjectState, { hidden, mayReplace }: Pick<ClassView, "hidden" | "mayReplace">): ObjectState {
  const shown = mayReplace ? withoutReplaced(state) : state;
  if (hidden.size === 0 || shown.f === undefined) return shown;
  return { ...shown, f: Object.fromEntries(Object.entries(shown.f).filter(([name]) => !hidden.has(name))) };
}

/** A mixed value can be a container, and an embedded object null. A collection of anything else is what it is. */
function mayReplace(found: SyncClass | undefined, layout: SchemaLayout): boolean {
  return found?.properties.some(({ type, objectType }) => type === "mixed" || (objectType !== undefined && layout.classes.get(objectType)?.embedded === true)) === true;
}
