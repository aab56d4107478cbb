// @vitest-environment happy-dom
import { Realm } from "@holdfast/realm";
import { act, cleanup, render, renderHook } from "@testing-library/react";
import { Component, createElement, createRef, StrictMode } from "react";
import type { FC, ReactNode, RefObject } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createRealmContext, RealmProvider, useQuery, useRealm } from "../src/index.ts";
import { Dog, freshPath, openDogs, settled, Tag } from "./support.ts";

const CAT: Realm.ObjectSchema = { name: "Cat", primaryKey: "id", properties: { id: "int", name: "string" } };
const DOG: Realm.ObjectSchema = { name: "Dog", primaryKey: "id", properties: { id: "int", name: "string" } };

/** Wraps what is rendered. */
function inside(Provider: FC<never>, props: object = {}): FC<{ children: ReactNode }> {
  return ({ children }) => createElement(Provider as FC<object>, props, children);
}

afterEach(cleanup);

describe("a provider over a configuration", () => {
  it("[R-12.1] opens the realm before anything is painted, and closes it when it goes", () => {
    const context = createRealmContext({ schema: [DOG], path: freshPath() });
    const { result, unmount } = renderHook(() => context.useRealm(), { wrapper: inside(context.RealmProvider) });
    const realm = result.current;
    expect(realm).toBeInstanceOf(Realm);
    expect(realm.isClosed).toBe(false);
    unmount();
    expect(realm.isClosed).toBe(true);
  });

  it("leaves the realm open if it is told so", () => {
    const context = createRealmContext({ schema: [DOG], path: freshPath() });
    const { result, unmount } = renderHook(() => context.useRealm(), { wrapper: inside(context.RealmProvider, { closeOnUnmount: false }) });
    unmount();
    expect(result.current.isClosed).toBe(false);
    result.current.close();
  });

  it("lets props override the configuration, an encryption key among them", () => {
    const encryptionKey = Realm.generateEncryptionKey();
    const path = freshPath();
    const context = createRealmContext({ schema: [DOG], path });
    const { result, unmount } = renderHook(() => context.useRealm(), { wrapper: inside(context.RealmProvider, { schema: [CAT], encryptionKey }) });
    expect(result.current.schema[0]?.name).toBe("Cat");
    unmount();
    expect(() => new Realm({ path })).toThrow("Failed to open Realm file");
    new Realm({ path, encryptionKey }).close();
  });

  it("opens another realm when its configuration changes, and closes the one before", () => {
    const [first, second] = [freshPath(), freshPath()];
    const Path = (): ReactNode => createElement("p", null, useRealm().path.split("/").at(-1));
    const seen: Realm[] = [];
    const ref = createRef<Realm>() as RefObject<Realm | null>;
    const app = (path: string): ReactNode => createElement(RealmProvider, { schema: [DOG], path, realmRef: ref }, createElement(Path));
    const { container, rerender } = render(app(first));
    seen.push(ref.current as Realm);
    rerender(app(first));
    expect(ref.current).toBe(seen[0]);
    rerender(app(second));
    expect(ref.current).not.toBe(seen[0]);
    expect(seen[0]?.isClosed).toBe(true);
    expect(container.textContent).toBe(second.split("/").at(-1));
  });

  it("hands what fails to an error boundary, and the file is not touched", () => {
    const path = freshPath();
    new Realm({ path, schema: [DOG], encryptionKey: Realm.generateEncryptionKey() }).close();
    const errors: unknown[] = [];
    class Boundary extends Component<{ children: ReactNode }> {
      override state = { failed: false };
      static getDerivedStateFromError(): object {
        return { failed: true };
      }
      override componentDidCatch(error: unknown): void {
        errors.push(error);
      }
      override render(): ReactNode {
        return this.state.failed ? "failed" : this.props.children;
      }
    }
    const silence = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { container } = render(createElement(Boundary, null, createElement(RealmProvider, { path, schema: [DOG] }, "open")));
    silence.mockRestore();
    expect(container.textContent).toBe("failed");
    expect((errors[0] as { code?: string }).code).toBe("KEY_MISSING");
  });

  it("works under StrictMode: what React rehearses is closed, and the realm is open in the end", async () => {
    const ref = createRef<Realm>() as RefObject<Realm | null>;
    const Names = (): ReactNode => createElement("p", null, useQuery<{ name: string }>("Dog").map((dog) => dog.name).join());
    const { container, unmount } = render(createElement(StrictMode, null, createElement(RealmProvider, { schema: [DOG], path: freshPath(), realmRef: ref }, createElement(Names))));
    const realm = ref.current as Realm;
    expect(realm.isClosed).toBe(false);
    await act(async () => {
      realm.write(() => realm.create("Dog", { id: 1, name: "Rex" }));
      await settled();
    });
    expect(container.textContent).toBe("Rex");
    unmount();
    expect(realm.isClosed).toBe(true);
    expect(ref.current).toBeNull();
  });
});

describe("a provider over an open realm", () => {
  it("gives it, and does not close it", () => {
    const realm = openDogs();
    const context = createRealmContext(realm);
    expect(renderHook(() => context.useRealm()).result.current).toBe(realm);
    const { result, unmount } = renderHook(() => useRealm(), { wrapper: inside(RealmProvider, { realm }) });
    expect(result.current).toBe(realm);
    unmount();
    expect(realm.isClosed).toBe(false);
    realm.close();
  });

  it("refuses a configuration beside it", () => {
    const realm = openDogs();
    const silence = vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(() => render(createElement(RealmProvider as FC<object>, { realm, schema: [] }))).toThrow("Cannot use configuration props when using an existing Realm instance.");
    silence.mockRestore();
    realm.close();
  });

  it("survives that the application closes the realm while components watch it", async () => {
    const realm = openDogs();
    const context = createRealmContext(realm);
    const { unmount } = renderHook(() => context.useQuery(Dog));
    await act(settled);
    realm.close();
    unmount();
  });
});

it("useRealm outside of a provider says what is missing", () => {
  const silence = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(() => renderHook(() => useRealm())).toThrow("Realm context not found.");
  silence.mockRestore();
});

it("two providers, one inside the other, each give their own realm", () => {
  const outer = new Realm({ path: freshPath(), schema: [Dog, Tag] });
  const wrapper: FC<{ children: ReactNode }> = ({ children }) =>
    createElement(RealmProvider, { realm: outer }, createElement(RealmProvider, { schema: [CAT], path: freshPath() }, children));
  const { result } = renderHook(() => useRealm(), { wrapper });
  expect(result.current.schema[0]?.name).toBe("Cat");
  cleanup();
  outer.close();
});
