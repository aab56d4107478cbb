// Checked by the compiler, never run: what a page sees of models, and of a worker's procedures.
import Realm from "@holdfast/realm";
import { openInWorker } from "@holdfast/realm/client";
import type { ObjectId, Snapshot, Snapshots } from "@holdfast/realm/client";
import { serve } from "@holdfast/realm/worker";

type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function same<Left, Right>(_is: Same<Left, Right>): void {
  // The compiler has compared them.
}

class Folder extends Realm.Object<Folder> {
  _id!: Realm.BSON.ObjectId;
  name!: string;
  notes!: Realm.Results<Note>;
}

class Note extends Realm.Object<Note> {
  _id!: number;
  title!: string;
  folder!: Folder | null;
  tags!: Realm.Set<string>;
  parts!: Realm.List<Folder>;
  more!: Realm.Dictionary<number>;
  data!: ArrayBuffer;
  changed!: Date;
  method(): void {
    // A snapshot has none.
  }
  static schema: Realm.ObjectSchema = { name: "Note", properties: {} };
}

type NoteSnapshot = Snapshot<Note>;
same<NoteSnapshot["_id"], number>(true);
same<NoteSnapshot["tags"], ReadonlySet<string>>(true);
same<NoteSnapshot["more"], Readonly<Record<string, number>>>(true);
same<NoteSnapshot["changed"], Date>(true);
same<keyof NoteSnapshot, "_id" | "title" | "folder" | "tags" | "parts" | "more" | "data" | "changed">(true);
same<NonNullable<NoteSnapshot["folder"]>["_id"], ObjectId>(true);
same<keyof NonNullable<NoteSnapshot["folder"]>, "_id" | "name">(true);
same<NoteSnapshot["parts"][number]["name"], string>(true);

const procedures = {
  add: (realm: Realm, title: string, count = 1) => realm.create(Note, { _id: count, title }),
  async count(realm: Realm): Promise<number> {
    return realm.objects(Note).length;
  },
};
serve({ schema: [Note, Folder], procedures });

export async function page(): Promise<void> {
  const realm = await openInWorker<typeof procedures>({ worker: () => ({ postMessage: () => undefined, addEventListener: () => undefined, terminate: () => undefined }) });
  const added = await realm.call("add", "title", 2);
  same<typeof added, NoteSnapshot>(true);
  const counted = await realm.call("count");
  same<typeof counted, number>(true);
  // @ts-expect-error a procedure's arguments have their types
  await realm.call("add", 5);
  // @ts-expect-error there is no such procedure
  await realm.call("remove");
  const notes = await realm.objects<Note>(Note).filtered("title == $0", "x").run();
  same<typeof notes, Snapshots<NoteSnapshot>>(true);
  // @ts-expect-error a snapshot cannot be changed
  if (notes[0] !== undefined) notes[0].title = "y";
  const made = await realm.write((tx) => tx.create<Note>("Note", { _id: 1 }));
  same<typeof made, NoteSnapshot>(true);
  await realm.write((tx) => tx.update(made, { title: "z" }));
  // @ts-expect-error there is no such property
  await realm.write((tx) => tx.update(made, { titel: "z" }));
  const untyped = await realm.objects("Note").run();
  same<(typeof untyped)[number], Readonly<Record<string, unknown>>>(true);
}
