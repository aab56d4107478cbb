// @vitest-environment happy-dom
import { Realm } from "@holdfast/realm";
import { act, render, renderHook, cleanup } from "@testing-library/react";
import { createElement, memo, StrictMode, useState } from "react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRealmContext } from "../src/index.ts";
import { Dog, openDogs, settled, Tag, writeAndRender } from "./support.ts";

const FORMS = [
  ["plain", undefined],
  ["encrypted", Realm.generateEncryptionKey()],
] as const;

describe.each(FORMS)("useQuery over a %s realm", (_form, encryptionKey) => {
  let realm: Realm;
  let renders = 0;
  beforeEach(() => {
    realm = openDogs(encryptionKey);
    renders = 0;
  });
  afterEach(() => {
    cleanup();
    realm.close();
  });
  const hooks = (): ReturnType<typeof createRealmContext> => createRealmContext(realm) as never;

  it("[R-12.1] gives the objects of a class by name and by model", () => {
    const { useQuery } = hooks();
    const byName = renderHook(() => useQuery<{ name: string }>("Dog"));
    const byModel = renderHook(() => useQuery(Dog));
    expect(byName.result.current.map((dog) => dog.name)).toEqual(["Rex", "Luna", "Bello", "Nala", "Milo", "Coco"]);
    expect(byModel.result.current[1]).toBeInstanceOf(Dog);
    expect(byModel.result.current[99]).toBeUndefined();
    expect(byModel.result.current.length).toBe(6);
  });

  it("takes its three forms of arguments, and refuses others", () => {
    const { useQuery } = hooks();
    expect(renderHook(() => useQuery(Dog, (dogs) => dogs.filtered("age > 10"))).result.current.length).toBe(3);
    expect(renderHook(() => useQuery((dogs) => dogs.filtered("age > 10"), [], { type: Dog })).result.current.length).toBe(3);
    expect(renderHook(() => useQuery({ type: Dog, query: (dogs: Realm.Results<Dog>) => dogs.filtered("age > 10") })).result.current.length).toBe(3);
    expect(() => renderHook(() => useQuery(7 as never))).toThrow("Unexpected arguments passed to useQuery");
    expect(() => renderHook(() => useQuery(Dog, 7 as never))).toThrow("Unexpected arguments passed to useQuery");
  });

  it("makes the query again when a dependency changes", () => {
    const { useQuery } = hooks();
    const { result, rerender } = renderHook(({ age }) => useQuery({ type: Dog, query: (dogs: Realm.Results<Dog>) => dogs.filtered("age > $0", age) }, [age]), { initialProps: { age: 10 } });
    expect(result.current.length).toBe(3);
    rerender({ age: 15 });
    expect(result.current.length).toBe(1);
  });

  it("keeps collection and elements identical over renders without a change", () => {
    const { useQuery } = hooks();
    const { result, rerender } = renderHook(() => useQuery(Dog));
    const [collection, first] = [result.current, result.current[0]];
    rerender();
    expect(result.current).toBe(collection);
    expect(result.current[0]).toBe(first);
  });

  it("gives another collection after a change, and another element only where something changed", async () => {
    const { useQuery } = hooks();
    const { result } = renderHook(() => useQuery(Dog));
    await act(settled);
    const [collection, first, second] = [result.current, result.current[0], result.current[1]];
    await writeAndRender(realm, () => {
      (first as Dog).name = "Max";
    });
    expect(result.current).not.toBe(collection);
    expect(result.current[0]).not.toBe(first);
    expect(result.current[0]?.name).toBe("Max");
    expect(result.current[1]).toBe(second);
  });

  it("hears of insertions, deletions and of changes over links", async () => {
    const { useQuery } = hooks();
    const { result } = renderHook(() => useQuery(Dog, (dogs) => dogs.sorted("name")));
    await writeAndRender(realm, () => realm.create("Dog", { id: 7, name: "Ace", age: 1, tags: [{ id: 1, name: "small" }] }));
    expect(result.current[0]?.name).toBe("Ace");
    const ace = result.current[0];
    await writeAndRender(realm, () => {
      const tag = realm.objectForPrimaryKey(Tag, 1);
      if (tag !== null) tag.name = "tiny";
    });
    expect(result.current[0]).not.toBe(ace);
    expect(result.current[0]?.tags[0]?.name).toBe("tiny");
    await writeAndRender(realm, () => realm.delete(result.current[0]));
    expect(result.current[0]?.name).toBe("Bello");
  });

  it("is told of a commit between its first render and its subscription", async () => {
    const { useQuery } = hooks();
    let isFirst = true;
    const Names = (): ReactNode => {
      const dogs = useQuery(Dog);
      const names = dogs.map((dog) => dog.name).join(" ");
      if (isFirst) {
        isFirst = false;
        realm.write(() => realm.create("Dog", { id: 8, name: "Late", age: 2 }));
      }
      return createElement("p", null, names);
    };
    const { container } = render(createElement(Names));
    await act(settled);
    expect(container.textContent).toBe("Rex Luna Bello Nala Milo Coco Late");
  });

  it("renders memoized rows for the changed object only", async () => {
    const { useQuery } = hooks();
    const Row = memo(function Row({ dog }: { dog: Dog }): ReactNode {
      renders += 1;
      return createElement("li", null, dog.name);
    });
    const List = (): ReactNode => createElement("ul", null, ...useQuery(Dog).map((dog) => createElement(Row, { key: dog.id, dog })));
    const { container } = render(createElement(List));
    await act(settled);
    expect(renders).toBe(6);
    await writeAndRender(realm, () => {
      (realm.objectForPrimaryKey(Dog, 3) as Dog).name = "Otto";
    });
    expect(renders).toBe(7);
    expect(container.textContent).toBe("RexLunaOttoNalaMiloCoco");
  });

  it("lets a row whose object was deleted be rendered once more, with what it showed", async () => {
    const { useQuery } = hooks();
    let renderRowAgain: () => void = () => undefined;
    const Row = memo(function Row({ dog }: { dog: Dog }): ReactNode {
      const [, setCount] = useState(0);
      if (dog.id === 1) renderRowAgain = () => setCount((value) => value + 1);
      return createElement("li", null, `${dog.name}:${[...dog.nicknames].join("+")}:${dog.friend?.name ?? "alone"};`);
    });
    const List = (): ReactNode => createElement("ul", null, ...useQuery(Dog).map((dog) => createElement(Row, { key: dog.id, dog })));
    realm.write(() => {
      const rex = realm.objectForPrimaryKey(Dog, 1) as Dog;
      rex.nicknames.push("Rexy");
      rex.friend = realm.objectForPrimaryKey(Dog, 2);
    });
    const { container } = render(createElement(List));
    expect(container.textContent).toContain("Rex:Rexy:Luna;");
    // Deleted, and rendered before any listener could be told.
    await act(async () => {
      realm.write(() => realm.delete([realm.objectForPrimaryKey(Dog, 1), realm.objectForPrimaryKey(Dog, 2)]));
      renderRowAgain();
    });
    await act(settled);
    expect(container.textContent).not.toContain("Rex");
    expect(container.textContent).toContain("Bello");
  });

  it("works under StrictMode, and leaves no listener behind", async () => {
    const { useQuery } = hooks();
    const { result, unmount } = renderHook(() => useQuery(Dog), { wrapper: StrictMode });
    await writeAndRender(realm, () => realm.create("Dog", { id: 9, name: "Strict", age: 3 }));
    expect(result.current.length).toBe(7);
    unmount();
    await writeAndRender(realm, () => realm.create("Dog", { id: 10, name: "After", age: 3 }));
  });

  it("with key paths renders for these properties, insertions and deletions only", async () => {
    const { useQuery } = hooks();
    const { result } = renderHook(() => {
      renders += 1;
      return useQuery({ type: Dog, query: (dogs: Realm.Results<Dog>) => dogs.sorted("id"), keyPaths: ["name", "tags.name"] });
    });
    await act(settled);
    const [collection, first] = [result.current, result.current[0] as Dog];
    const before = renders;
    await writeAndRender(realm, () => {
      first.age = 99;
      first.nicknames.push("Rexy");
    });
    expect(renders).toBe(before);
    expect(result.current).toBe(collection);
    // What is shown is the present, whatever is listened to.
    expect(result.current[0]?.age).toBe(99);
    await writeAndRender(realm, () => (first.name = "Max"));
    expect(renders).toBe(before + 1);
    expect(result.current[0]).not.toBe(first);
    await writeAndRender(realm, () => first.tags.push(realm.create(Tag, { id: 1, name: "small" })));
    expect(renders).toBe(before + 2);
    await writeAndRender(realm, () => ((realm.objectForPrimaryKey(Tag, 1) as Tag).name = "tiny"));
    expect(renders).toBe(before + 3);
    await writeAndRender(realm, () => realm.delete(realm.objectForPrimaryKey(Dog, 6)));
    await writeAndRender(realm, () => realm.create(Dog, { id: 7, name: "Ace", age: 1 }));
    expect(renders).toBe(before + 5);
    expect(result.current.map((dog) => dog.id)).toEqual([1, 2, 3, 4, 5, 7]);
  });

  it("listens to other key paths when they change, and keeps its listener when they are only written anew", async () => {
    const { useQuery } = hooks();
    const { result, rerender } = renderHook(
      ({ keyPaths }) => {
        renders += 1;
        return useQuery({ type: Dog, keyPaths });
      },
      { initialProps: { keyPaths: ["name"] } },
    );
    await act(settled);
    const collection = result.current;
    rerender({ keyPaths: ["name"] });
    expect(result.current).toBe(collection);
    rerender({ keyPaths: ["age"] });
    await act(settled);
    const before = renders;
    await writeAndRender(realm, () => ((realm.objectForPrimaryKey(Dog, 1) as Dog).name = "Max"));
    expect(renders).toBe(before);
    await writeAndRender(realm, () => ((realm.objectForPrimaryKey(Dog, 1) as Dog).age = 7));
    expect(renders).toBe(before + 1);
  });

  it("refuses a key path that the class does not have", () => {
    const { useQuery } = hooks();
    expect(() => renderHook(() => useQuery({ type: Dog, keyPaths: ["colour"] }))).toThrow("colour");
  });

  it("hears of commits of another instance of the realm", async () => {
    const { useQuery } = hooks();
    const { result } = renderHook(() => useQuery(Dog));
    const other = new Realm({ path: realm.path, schema: [Dog, Tag], ...(encryptionKey === undefined ? {} : { encryptionKey }) });
    await writeAndRender(other, () => other.create("Dog", { id: 11, name: "Other", age: 3 }));
    other.close();
    expect(result.current.at(-1)?.name).toBe("Other");
  });
});
