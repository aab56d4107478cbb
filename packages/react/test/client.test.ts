// @vitest-environment happy-dom
import { Realm } from "@holdfast/realm";
import { openInWorker } from "@holdfast/realm/client";
import type { RemoteRealm, Snapshots, WorkerLike } from "@holdfast/realm/client";
import { serve } from "@holdfast/realm/worker";
import type { ServeOptions } from "@holdfast/realm/worker";
import { act, cleanup, render, renderHook, screen } from "@testing-library/react";
import { Component, createElement, memo, StrictMode, Suspense, useState } from "react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRealmContext } from "../src/client.ts";
import { Dog, DOGS, freshPath, Tag } from "./support.ts";

interface DogShape {
  readonly id: number;
  readonly name: string;
  readonly age: number;
}

/** A worker in this thread. */
class WorkerInThread implements WorkerLike {
  #hear: (event: { readonly data: unknown }) => void = () => undefined;
  static readonly started: WorkerInThread[] = [];

  constructor(options: ServeOptions) {
    WorkerInThread.started.push(this);
    serve(options, { addEventListener: (_type, listener) => (this.#hear = listener) });
  }
  postMessage(data: unknown): void {
    setTimeout(() => this.#hear({ data }), 0);
  }
  addEventListener(): void {
    // It never fails.
  }
  terminate(): void {
    // Its realm was closed before.
  }
}

const SERVE: ServeOptions = { schema: [Dog, Tag], procedures: { rename: (realm: Realm, id: number, name: string) => void ((realm.objectForPrimaryKey(Dog, id) as Dog).name = name) } };

function openDogsInWorker(path: string): Promise<RemoteRealm> {
  return openInWorker({ worker: () => new WorkerInThread(SERVE), path });
}

let path: string;
let realm: RemoteRealm;
beforeEach(async () => {
  path = freshPath();
  realm = await openDogsInWorker(path);
  await realm.write(DOGS.map((dog) => ({ create: "Dog", values: dog })));
});
afterEach(async () => {
  cleanup();
  await realm.close();
});

/** Until a condition holds, with React at work. */
async function until(check: () => void): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    try {
      return check();
    } catch {
      // React renders when `act` ends.
      await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
    }
  }
  check();
}

const names = (dogs: Snapshots<DogShape>): string[] => dogs.map(({ name }) => name);

describe("useQuery", () => {
  it("is empty and not loaded at first, then has the objects, and follows them", async () => {
    const { useQuery } = createRealmContext(realm);
    const seen: Snapshots<DogShape>[] = [];
    const { result } = renderHook(() => {
      const dogs = useQuery<DogShape>("Dog", (all) => all.filtered("age > $0", 10).sorted("name"));
      seen.push(dogs);
      return dogs;
    });
    expect([seen[0]?.length, seen[0]?.isLoaded]).toEqual([0, false]);
    await until(() => expect(names(result.current)).toEqual(["Luna", "Milo", "Nala"]));
    expect(result.current.isLoaded).toBe(true);
    await act(() => realm.write((tx) => [tx.create("Dog", { id: 7, name: "Arko", age: 11 }), tx.delete(result.current[0] as DogShape)]));
    await until(() => expect(names(result.current)).toEqual(["Arko", "Milo", "Nala"]));
    // Once empty, once loaded, once changed: nothing is rendered for nothing.
    expect(seen.map((dogs) => dogs.length)).toEqual([0, 3, 3]);
  });

  it("takes the forms of @holdfast/react, model classes, and refuses others", async () => {
    const { useQuery } = createRealmContext(realm);
    const forms = [
      renderHook(() => useQuery<DogShape>("Dog")),
      renderHook(() => useQuery<DogShape>(Dog as never)),
      renderHook(() => useQuery<DogShape>({ type: "Dog", query: (all) => all.sorted("id") }, [])),
      renderHook(() => useQuery<DogShape>((all) => all.sorted("id"), [], { type: "Dog" })),
    ];
    await until(() => expect(forms.map(({ result }) => result.current.length)).toEqual([6, 6, 6, 6]));
    expect(() => renderHook(() => useQuery(5 as never))).toThrow("Unexpected arguments passed to useQuery");
  });

  it("renders a memoized row only if its object has changed", async () => {
    const { useQuery } = createRealmContext(realm);
    const rendered: string[] = [];
    const Row = memo(({ dog }: { dog: DogShape }) => {
      rendered.push(dog.name);
      return createElement("li", null, dog.name);
    });
    const List = (): ReactNode => useQuery<DogShape>("Dog", (all) => all.sorted("id")).map((dog) => createElement(Row, { key: dog.id, dog }));
    render(createElement(List));
    await until(() => expect(rendered).toHaveLength(6));
    rendered.length = 0;
    await act(() => realm.call("rename", 3, "Bella"));
    await until(() => expect(rendered).toEqual(["Bella"]));
  });

  it("asks anew when the query is another one, and not when it is the same", async () => {
    const { useQuery } = createRealmContext(realm);
    const { result, rerender } = renderHook(({ age }) => useQuery<DogShape>("Dog", (all) => all.filtered("age > $0", age)), { initialProps: { age: 10 } });
    await until(() => expect(result.current.length).toBe(3));
    const before = result.current;
    rerender({ age: 10 });
    expect(result.current).toBe(before);
    rerender({ age: 15 });
    await until(() => expect(names(result.current)).toEqual(["Nala"]));
    rerender({ age: 10 });
    expect(result.current).toBe(before);
  });

  it("only is told of changes under its key paths", async () => {
    const { useQuery } = createRealmContext(realm);
    let renders = 0;
    const { result } = renderHook(() => {
      renders += 1;
      return useQuery<DogShape>({ type: "Dog", query: (all) => all.filtered("id == 1"), keyPaths: ["name"] });
    });
    await until(() => expect(result.current.length).toBe(1));
    const rendersBefore = renders;
    await act(() => realm.write((tx) => tx.update(result.current[0] as DogShape, { age: 5 })));
    await act(() => realm.write((tx) => tx.update(result.current[0] as DogShape, { name: "Max" })));
    await until(() => expect(result.current[0]).toMatchObject({ name: "Max", age: 5 }));
    expect(renders).toBe(rendersBefore + 1);
  });

  it("gives a refused query to the error boundary", async () => {
    const { useQuery } = createRealmContext(realm);
    const errors: unknown[] = [];
    const Bad = (): ReactNode => useQuery("Dog", (all) => all.filtered("nonsense ==")).length;
    const silenced = vi.spyOn(console, "error").mockImplementation(() => undefined);
    render(createElement(Boundary, { onError: (error: unknown) => errors.push(error) }, createElement(Bad)));
    await until(() => expect(errors).toMatchObject([{ code: "QUERY_SYNTAX" }]));
    silenced.mockRestore();
  });

  it("works in StrictMode, and leaves no live query behind", async () => {
    const { useQuery } = createRealmContext(realm);
    const Count = (): ReactNode => useQuery("Dog").length;
    const { container, unmount } = render(createElement(StrictMode, null, createElement(Count)));
    await until(() => expect(container.textContent).toBe("6"));
    await act(() => realm.write((tx) => tx.create("Dog", { id: 8, name: "Ivo", age: 1 })));
    await until(() => expect(container.textContent).toBe("7"));
    unmount();
    await vi.waitFor(() => expect(realm._liveCount()).toBe(0), { timeout: 5000 });
  });

  it("suspends until the first answer where it is asked to", async () => {
    const { useQuery } = createRealmContext(realm);
    const Count = (): ReactNode => useQuery({ type: "Dog", suspense: true }).length;
    const { container } = render(createElement(Suspense, { fallback: "waiting" }, createElement(Count)));
    expect(container.textContent).toBe("waiting");
    await until(() => expect(container.textContent).toBe("6"));
  });
});

describe("useObject", () => {
  it("gives the object, follows it, and null when it is gone", async () => {
    const { useObject } = createRealmContext(realm);
    const { result } = renderHook(() => useObject<DogShape>("Dog", 4));
    expect(result.current).toBeNull();
    await until(() => expect(result.current?.name).toBe("Nala"));
    await act(() => realm.call("rename", 4, "Lala"));
    await until(() => expect(result.current?.name).toBe("Lala"));
    await act(() => realm.write((tx) => tx.delete(result.current as DogShape)));
    await until(() => expect(result.current).toBeNull());
    await act(() => realm.write((tx) => tx.create("Dog", { id: 4, name: "Back", age: 0 })));
    await until(() => expect(result.current?.name).toBe("Back"));
  });
});

describe("RealmProvider", () => {
  it("opens, shows the fallback until then, and closes what it opened; also under StrictMode", async () => {
    const { RealmProvider, useQuery, useRealm } = createRealmContext();
    const opened: RemoteRealm[] = [];
    const open = async (): Promise<RemoteRealm> => {
      const own = await openDogsInWorker(path);
      opened.push(own);
      return own;
    };
    const Dogs = (): ReactNode => `${useQuery("Dog").length} of ${useRealm().path.length > 0}`;
    const App = (): ReactNode => createElement(RealmProvider, { open: () => open(), fallback: createElement("p", null, "opening") }, createElement(Dogs));
    const { unmount } = render(createElement(StrictMode, null, createElement(App)));
    expect(screen.getByText("opening")).toBeTruthy();
    await until(() => expect(screen.getByText("6 of true")).toBeTruthy());
    unmount();
    await vi.waitFor(() => expect(opened.map((own) => own.isClosed)).toEqual([true, true]));
  });

  it("takes an open realm, and leaves it open", async () => {
    const { RealmProvider, useQuery } = createRealmContext();
    const Dogs = (): ReactNode => useQuery("Dog").length;
    const { container, unmount } = render(createElement(RealmProvider, { realm }, createElement(Dogs)));
    await until(() => expect(container.textContent).toBe("6"));
    unmount();
    expect(realm.isClosed).toBe(false);
  });

  it("gives what fails to the error boundary, and hooks outside of it are refused", async () => {
    const { RealmProvider, useQuery } = createRealmContext();
    const errors: unknown[] = [];
    const silenced = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const open = (): Promise<RemoteRealm> => openInWorker({ worker: () => new WorkerInThread({ ...SERVE, schemaVersion: -1 }), path: freshPath() });
    render(createElement(Boundary, { onError: (error: unknown) => errors.push(error) }, createElement(RealmProvider, { open })));
    await until(() => expect(errors).toMatchObject([{ code: "VALUE_OUT_OF_RANGE" }]));
    expect(() => renderHook(() => useQuery("Dog"))).toThrow("Realm context not found");
    silenced.mockRestore();
  });

  it("keeps the state of the components when a parent is rendered again", async () => {
    const { RealmProvider, useQuery } = createRealmContext();
    let opens = 0;
    const Dogs = (): ReactNode => useQuery("Dog").length;
    let again: () => void = () => undefined;
    const App = (): ReactNode => {
      const [count, setCount] = useState(0);
      again = () => setCount(count + 1);
      return createElement(RealmProvider, { open: () => ((opens += 1), openDogsInWorker(path)) }, createElement(Dogs));
    };
    const { container } = render(createElement(App));
    await until(() => expect(container.textContent).toBe("6"));
    act(() => again());
    expect([opens, container.textContent]).toEqual([1, "6"]);
  });
});

class Boundary extends Component<{ onError(error: unknown): void; children?: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };
  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }
  override componentDidCatch(error: unknown): void {
    this.props.onError(error);
  }
  override render(): ReactNode {
    return this.state.hasFailed ? null : this.props.children;
  }
}
