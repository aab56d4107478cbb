/**
 * Where live sessions are attacked: classes, rules, users, and the names that an attacker may guess.
 *
 * @module
 */
import type { SyncSchema } from "@holdfast/sync-protocol";
import type { Rules, SyncServerOptions } from "@holdfast/sync-server";

/** Classes with every kind of field. */
export const SCHEMA: SyncSchema = {
  classes: [
    {
      name: "Task",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "string" }, { name: "owner", type: "string", optional: true }, { name: "title", type: "string", optional: true }, { name: "done", type: "bool" }, { name: "count", type: "int", counter: true }, { name: "due", type: "date", optional: true },
        { name: "secret", type: "string", optional: true }, { name: "salary", type: "int" }, { name: "notes", type: "string", collection: "list" }, { name: "inner", type: "mixed", optional: true }, { name: "words", type: "string", collection: "dict" }, { name: "codes", type: "string", collection: "set" },
        { name: "tags", type: "string", collection: "list" }, { name: "lines", type: "string", collection: "list" }, { name: "marks", type: "int", collection: "set" }, { name: "byName", type: "int", collection: "dict" }, { name: "extra", type: "mixed", optional: true },
        { name: "friend", type: "object", objectType: "Task", optional: true }, { name: "place", type: "object", objectType: "Place", optional: true },
      ],
    },
    { name: "Place", embedded: true, properties: [{ name: "street", type: "string" }, { name: "lines", type: "string", collection: "list" }] },
    { name: "Own", primaryKey: "_id", properties: [{ name: "_id", type: "string" }, { name: "owner", type: "string", optional: true }, { name: "text", type: "string", optional: true }, { name: "friend", type: "object", objectType: "Task", optional: true }] },
    { name: "Closed", primaryKey: "_id", properties: [{ name: "_id", type: "string" }, { name: "text", type: "string" }] },
    { name: "Event", primaryKey: "_id", asymmetric: true, properties: [{ name: "_id", type: "string" }, { name: "what", type: "string" }] },
  ],
};

/** Fields that nobody but the administrator may read. */
export const HIDDEN = ["secret", "salary", "notes", "inner", "words", "codes"] as const;
const UNREADABLE = Object.fromEntries(HIDDEN.map((name) => [name, { read: false }]));
const ADMIN = { name: "admin", applyWhen: "%%user.custom_data.role == 'admin'", read: true, insert: true, update: true, delete: true } as const;
const MINE = "owner == %%user.id";

/** The rules; without `HIDDEN` if a leak is planted. */
export function rulesOf(isHiding: boolean): Rules {
  const fields = isHiding ? { fields: UNREADABLE } : {};
  return {
    classes: {
      Task: [
        ADMIN,
        { name: "member", applyWhen: "%%user.custom_data.role == 'member'", read: `${MINE} OR 'everybody' IN tags`, insert: MINE, update: MINE, delete: `${MINE} AND done == true`, ...fields },
        { name: "guest", applyWhen: "%%user.custom_data.role == 'guest'", read: "'everybody' IN tags", ...fields },
      ],
      Own: [ADMIN, { name: "everybody", read: MINE, insert: MINE, update: MINE, delete: MINE }],
      Closed: [ADMIN],
      Event: [{ name: "everybody", insert: true }],
    },
  };
}

/** Users: two who write honestly, three who attack. */
export const ROLES: Readonly<Record<string, string>> = { root: "admin", hal: "member", ann: "member", bob: "guest", cy: "none" };
export const ATTACKERS = ["ann", "bob", "cy"] as const;
/** Objects in the attackers' sight, some of the time; objects that never are; keys that are not taken. */
export const SEEN = ["s0", "s1", "s2", "s3"] as const;
export const OUT_OF_SIGHT = ["r0", "r1", "r2", "r3", "hal0", "hal1"] as const;
export const UNUSED = ["u0", "u1", "u2"] as const;

/** The token of a user. */
export function tokenOf(user: string): string {
  return `user:${user}`;
}

/** Takes tokens that say whose they are. `about` is in what is known of the administrator. */
export function authenticator(roles: ReadonlyMap<string, string>, about: string): SyncServerOptions["authenticator"] {
  return {
    verify: (token) => {
      const [kind, userId = ""] = token.split(":");
      if (kind === "expired") return Promise.resolve({ refused: "expired" });
      if (kind !== "user" || !roles.has(userId)) return Promise.resolve({ refused: "invalid" });
      return Promise.resolve({ userId, customData: customData(userId, roles, about), expiresAt: Date.now() + 3_600_000 });
    },
  };
}

/** What the rules may ask about a user. */
export function customData(userId: string, roles: ReadonlyMap<string, string>, about: string): Readonly<Record<string, unknown>> {
  return { role: roles.get(userId), ...(userId === "root" ? { about } : {}) };
}
