/**
 * What the demo syncs: notes of a team.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import type { Rules } from "@holdfast/sync-server";

/** A note as an application sees it. */
export interface Note extends Realm.Object {
  readonly _id: string;
  team: string;
  title: string;
  body: string;
  tags: Realm.List<string>;
  readonly hearts: Realm.Types.Counter;
}

/** The schema of all devices. */
export const NOTE: Realm.ObjectSchema = {
  name: "Note",
  primaryKey: "_id",
  properties: { _id: "string", team: "string", title: "string", body: "string", tags: "string[]", hearts: "counter" },
};

/** A note belongs to a team, and only its members see and change it. */
export const RULES: Rules = {
  classes: {
    Note: [{ name: "member", read: "team == %%user.custom_data.team", insert: "team == %%user.custom_data.team", update: "team == %%user.custom_data.team", delete: "team == %%user.custom_data.team" }],
  },
};

/** A note in one line. */
export function lineOf({ title, tags, hearts }: Note): string {
  return `${title}  [${[...tags].join(", ")}]  ${"♥".repeat(hearts.value)}`;
}
