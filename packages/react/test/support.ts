import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Realm } from "@holdfast/realm";
import { act } from "@testing-library/react";
import { afterAll } from "vitest";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const folder = mkdtempSync(join(tmpdir(), "holdfast-react-"));
let count = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A path that no other test uses. */
export function freshPath(): string {
  count += 1;
  return join(folder, `${count}.realm`);
}

/** Writes, and waits until listeners have been told and React has rendered. */
export async function writeAndRender(realm: Realm, action: () => void): Promise<void> {
  await act(async () => {
    realm.write(action);
    await settled();
  });
}

/** Lets notifications pass. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class Tag extends Realm.Object<Tag> {
  declare id: number;
  declare name: string;
  static schema: Realm.ObjectSchema = { name: "Tag", primaryKey: "id", properties: { id: "int", name: "string" } };
}

export class Dog extends Realm.Object<Dog> {
  declare id: number;
  declare name: string;
  declare age: number;
  declare tags: Realm.List<Tag>;
  declare nicknames: Realm.List<string>;
  declare friend: Dog | null;
  static schema: Realm.ObjectSchema = {
    name: "Dog",
    primaryKey: "id",
    properties: { id: "int", name: "string", age: "int", tags: "Tag[]", nicknames: "string[]", friend: "Dog?" },
  };
}

/** Six dogs. */
export const DOGS = [
  { id: 1, name: "Rex", age: 4 },
  { id: 2, name: "Luna", age: 12 },
  { id: 3, name: "Bello", age: 10 },
  { id: 4, name: "Nala", age: 18 },
  { id: 5, name: "Milo", age: 12 },
  { id: 6, name: "Coco", age: 5 },
];

/** An encrypted or plain realm with the six dogs. */
export function openDogs(encryptionKey?: Uint8Array): Realm {
  const realm = new Realm({ path: freshPath(), schema: [Dog, Tag], ...(encryptionKey === undefined ? {} : { encryptionKey }) });
  realm.write(() => {
    for (const dog of DOGS) realm.create("Dog", dog);
  });
  return realm;
}
