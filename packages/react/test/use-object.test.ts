// @vitest-environment happy-dom
import { Realm } from "@holdfast/realm";
import { act, cleanup, render, renderHook } from "@testing-library/react";
import { createElement, memo, StrictMode } from "react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRealmContext } from "../src/index.ts";
import { Dog, freshPath, openDogs, settled, Tag, writeAndRender } from "./support.ts";

const FORMS = [
  ["plain", undefined],
  ["encrypted", Realm.generateEncryptionKey()],
] as const;

describe.each(FORMS)("useObject over a %s realm", (_form, encryptionKey) => {
  let realm: Realm;
  beforeEach(() => {
    realm = openDogs(encryptionKey);
  });
  afterEach(() => {
    cleanup();
    realm.close();
  });
  const hooks = (): ReturnType<typeof createRealmContext> => createRealmContext(realm) as never;

  it("[R-12.1] gives an object by name, by model and by options", () => {
    const { useObject } = hooks();
    expect(renderHook(() => useObject<{ name: string }>("Dog", 2)).result.current?.name).toBe("Luna");
    expect(renderHook(() => useObject(Dog, 2)).result.current).toBeInstanceOf(Dog);
    expect(renderHook(() => useObject({ type: Dog, primaryKey: 3 })).result.current?.name).toBe("Bello");
  });

  it("gives null for an object that is not there, and the object once it is", async () => {
    const { useObject } = hooks();
    let renders = 0;
    const { result } = renderHook(() => {
      renders += 1;
      return useObject(Dog, 12);
    });
    await act(settled);
    expect(result.current).toBeNull();
    await writeAndRender(realm, () => realm.create("Dog", { id: 13, name: "Another", age: 1 }));
    expect(renders).toBe(1);
    await writeAndRender(realm, () => realm.create("Dog", { id: 12, name: "Lassie", age: 32 }));
    expect(result.current?.name).toBe("Lassie");
    await writeAndRender(realm, () => {
      (result.current as Dog).age = 33;
    });
    expect(result.current?.age).toBe(33);
  });

  it.each(["arguments", "options"])("with key paths as %s renders for these properties, and for the object's deletion and return", async (form) => {
    const { useObject } = hooks();
    let renders = 0;
    const { result } = renderHook(() => {
      renders += 1;
      return form === "options" ? useObject({ type: Dog, primaryKey: 1, keyPaths: ["name", "friend.name"] }) : useObject(Dog, 1, ["name", "friend.name"]);
    });
    await act(settled);
    const first = result.current as Dog;
    const luna = realm.objectForPrimaryKey(Dog, 2) as Dog;
    await writeAndRender(realm, () => {
      first.age = 99;
      first.nicknames.push("Rexy");
      luna.name = "Moon";
    });
    expect(renders).toBe(1);
    expect(result.current).toBe(first);
    expect(result.current?.age).toBe(99);
    await writeAndRender(realm, () => (first.name = "Max"));
    expect(renders).toBe(2);
    expect(result.current).not.toBe(first);
    await writeAndRender(realm, () => (first.friend = luna));
    expect(renders).toBe(3);
    await writeAndRender(realm, () => (luna.age = 50));
    expect(renders).toBe(3);
    await writeAndRender(realm, () => realm.delete(realm.objectForPrimaryKey(Dog, 1)));
    expect([renders, result.current]).toEqual([4, null]);
    await writeAndRender(realm, () => realm.create(Dog, { id: 1, name: "Back", age: 1 }));
    expect([renders, result.current?.name]).toEqual([5, "Back"]);
    await writeAndRender(realm, () => ((result.current as Dog).age = 2));
    expect(renders).toBe(5);
  });

  it("gives another accessor for each change, null after a deletion, and the object if its key comes back", async () => {
    const { useObject } = hooks();
    const { result } = renderHook(() => useObject(Dog, 1));
    const first = result.current as Dog;
    await writeAndRender(realm, () => {
      first.age = 5;
    });
    expect(result.current).not.toBe(first);
    expect(result.current?.age).toBe(5);
    await writeAndRender(realm, () => realm.delete(result.current));
    expect(result.current).toBeNull();
    await writeAndRender(realm, () => realm.create("Dog", { id: 1, name: "Rex again", age: 1 }));
    expect(result.current?.name).toBe("Rex again");
  });

  it("is not rendered for changes of other objects", async () => {
    const { useObject } = hooks();
    let renders = 0;
    renderHook(() => {
      renders += 1;
      return useObject(Dog, 1);
    });
    await act(settled);
    await writeAndRender(realm, () => {
      (realm.objectForPrimaryKey(Dog, 2) as Dog).age = 99;
    });
    expect(renders).toBe(1);
  });

  it("writes through, compares as an object of the realm, and says that it was deleted", async () => {
    const { useObject } = hooks();
    const { result } = renderHook(() => useObject(Dog, 1));
    const rex = result.current as Dog;
    realm.write(() => {
      rex.name = "Max";
      rex.friend = realm.objectForPrimaryKey(Dog, 2);
      (realm.objectForPrimaryKey(Dog, 3) as Dog).friend = rex;
    });
    expect(realm.objectForPrimaryKey(Dog, 3)?.friend?.name).toBe("Max");
    expect(Object.keys(rex)).toEqual(["id", "name", "age", "tags", "nicknames", "friend"]);
    expect(rex.toJSON()).toMatchObject({ id: 1, name: "Max" });
    const shown = rex.name;
    realm.write(() => realm.delete(rex));
    expect(rex.isValid()).toBe(false);
    expect(rex.name).toBe(shown);
    expect(() => realm.write(() => (rex.name = "gone"))).toThrow("invalidated or deleted");
    await act(settled);
    expect(result.current).toBeNull();
  });

  it("keeps the identity of a list's elements and is rendered when one of them changes", async () => {
    const { useObject } = hooks();
    realm.write(() => {
      (realm.objectForPrimaryKey(Dog, 1) as Dog).tags.push(realm.create(Tag, { id: 1, name: "a" }), realm.create(Tag, { id: 2, name: "b" }));
    });
    let renders = 0;
    const Row = memo(function Row({ tag }: { tag: Tag }): ReactNode {
      renders += 1;
      return createElement("i", null, tag.name);
    });
    const Tags = (): ReactNode => createElement("p", null, ...(useObject(Dog, 1)?.tags.map((tag) => createElement(Row, { key: tag.id, tag })) ?? []));
    const { container } = render(createElement(Tags));
    await act(settled);
    expect(container.textContent).toBe("ab");
    expect(renders).toBe(2);
    await writeAndRender(realm, () => {
      (realm.objectForPrimaryKey(Tag, 2) as Tag).name = "c";
    });
    expect(container.textContent).toBe("ac");
    expect(renders).toBe(3);
    await writeAndRender(realm, () => realm.delete(realm.objectForPrimaryKey(Tag, 1)));
    expect(container.textContent).toBe("c");
  });

  it("takes a key made anew in each render as the same key", async () => {
    class Note extends Realm.Object<Note> {
      declare id: Realm.BSON.ObjectId;
      declare text: string;
      static schema: Realm.ObjectSchema = { name: "Note", primaryKey: "id", properties: { id: "objectId", text: "string" } };
    }
    const notes = new Realm({ path: freshPath(), schema: [Note] });
    const hex = "0123456789abcdef01234567";
    notes.write(() => notes.create(Note, { id: new Realm.BSON.ObjectId(hex), text: "first" }));
    const { useObject } = createRealmContext(notes);
    const { result, rerender } = renderHook(() => useObject(Note, new Realm.BSON.ObjectId(hex)), { wrapper: StrictMode });
    const note = result.current;
    rerender();
    expect(result.current).toBe(note);
    await writeAndRender(notes, () => {
      (note as Note).text = "second";
    });
    expect(result.current?.text).toBe("second");
    cleanup();
    notes.close();
  });
});
