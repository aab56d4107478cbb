/**
 * To which shard a user belongs: from the verified user alone, nothing that a client says.
 *
 * @module
 */
import type { VerifiedUser } from "../auth/authenticator.ts";
import { SyncServerError } from "../errors.ts";

/** A function of the verified user that gives the name of a shard, or where in the user's custom data that name stands: `%%user.custom_data.region`. */
export type ShardChoice = string | ((user: VerifiedUser) => string | undefined);

const VARIABLE = /^%%user\.(?:id|custom_data((?:\.[A-Za-z_][A-Za-z0-9_]*)+))$/;
const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

/** Refuses what cannot be the name of a shard: it becomes a label of metrics and part of a path. @throws {SyncServerError} `CONFIGURATION_INVALID` */
export function checkShardName(name: string): void {
  if (!NAME.test(name)) throw new SyncServerError("CONFIGURATION_INVALID", "shards: a name has 1 to 63 characters of a-z, 0-9, _ and -, and begins and ends with a letter or digit");
}

/** The function that a choice means. @throws {SyncServerError} `CONFIGURATION_INVALID` */
export function compileShardChoice(choice: ShardChoice): (user: VerifiedUser) => string | undefined {
  if (typeof choice === "function") return choice;
  const match = VARIABLE.exec(choice);
  if (match === null) throw new SyncServerError("CONFIGURATION_INVALID", "shardOf: expected a function of the user, %%user.id or %%user.custom_data.…");
  const path = match[1]?.slice(1).split(".");
  if (path === undefined) return ({ userId }) => userId;
  return ({ customData }) => {
    let value: unknown = customData;
    for (const step of path) value = typeof value === "object" && value !== null && Object.hasOwn(value, step) ? (value as Readonly<Record<string, unknown>>)[step] : undefined;
    return typeof value === "string" ? value : undefined;
  };
}
