/**
 * What a user may do, class by class.
 *
 * @module
 */
import type { VerifiedUser } from "../auth/authenticator.ts";
import { rightsOf } from "../permissions/authorize.ts";
import type { Rights } from "../permissions/authorize.ts";
import { roleFor } from "../permissions/rules.ts";
import type { BoundRole, CompiledRules } from "../permissions/rules.ts";

/** Roles and what they compile to. */
export interface UserRights {
  readonly roles: ReadonlyMap<string, BoundRole>;
  readonly rights: ReadonlyMap<string, Rights>;
}

/** The rights of a user under a set of rules. */
export function userRights(rules: CompiledRules, user: VerifiedUser): UserRights {
  const roles = new Map<string, BoundRole>();
  for (const [type, candidates] of rules) {
    const role = roleFor(candidates, { id: user.userId, custom_data: user.customData });
    if (role !== undefined) roles.set(type, role);
  }
  return { roles, rights: new Map([...roles].map(([type, role]) => [type, rightsOf(role)])) };
}
