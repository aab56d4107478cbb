/**
 * Whether a user may change an object.
 *
 * What the user cannot see is answered like what is not there: the same code, the same words.
 *
 * @module
 */
import type { Operation } from "@holdfast/sync-protocol";
import type { Filter } from "../filters/filter.ts";
import { compilePredicate } from "../filters/predicate.ts";
import { imageReader } from "../merge/image.ts";
import type { Image } from "../merge/image.ts";
import type { ObjectChange, Refusal } from "../merge/merge-batch.ts";
import type { BoundRole } from "./rules.ts";

/** What a user may do with objects of one class. */
export interface Rights {
  readonly role: BoundRole;
  readonly canRead: (image: Image) => boolean;
  readonly canInsert: (image: Image) => boolean;
  readonly canUpdate: (image: Image) => boolean;
  readonly canDelete: (image: Image) => boolean;
}

const GONE: Refusal = { code: "OBJECT_GONE", reason: "there is no such object any more", isGone: true };
const DENIED: Refusal = { code: "PERMISSION_DENIED", reason: "the rules do not allow this change" };

/** Compiles a role. */
export function rightsOf(role: BoundRole): Rights {
  return {
    role,
    canRead: whenAsked(role.read),
    canInsert: whenAsked(role.insert),
    canUpdate: whenAsked(role.update),
    canDelete: whenAsked(role.delete),
  };
}

/** Compiles at the first question: most sessions never write. */
function whenAsked(filter: Filter): (image: Image) => boolean {
  let compiled: ((image: Image) => boolean) | undefined;
  return (image) => {
    compiled ??= compilePredicate(filter, imageReader);
    return compiled(image);
  };
}

/** Why a change is refused; undefined if it is allowed. */
export function refusalOf(change: ObjectChange, rights: Rights | undefined, isAsymmetric: boolean): Refusal | undefined {
  const { before, after, made, ops } = change;
  const creates = ops.some((operation) => operation.do.act === "create");
  if (rights === undefined) return creates ? DENIED : GONE;
  const isVisible = before !== undefined && (isAsymmetric ? false : rights.canRead(before));
  // A delete that somebody else's came before is a delete still: the later one decides what is left of those who made the object anew.
  if (before === undefined && !isAsymmetric && deletesAgain(change, rights)) return undefined;
  // Not there, deleted, or out of sight: nothing tells the three apart.
  if (!creates && !isVisible) return GONE;
  if (before !== undefined && !isVisible) return DENIED;
  if (after === undefined && before !== undefined) return rights.canDelete(before) ? undefined : DENIED;
  if (ops.some((operation) => isUnwritable(operation, rights.role.unwritable))) return DENIED;
  if (before === undefined) {
    // Asked before anything that was deleted can make a difference: who may not insert is not told which keys were ever used.
    if (made === undefined || !rights.canInsert(made)) return DENIED;
    // Without effect: somebody had deleted the object, and the writer had not heard of it. The writer must not believe that it is there.
    if (after === undefined) return ops.at(-1)?.do.act === "delete" ? undefined : GONE;
    return rights.canInsert(after) ? undefined : DENIED;
  }
  if (after === undefined) return DENIED;
  return rights.canUpdate(before) && rights.canUpdate(after) ? undefined : DENIED;
}

/** Of what is known of the object as it was when it was alive, the user could see it, and could have deleted it. */
function deletesAgain({ last, ops }: ObjectChange, { canRead, canDelete }: Rights): boolean {
  return last !== undefined && ops.every((operation) => operation.do.act === "delete") && canRead(last) && canDelete(last);
}

function isUnwritable({ path, do: action }: Operation, unwritable: ReadonlySet<string>): boolean {
  const [head] = path;
  if (head === undefined || (action.act === "set" && action.isDefault === true)) return false;
  return unwritable.has(typeof head === "string" ? head : head.at);
}
