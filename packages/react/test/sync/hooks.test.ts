// @vitest-environment happy-dom
/**
 * The hooks of `@realm/react` for apps, users and synced realms, against a server.
 */
import { join } from "node:path";
import { Credentials, enableSync } from "@holdfast/sync-client";
import type { App } from "@holdfast/sync-client";
import { act, cleanup, render, renderHook } from "@testing-library/react";
import { Component, createElement, createRef, StrictMode } from "react";
import type { FC, ReactNode, RefObject } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppProvider, AuthError, AuthOperationName, createRealmContext, OperationState, Realm, RealmProvider, useApp, useAuth, useAuthResult, useEmailPasswordAuth, useProgress, UserProvider, useQuery, useRealm, useUser } from "../../src/sync.ts";
import { shows, world } from "./support.ts";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
beforeEach(() => enableSync());
afterEach(cleanup);

const NOTE: Realm.ObjectSchema = { name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string" } };
const initialSubscriptions = { update: (set: { add(objects: object): unknown }, realm: Realm): void => void set.add(realm.objects("Note")) };

function withApp(app: App): FC<{ children: ReactNode }> {
  return ({ children }) => createElement(AppProvider, { app }, children);
}

/** Shows what it catches. */
class Boundary extends Component<{ children: ReactNode }> {
  override state: { code: string | null } = { code: null };
  static getDerivedStateFromError(error: { code?: string }): object {
    return { code: error.code ?? String(error) };
  }
  override render(): ReactNode {
    return this.state.code ?? this.props.children;
  }
}

describe("AppProvider", () => {
  it("[S-14.1][S-14.2] gives an app that was made, or makes one of its props and keeps it", async () => {
    const { app: make, baseUrl, folder } = await world();
    const app = make();
    const taken = renderHook(() => useApp(), { wrapper: withApp(app) });
    await shows(() => taken.result.current === app, true);
    taken.unmount();

    const appRef = createRef<App>() as RefObject<App | null>;
    const App2: FC<{ children?: ReactNode }> = ({ children }) => createElement(AppProvider, { id: "tasks", baseUrl, baseFilePath: folder, metadata: { mode: "inMemory" }, appRef, fallback: createElement("i") }, children);
    const made = renderHook(() => useApp(), { wrapper: App2 });
    await shows(() => made.result.current?.id, "tasks");
    const first = made.result.current;
    made.rerender();
    expect([made.result.current, appRef.current]).toEqual([first, first]);
    made.unmount();
    first.close();
  });

  it("hands what fails to an error boundary: no key store and no word on how users are kept", async () => {
    const { baseUrl, folder } = await world();
    const silence = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { container } = render(createElement(Boundary, null, createElement(AppProvider, { id: "tasks", baseUrl, baseFilePath: folder }, "in")));
    await shows(() => container.textContent, "KEY_STORE_MISSING");
    expect(() => renderHook(() => useApp())).toThrow("AppContext not found.");
    expect(() => renderHook(() => useUser())).toThrow("No user found.");
    silence.mockRestore();
  });
});

describe("logging in", () => {
  it("[S-14.3][S-14.4][S-14.5][S-14.6] useAuth tells where it stands; the user's components show while somebody is logged in, and what changes", async () => {
    const { app: make, service } = await world();
    const app = make();
    let auth = {} as ReturnType<typeof useAuth>;
    const Login: FC = () => {
      auth = useAuth();
      const [result] = useAuthResult();
      return createElement("p", null, `out ${result.state}`);
    };
    const Ward: FC = () => {
      auth = useAuth();
      return createElement("p", null, `in ${String(useUser().customData["ward"])}`);
    };
    const { container } = render(createElement(AppProvider, { app }, createElement(UserProvider, { fallback: Login }, createElement(Ward))));
    await shows(() => container.textContent, `out ${OperationState.NotStarted}`);
    expect(auth.result).toEqual({ state: "not-started", operation: null, pending: false, success: false, error: undefined });
    act(() => auth.logIn(Credentials.function({})));
    expect(auth.result).toMatchObject({ state: "pending", pending: true, operation: AuthOperationName.LogIn });
    await shows(() => container.textContent, "out error");
    expect(auth.result.error).toBeInstanceOf(AuthError);
    expect(auth.result.error).toMatchObject({ operation: "logIn", code: "CREDENTIALS_REFUSED", message: "the credentials are not valid" });
    act(() => auth.logInWithFunction({ name: "ada" }));
    await shows(() => container.textContent, "in undefined");
    expect(auth.result).toMatchObject({ state: "success", success: true, error: undefined });
    await service.setCustomData(app.currentUser?.id as string, { ward: 4 });
    await act(async () => void (await app.currentUser?.refreshCustomData()));
    await shows(() => container.textContent, "in 4");
    act(() => auth.logOut());
    await shows(() => container.textContent, "out success");
    act(() => auth.logInWithFacebook("t"));
    await shows(() => auth.result.error?.code, "NOT_SUPPORTED");
    for (const [run, code] of [[() => auth.logInWithAnonymous(), "PROVIDER_UNKNOWN"], [() => auth.logInWithApiKey("k"), "PROVIDER_UNKNOWN"], [() => auth.logInWithJWT("t"), "PROVIDER_UNKNOWN"], [() => auth.logInWithEmailPassword({ email: "a@b.c", password: "secret word" }), "CREDENTIALS_REFUSED"], [() => auth.logInWithGoogle({ idToken: "t", nonce: "n" }), "PROVIDER_UNKNOWN"], [() => auth.logInWithApple("t", "n"), "PROVIDER_UNKNOWN"]] as const) {
      act(run);
      await shows(() => [auth.result.pending, auth.result.error?.code], [false, code]);
    }
  });

  it("[S-14.7] useEmailPasswordAuth registers, confirms, logs in and resets", async () => {
    const { app: make, mails } = await world();
    const me = { email: "me@example.org", password: "secret word" };
    const { result } = renderHook(() => useEmailPasswordAuth(), { wrapper: withApp(make()) });
    await shows(() => result.current?.result.state, "not-started");
    const does = async (run: () => void, code?: string): Promise<void> => {
      act(run);
      await shows(() => [result.current.result.pending, result.current.result.error?.code], [false, code]);
    };
    await does(() => result.current.register(me));
    await does(() => result.current.logIn(me), "CONFIRMATION_REQUIRED");
    await does(() => result.current.resendConfirmationEmail(me));
    await shows(() => mails.length, 2);
    await does(() => result.current.confirm(mails[1] as (typeof mails)[0]));
    await does(() => result.current.logIn(me));
    await does(() => result.current.logOut());
    await does(() => result.current.sendResetPasswordEmail(me));
    await shows(() => mails.length, 3);
    await does(() => result.current.resetPassword({ ...(mails[2] as (typeof mails)[0]), password: "another word" }));
    await does(() => result.current.logIn({ ...me, password: "another word" }));
    await does(() => result.current.callResetPasswordFunction(me, "x"), "HOOK_MISSING");
    await does(() => result.current.retryCustomConfirmation(me));
  });
});

describe("RealmProvider", () => {
  it("[S-14.8][S-14.9] opens a synced realm of the user above, shows the fallback meanwhile, and closes it; callbacks may be made anew in every render", async () => {
    const { app: make } = await world();
    const app = make();
    await app.ready();
    const user = await app.logIn(Credentials.function({ name: "ada" }));
    let opened = 0;
    const ref = createRef<Realm>() as RefObject<Realm | null>;
    const Notes: FC = () => createElement("p", null, useQuery<{ text: string }>("Note").map(({ text }) => text).join());
    const Loading: FC<{ progress: number }> = ({ progress }) => createElement("p", null, `loading ${String(progress >= 0)}`);
    const view = (): ReactNode =>
      createElement(StrictMode, null, createElement(AppProvider, { app }, createElement(UserProvider, null, createElement(RealmProvider, { schema: [NOTE], sync: { flexible: true, initialSubscriptions: { update: (set, realm) => void (set.add(realm.objects("Note")), (opened += 1)) }, onError: () => undefined }, fallback: Loading, realmRef: ref as never }, createElement(Notes)))));
    const { container, rerender, unmount } = render(view());
    await shows(() => container.textContent, "loading true");
    await shows(() => container.textContent, "");
    const realm = ref.current as Realm;
    expect([realm.syncSession?.user === user, opened > 0]).toEqual([true, true]);
    rerender(view());
    expect(ref.current).toBe(realm);
    await act(async () => realm.write(() => void realm.create("Note", { _id: 1, text: "hello" })));
    await shows(() => container.textContent, "hello");
    unmount();
    expect([realm.isClosed, ref.current]).toEqual([true, null]);
  });

  it("an opening that fails reaches an error boundary; one that is not wanted any more is cancelled", async () => {
    const { app: make, folder } = await world();
    const app = make();
    await app.ready();
    const user = await app.logIn(Credentials.function({ name: "ada" }));
    const silence = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const wrong = render(createElement(Boundary, null, createElement(RealmProvider, { path: join(folder, "wrong.realm"), schema: [NOTE], sync: { user, flexible: true, ssl: { validate: false } } as never }, "open")));
    await shows(() => wrong.container.textContent, "NOT_SUPPORTED");
    silence.mockRestore();
    const path = join(folder, "left.realm");
    render(createElement(RealmProvider, { path, schema: [NOTE], sync: { user, flexible: true, initialSubscriptions } }, "open")).unmount();
    await act(() => new Promise((resolve) => setTimeout(resolve, 20)));
    expect(Realm.App.Sync.getAllSyncSessions(user)).toEqual([]);
  });

  it("[S-14.10] useProgress follows uploads, also of a context of its own; a local realm has none", async () => {
    const { app: make, folder } = await world();
    const app = make();
    await app.ready();
    const user = await app.logIn(Credentials.function({ name: "ada" }));
    const context = createRealmContext({ path: join(folder, "progress.realm"), schema: [NOTE], sync: { user, flexible: true, initialSubscriptions } });
    const Inside: FC<{ children?: ReactNode }> = ({ children }) => createElement(context.RealmProvider, null, children);
    const { result } = renderHook(() => ({ realm: context.useRealm(), progress: context.useProgress({ direction: Realm.ProgressDirection.Upload, mode: Realm.ProgressMode.ReportIndefinitely }) }), { wrapper: Inside });
    await shows(() => result.current?.progress, 1);
    const { realm } = result.current;
    realm.syncSession?.pause();
    await act(async () => realm.write(() => void realm.create("Note", { _id: 1, text: "a" })));
    realm.syncSession?.resume();
    await shows(() => result.current.progress, 1);

    const local = new Realm({ path: join(folder, "local.realm"), schema: [NOTE] });
    const Local: FC<{ children?: ReactNode }> = ({ children }) => createElement(RealmProvider, { realm: local }, children);
    const none = renderHook(() => [useRealm(), useProgress({ direction: "download", mode: "forCurrentlyOutstandingWork" })], { wrapper: Local });
    expect(none.result.current).toEqual([local, null]);
  });
});
