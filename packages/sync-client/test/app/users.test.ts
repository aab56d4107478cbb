/**
 * Users on a device: logging in and out, switching, removing, in realm-js's shape and words.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { App, Credentials, MetadataMode, ProviderType, User, UserState } from "../../src/index.ts";
import { codeOf, startServer, TestDevice } from "./support.ts";

const byName = (name: string): Credentials => Credentials.function({ name });

describe("an app", () => {
  it("says what Realm says of a wrong configuration", () => {
    expect(() => new App(undefined as never)).toThrow("Expected 'config' to be an object, got undefined");
    expect(() => new App(1234 as never)).toThrow("Expected 'config' to be an object, got a number");
    expect(() => new App({ id: "smurf", metadata: { mode: MetadataMode.Encryption } })).toThrow("encryptionKey is required");
    expect(new App("smurf").id).toBe("smurf");
    expect(App.get("smurf")).toBe(App.get("smurf"));
    expect(() => Credentials.emailPassword({ email: undefined as never, password: "password" })).toThrow("Expected 'email' to be a string, got undefined");
    expect(() => Credentials.emailPassword("me", undefined as never)).toThrow("Expected 'password' to be a string, got undefined");
  });

  it("sends neither tokens nor credentials without TLS to another machine", () => {
    for (const baseUrl of ["http://sync.example.org", "HTTP://sync.example.org:80/", "http://localhost.example.org", "http://127.0.0.1.example.org", "ftp://localhost"]) {
      expect(() => new App({ id: "clinic", baseUrl })).toThrow(expect.objectContaining({ code: "APP_CONNECTION_INSECURE" }));
    }
    for (const baseUrl of ["sync.example.org", "http://localhost@evil.example", "https://", "https://sync.example.org/?a", "https://a b"]) {
      expect(() => new App({ id: "clinic", baseUrl })).toThrow(expect.objectContaining({ code: "APP_CONFIGURATION_INVALID" }));
    }
    for (const baseUrl of ["https://sync.example.org", "https://sync.example.org:8443/base/", "http://localhost:3000", "http://[::1]:1"]) expect(new App({ id: "clinic", baseUrl }).id).toBe("clinic");
  });

  it("has no answer before its file is open, and says how to wait", async () => {
    const device = new TestDevice(await startServer());
    const app = device.make();
    expect(() => app.currentUser).toThrow(expect.objectContaining({ code: "APP_NOT_READY" }));
    await app.ready();
    expect(app.currentUser).toBeNull();
    app.close();
  });
});

describe("anonymous users", () => {
  it("[S-1.11][S-1.12][S-3.13] log in, are the current user, log out and are gone", async () => {
    const app = await new TestDevice(await startServer()).start();
    const user = await app.logIn(Credentials.anonymous());
    expect(user).toBeInstanceOf(User);
    expect([typeof user.accessToken, typeof user.refreshToken, typeof user.deviceId]).toEqual(["string", "string", "string"]);
    expect(user.providerType).toBe(ProviderType.AnonUser);
    expect(app.currentUser).toBe(user);
    const second = await app.logIn(Credentials.anonymous());
    expect(second).toBe(user);
    expect(Object.keys(app.allUsers)).toEqual([user.id]);
    expect(await app.logIn(Credentials.anonymous(false))).not.toBe(user);
    await user.logOut();
    expect([user.state, user.isLoggedIn, user.accessToken]).toEqual([UserState.Removed, false, null]);
    expect(Object.keys(app.allUsers)).not.toContain(user.id);
  });

  it("[S-1.17] listeners of the app hear of log in and log out, once each", async () => {
    const app = await new TestDevice(await startServer()).start();
    let calls = 0;
    const listener = (): void => void (calls += 1);
    app.addListener(listener);
    const user = await app.logIn(Credentials.anonymous());
    expect(calls).toBe(1);
    await user.logOut();
    expect(calls).toBe(2);
    app.removeListener(listener);
    await app.logIn(Credentials.anonymous());
    expect(calls).toBe(2);
  });
});

describe("users with credentials", () => {
  it("[S-1.13][S-1.14] the newest is the current one; the one before takes over when it logs out", async () => {
    const app = await new TestDevice(await startServer()).start();
    const [ada, bob] = [await app.logIn(byName("ada")), await app.logIn(byName("bob"))];
    expect(app.currentUser).toBe(bob);
    expect(Object.keys(app.allUsers)).toEqual([bob.id, ada.id]);
    app.switchUser(ada);
    expect(app.currentUser).toBe(ada);
    await ada.logOut();
    expect([ada.state, app.currentUser]).toEqual([UserState.LoggedOut, bob]);
    expect(() => app.switchUser(ada)).toThrow("User is no longer valid or is logged out");
    await bob.logOut();
    expect(app.currentUser).toBeNull();
    expect(Object.keys(app.allUsers).length).toBe(2);
    expect(await app.logIn(byName("ada"))).toBe(ada);
  });

  it("stay logged in over a restart, with customData, identities and profile, without a network", async () => {
    const server = await startServer({ onFirstLogin: ({ identity }) => ({ customData: { ward: identity.subject === "ada" ? 7 : 8 } }) });
    const device = new TestDevice(server);
    const { id } = await (await device.start()).logIn(byName("ada"));
    device.network.isCut = true;
    const app = await device.start();
    expect(app.currentUser?.id).toBe(id);
    expect(app.currentUser).toMatchObject({ isLoggedIn: true, customData: { ward: 7 }, identities: [{ id: "ada", providerType: "custom-function" }], profile: { name: "ada" } });
  });

  it("[S-1.15][S-1.16] a removed user is gone from the device and not from the server; a deleted one from both", async () => {
    const server = await startServer();
    const app = await new TestDevice(server).start();
    const ada = await app.logIn(byName("ada"));
    await app.removeUser(ada);
    expect([ada.state, app.currentUser]).toEqual([UserState.Removed, null]);
    await expect(app.removeUser(ada)).rejects.toThrow("User has already been removed");
    const again = await app.logIn(byName("ada"));
    expect(again.id).toBe(ada.id);
    await app.deleteUser(again);
    expect(again.state).toBe(UserState.Removed);
    await expect(app.deleteUser(again)).rejects.toThrow("User must be logged in to be deleted.");
    expect((await app.logIn(byName("ada"))).id).not.toBe(ada.id);
  });

  it("[S-3.7] custom data is that of the last refresh", async () => {
    const server = await startServer();
    const app = await new TestDevice(server).start();
    const user = await app.logIn(byName("ada"));
    let told = 0;
    user.addListener(() => void (told += 1));
    await server.service.setCustomData(user.id, { team: "north" });
    expect(user.customData).toEqual({});
    expect(await user.refreshCustomData()).toEqual({ team: "north" });
    expect(told).toBe(1);
  });

  it("[S-3.10] links credentials, and logs in with them as the same user", async () => {
    const app = await new TestDevice(await startServer()).start();
    const user = await app.logIn(Credentials.anonymous());
    await user.linkCredentials(byName("ada"));
    expect(user.identities.map(({ providerType }) => providerType).toSorted()).toEqual(["anon-user", "custom-function"]);
    await user.logOut();
    expect(user.state).toBe(UserState.LoggedOut);
    expect(await app.logIn(byName("ada"))).toBe(user);
    const bob = await app.logIn(byName("bob"));
    expect(await codeOf(bob.linkCredentials(byName("ada")))).toBe("IDENTITY_TAKEN");
  });

  it("[S-5.1][S-5.2][S-5.3][S-5.4][S-5.5] makes, disables and deletes API keys", async () => {
    const device = new TestDevice(await startServer());
    const app = await device.start();
    const user = await app.logIn(byName("ada"));
    const { _id, key } = await user.apiKeys.create("backup");
    expect(await user.apiKeys.fetchAll()).toEqual([{ _id, name: "backup", disabled: false }]);
    expect(await app.logIn(Credentials.apiKey(key as string))).toBe(user);
    await user.apiKeys.disable(_id);
    expect(await user.apiKeys.fetch(_id)).toEqual({ _id, name: "backup", disabled: true });
    expect(await codeOf(app.logIn(Credentials.apiKey(key as string)))).toBe("CREDENTIALS_REFUSED");
    await user.apiKeys.enable(_id);
    await user.apiKeys.delete(_id);
    expect(await codeOf(user.apiKeys.fetch(_id))).toBe("API_KEY_UNKNOWN");
  });

  it("registers an e-mail address; a wrong password is refused in Realm's words", async () => {
    const app = await new TestDevice(await startServer()).start();
    await expect(app.logIn(Credentials.emailPassword("me@example.org", "secret word"))).rejects.toThrow("invalid username/password");
    await app.emailPasswordAuth.registerUser({ email: "me@example.org", password: "secret word" });
    expect((await app.logIn(Credentials.emailPassword("me@example.org", "secret word"))).profile).toEqual({ email: "me@example.org" });
    await expect(app.emailPasswordAuth.registerUser({ email: "you@example.org", password: "short" })).rejects.toThrow("password must be between 6 and 128 characters");
    expect(await codeOf(app.emailPasswordAuth.sendResetPasswordEmail({ email: "me@example.org" }))).toBe("HOOK_MISSING");
  });

  it("logging out works offline; the server is told at the next start", async () => {
    const server = await startServer();
    const device = new TestDevice(server);
    const app = await device.start();
    const user = await app.logIn(byName("ada"));
    const { accessToken } = user;
    device.network.isCut = true;
    await user.logOut();
    expect([user.state, user.refreshToken]).toEqual([UserState.LoggedOut, null]);
    expect(await codeOf(server.service.verify(accessToken as string))).toBeUndefined();
    device.network.isCut = false;
    await device.start();
    await expect.poll(() => codeOf(server.service.verify(accessToken as string))).toBe("TOKEN_INVALID");
  });
});

it("an answer that is none of a Holdfast server changes nothing", async () => {
  const device = new TestDevice(await startServer());
  const app = await device.start();
  const user = await app.logIn(byName("ada"));
  const before = user.refreshToken;
  const answers: [number, string][] = [[200, "<html>"], [200, "{}"], [200, "[]"], [404, "nothing"], [502, "bad gateway"], [200, '{"user_id":"eve","access_token":"a","refresh_token":"b","expires_in":9,"server_time_ms":1,"identities":[],"custom_data":{},"profile":{},"key_mode":"issued"}']];
  for (const [status, text] of answers) {
    const lying = await device.start({ fetch: async () => ({ status, text: async () => text }) });
    expect(await codeOf((lying.currentUser as User).refreshAccessToken())).toBe(status === 502 ? "NETWORK_UNAVAILABLE" : "ANSWER_INVALID");
    expect((lying.currentUser as User).refreshToken).toBe(before);
  }
});
