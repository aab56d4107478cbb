/**
 * Apps and users in realm-js's shape, against a server of users.
 */
import { randomBytes } from "node:crypto";
import { FunctionError } from "@holdfast/sync-server";
import type { AuthOptions, HookAnswer, MailRequest } from "@holdfast/sync-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { App, Credentials, MetadataMode, ProviderType, UserState } from "../../src/index.ts";
import type { User } from "../../src/index.ts";
import Realm from "../../src/realm.ts";
import { codeOf, startServer, TestDevice } from "../app/support.ts";

async function device(options: Partial<AuthOptions> = {}): Promise<{ app: App; phone: TestDevice; server: Awaited<ReturnType<typeof startServer>> }> {
  const server = await startServer(options);
  const phone = new TestDevice(server);
  return { app: await phone.start(), phone, server };
}

async function ada(options: Partial<AuthOptions> = {}): Promise<{ app: App; user: User; server: Awaited<ReturnType<typeof startServer>>; phone: TestDevice }> {
  const all = await device(options);
  return { ...all, user: await all.app.logIn(Credentials.function({ name: "ada" })) };
}

describe("App", () => {
  it("[S-1.1][S-1.10] is made of an id or a configuration; `App.get` gives the first of an id", () => {
    const [one, two] = [new App({ id: "one-app", baseUrl: "https://sync.example.org" }), new App("two-app")];
    onTestFinished(() => [one, two].forEach((app) => app.close()));
    expect([one.id, two.id, Realm.App === (App as unknown)]).toEqual(["one-app", "two-app", true]);
    expect([App.get("one-app"), App.getApp("one-app")]).toEqual([one, one]);
    expect(App.get("three-app")).toBe(App.get("three-app"));
    one.close();
    expect(App.get("one-app")).not.toBe(one);
  });

  it("[S-1.2][S-1.4][S-1.5][S-1.3] says where its server is", async () => {
    const { app, phone, server } = await device();
    expect(app.baseUrl).toBe(server.baseUrl);
    expect(phone.metadataPath.startsWith(phone.folder)).toBe(true);
    await app.logIn(Credentials.anonymous());
    expect(phone.network.asked).toContain("POST /app/clinic/auth/login");
    const hasty = await phone.start({ timeout: 5, fetch: (_url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))) });
    expect(await codeOf(hasty.logIn(Credentials.anonymous(false)))).toBe("NETWORK_UNAVAILABLE");
  });

  it("[S-1.19] moves to another address, also for its next starts, until it is configured with another one or goes back", async () => {
    const { app, phone, server } = await device();
    const elsewhere = "https://elsewhere.example.org/base/";
    for (const [wrong, code] of [["http://elsewhere.example.org", "APP_CONNECTION_INSECURE"], ["elsewhere", "APP_CONFIGURATION_INVALID"], [1, "TYPE_MISMATCH"]] as const) {
      expect(await codeOf(app.updateBaseUrl(wrong as string))).toBe(code);
      expect(app.baseUrl).toBe(server.baseUrl);
    }
    await app.updateBaseUrl(elsewhere);
    expect(app.baseUrl).toBe("https://elsewhere.example.org/base");
    const again = await phone.start();
    expect(again.baseUrl).toBe("https://elsewhere.example.org/base");
    const other = server.baseUrl.replace("127.0.0.1", "localhost");
    expect((await phone.start({ baseUrl: other })).baseUrl).toBe(other);
    const last = await phone.start();
    await last.updateBaseUrl(null);
    expect([last.baseUrl, (await phone.start()).baseUrl]).toEqual([server.baseUrl, server.baseUrl]);
  });

  it("[S-1.6] keeps its users as `metadata` says", async () => {
    expect(MetadataMode).toEqual({ NoEncryption: "noEncryption", Encryption: "encryption", InMemory: "inMemory", NoMetadata: "inMemory" });
    const { phone } = await device();
    for (const mode of [MetadataMode.NoMetadata, MetadataMode.InMemory]) expect((await phone.start({ metadata: { mode } })).currentUser).toBeNull();
    expect(await codeOf(() => phone.make({ metadata: { mode: "plain" as never } }))).toBe("ARGUMENT_INVALID");
  });

  it("[S-1.7] `app` names the application to the server's login triggers", async () => {
    const seen: unknown[] = [];
    const { phone } = await device({ onLogin: ({ app }) => void seen.push(app) });
    const app = await phone.start({ app: { name: "clinic-ios", version: "7" } });
    await app.logIn(Credentials.function({ name: "ada" }));
    expect(seen).toEqual([{ name: "clinic-ios", version: "7" }]);
    expect(await codeOf(() => phone.make({ app: { name: 7 } as never }))).toBe("TYPE_MISMATCH");
  });

  it("[S-1.8][S-1.9] an option that would do nothing is refused", async () => {
    const make = (more: object) => () => new App({ id: "clinic", ...more });
    expect(await codeOf(make({ multiplexSessions: true }))).toBe("NOT_SUPPORTED");
    expect(await codeOf(make({ url: "https://sync.example.org" }))).toBe("APP_CONFIGURATION_INVALID");
    make({ multiplexSessions: false })();
    App.get("clinic").close();
  });
});

describe("Credentials", () => {
  it("[S-2.1][S-2.2][S-2.3][S-2.4][S-2.5] have Realm's forms and names of providers", () => {
    expect(Credentials.anonymous().provider).toBe(ProviderType.AnonUser);
    expect(Credentials.emailPassword("me@example.org", "secret word").payload).toEqual(Credentials.emailPassword({ email: "me@example.org", password: "secret word" }).payload);
    expect([Credentials.apiKey("k").provider, Credentials.jwt("t").provider, Credentials.function({ a: 1 }).provider]).toEqual([ProviderType.ApiKey, ProviderType.CustomToken, ProviderType.CustomFunction]);
  });

  it("[S-2.6][S-2.7][S-2.8] Google's and Apple's tokens need their nonce; Facebook's are refused", async () => {
    expect(Credentials.google({ idToken: "t", nonce: "n" }).provider).toBe(ProviderType.OAuth2Google);
    expect(Credentials.apple("t", "n").provider).toBe(ProviderType.OAuth2Apple);
    expect(await codeOf(() => Credentials.google({ idToken: "t" } as never))).toBe("TYPE_MISMATCH");
    expect(await codeOf(() => Credentials.google({ authCode: "c" } as never))).toBe("TYPE_MISMATCH");
    expect(await codeOf(() => Credentials.apple("t", undefined as never))).toBe("TYPE_MISMATCH");
    expect(await codeOf(() => Credentials.facebook("t"))).toBe("NOT_SUPPORTED");
  });
});

describe("User", () => {
  it("[S-3.1][S-3.2][S-3.3][S-3.4][S-3.5][S-3.6] says who it is, here and with its provider", async () => {
    const { user } = await ada();
    expect(user.id).toMatch(/^[0-9a-f]{24}$/);
    expect([user.identities, user.providerType]).toEqual([[{ id: "ada", providerType: "custom-function" }], ProviderType.CustomFunction]);
    expect([typeof user.deviceId, user.state, user.isLoggedIn]).toEqual(["string", UserState.LoggedIn, true]);
    expect([typeof user.accessToken, typeof user.refreshToken]).toEqual(["string", "string"]);
    expect(user.profile).toEqual({ name: "ada" });
    await user.logOut();
    expect([user.state, user.isLoggedIn, user.accessToken, user.refreshToken]).toEqual([UserState.LoggedOut, false, null, null]);
  });

  it("[S-3.11][S-3.12] push and MongoDB are refused, and say what to use", async () => {
    const { user } = await ada();
    expect(await codeOf(() => user.push("gcm"))).toBe("NOT_SUPPORTED");
    expect(() => user.mongoClient("mongodb-atlas")).toThrow("objects of a synced realm");
    expect(await codeOf(() => user.mongoClient("mongodb-atlas"))).toBe("NOT_SUPPORTED");
  });

  it("[S-3.14] listeners hear of new tokens and custom data, until they are removed", async () => {
    const { user, server } = await ada();
    let [count, other] = [0, 0];
    const note = (): void => void (count += 1);
    user.addListener(note);
    user.addListener(() => void (other += 1));
    await server.service.setCustomData(user.id, { ward: 4 });
    expect(await user.refreshCustomData()).toEqual({ ward: 4 });
    expect(count).toBe(1);
    user.removeListener(note);
    await user.refreshCustomData();
    expect([count, other]).toEqual([1, 2]);
    user.removeAllListeners();
    await user.refreshCustomData();
    expect(other).toBe(2);
  });
});

describe("functions of the server", () => {
  it("[S-3.8][S-3.9] run as the user who calls, with dates and ids on both ways", async () => {
    const functions: AuthOptions["functions"] = {
      sum: (_, ...numbers) => (numbers as number[]).reduce((left, right) => left + right, 0),
      whoami: ({ user }) => ({ id: user.id, ward: user.customData["ward"], identities: user.identities.length }),
      tomorrow: (_, day) => new Date((day as Date).getTime() + 86_400_000),
      echo: (_, value) => value,
      nothing: () => undefined,
    };
    const { user, server } = await ada({ functions });
    await server.service.setCustomData(user.id, { ward: 4 });
    expect(await user.functions["sum"]?.(1, 2, 3)).toBe(6);
    expect(await user.callFunction("sum", 1, 2, 3)).toBe(6);
    expect(await user.callFunction("whoami")).toEqual({ id: user.id, ward: 4, identities: 1 });
    expect(await user.callFunction("tomorrow", new Date("2026-01-01T00:00:00Z"))).toEqual(new Date("2026-01-02T00:00:00Z"));
    const id = new Realm.BSON.ObjectId();
    expect(await user.callFunction("echo", { id, list: [1, "two", null] })).toEqual({ id, list: [1, "two", null] });
    expect(await user.callFunction("nothing")).toBeUndefined();
  });

  it("a function that fails says nothing of it; one that refuses says what it wants to", async () => {
    const SECRET = "Zyzzyva-marker";
    const functions: AuthOptions["functions"] = {
      broken: () => {
        throw new RangeError(SECRET);
      },
      refusing: () => {
        throw new FunctionError("no seat is left");
      },
      endless: { run: () => new Promise(() => undefined), timeoutMs: 5 },
      huge: () => SECRET.repeat(100_000),
      guarded: { run: () => "in", mayCall: ({ customData }) => customData["isAdmin"] === true },
    };
    const { user, server } = await ada({ functions });
    await expect(user.callFunction("broken")).rejects.toMatchObject({ code: "FUNCTION_FAILED", message: "the function has failed" });
    await expect(user.callFunction("refusing")).rejects.toMatchObject({ code: "FUNCTION_REFUSED", message: "no seat is left" });
    for (const name of ["endless", "huge"]) expect(await codeOf(user.callFunction(name))).toBe("FUNCTION_FAILED");
    for (const name of ["guarded", "nobody", "__proto__", "constructor"]) await expect(user.callFunction(name)).rejects.toMatchObject({ code: "FUNCTION_UNKNOWN", message: "there is no such function for this user" });
    await server.service.setCustomData(user.id, { isAdmin: true });
    expect(await user.callFunction("guarded")).toBe("in");
    expect(server.log.filter(({ event }) => event === "function-failed").map(({ cause }) => cause)).toContain("RangeError");
    expect(JSON.stringify(server.log)).not.toContain(SECRET);
  });

  it("nobody calls without a session, too often or too much at once", async () => {
    const waiting: (() => void)[] = [];
    const functions: AuthOptions["functions"] = { wait: () => new Promise<void>((resolve) => waiting.push(resolve)), quick: () => 1 };
    const { user, server } = await ada({ functions, functionLimits: { perUser: { burst: 4, perMinute: 1 }, atOncePerUser: 2 } });
    const calls = [user.callFunction("wait"), user.callFunction("wait")];
    await expect.poll(() => waiting.length).toBe(2);
    expect(await codeOf(user.callFunction("quick"))).toBe("RATE_LIMITED");
    for (const end of waiting) end();
    await Promise.all(calls);
    expect(await user.callFunction("quick")).toBe(1);
    expect(await codeOf(user.callFunction("quick"))).toBe("RATE_LIMITED");
    const answer = await fetch(`${server.baseUrl}/app/clinic/auth/functions/call`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"name":"quick","arguments":[]}' });
    expect([answer.status, ((await answer.json()) as { error_code: string }).error_code]).toEqual([401, "TOKEN_INVALID"]);
  });
});

describe("e-mail and password", () => {
  const me = { email: "me@example.org", password: "secret word" };
  const logIn = (app: App, password = me.password): Promise<unknown> => app.logIn(Credentials.emailPassword(me.email, password));

  it("[S-4.1][S-4.2][S-4.3] an address is confirmed with what the hook was given; until then nobody logs in", async () => {
    const mails: MailRequest[] = [];
    const { app } = await device({ emailPassword: { confirm: (mail) => ({ status: mails.push(mail) > 0 ? "pending" : "fail" }) } });
    await app.emailPasswordAuth.registerUser(me);
    expect(await codeOf(logIn(app))).toBe("CONFIRMATION_REQUIRED");
    expect(await codeOf(logIn(app, "another word"))).toBe("CREDENTIALS_REFUSED");
    await app.emailPasswordAuth.resendConfirmationEmail({ email: me.email });
    await expect.poll(() => mails.length).toBe(2);
    await app.emailPasswordAuth.resendConfirmationEmail({ email: "nobody@example.org" });
    const [old, last] = mails as [MailRequest, MailRequest];
    expect(await codeOf(app.emailPasswordAuth.confirmUser(old))).toBe("MAIL_TOKEN_INVALID");
    expect(await codeOf(app.emailPasswordAuth.confirmUser({ ...last, token: randomBytes(32).toString("base64url") }))).toBe("MAIL_TOKEN_INVALID");
    await app.emailPasswordAuth.confirmUser(last);
    expect(await codeOf(app.emailPasswordAuth.confirmUser(last))).toBe("MAIL_TOKEN_INVALID");
    await logIn(app);
    expect(mails.map(({ email }) => email)).toEqual([me.email, me.email]);
  });

  it("[S-4.4] a function confirms or refuses by itself; a refused or failed registration can be tried again", async () => {
    const answers: (() => HookAnswer)[] = [
      () => ({ status: "fail" }),
      () => {
        throw new Error("no mail server");
      },
      () => ({ status: "pending" }),
      () => ({ status: "success" }),
    ];
    const { app } = await device({ emailPassword: { confirm: () => (answers.shift() as () => HookAnswer)() } });
    expect(await codeOf(app.emailPasswordAuth.registerUser(me))).toBe("CREDENTIALS_REFUSED");
    expect(await codeOf(app.emailPasswordAuth.registerUser(me))).toBe("HOOK_FAILED");
    await app.emailPasswordAuth.registerUser(me);
    expect(await codeOf(logIn(app))).toBe("CONFIRMATION_REQUIRED");
    await app.emailPasswordAuth.retryCustomConfirmation({ email: me.email });
    await expect.poll(() => codeOf(logIn(app))).toBeUndefined();
    expect(await codeOf(app.emailPasswordAuth.registerUser(me))).toBe("NAME_TAKEN");
    await logIn(app);
  });

  it("[S-4.5][S-4.6] a password is reset with what the hook was given, and the sessions end", async () => {
    const mails: MailRequest[] = [];
    let nowMs = Date.now();
    const { app, server } = await device({ now: () => nowMs, emailPassword: { sendReset: (mail) => void mails.push(mail) } });
    const { emailPasswordAuth } = app;
    await emailPasswordAuth.registerUser(me);
    const user = (await logIn(app)) as User;
    await emailPasswordAuth.sendResetPasswordEmail({ email: "nobody@example.org" });
    await emailPasswordAuth.sendResetPasswordEmail({ email: me.email });
    await expect.poll(() => mails.length).toBe(1);
    const [mail] = mails as [MailRequest];
    expect(await codeOf(emailPasswordAuth.resetPassword({ ...mail, password: "short" }))).toBe("PASSWORD_INVALID");
    await emailPasswordAuth.resetPassword({ ...mail, password: "another word" });
    expect(await codeOf(emailPasswordAuth.resetPassword({ ...mail, password: "a third word" }))).toBe("MAIL_TOKEN_INVALID");
    expect(await codeOf(user.refreshCustomData())).toBe("USER_NOT_LOGGED_IN");
    expect(await codeOf(logIn(app))).toBe("CREDENTIALS_REFUSED");
    await logIn(app, "another word");
    await emailPasswordAuth.sendResetPasswordEmail({ email: me.email });
    await expect.poll(() => mails.length).toBe(2);
    nowMs += 3_600_000;
    expect(await codeOf(emailPasswordAuth.resetPassword({ ...(mails[1] as MailRequest), password: "a third word" }))).toBe("MAIL_TOKEN_INVALID");
    expect(JSON.stringify(server.log)).not.toContain("example.org");
  });

  it("[S-4.7] a function decides about a reset, with arguments of the client's", async () => {
    const seen: unknown[] = [];
    const resetByFunction = ({ email, isRegistered }: { email: string; isRegistered: boolean }, answer: unknown): HookAnswer => {
      seen.push([email, isRegistered, answer]);
      return { status: answer === "my first pet" ? "success" : "fail" };
    };
    const { app } = await device({ emailPassword: { resetByFunction } });
    await app.emailPasswordAuth.registerUser(me);
    const changed = { ...me, password: "another word" };
    expect(await codeOf(app.emailPasswordAuth.callResetPasswordFunction(changed, "a guess"))).toBe("CREDENTIALS_REFUSED");
    await logIn(app);
    await app.emailPasswordAuth.callResetPasswordFunction(changed, "my first pet");
    await logIn(app, "another word");
    await app.emailPasswordAuth.callResetPasswordFunction({ email: "nobody@example.org", password: "another word" }, "my first pet");
    expect(seen).toEqual([[me.email, true, "a guess"], [me.email, true, "my first pet"], ["nobody@example.org", false, "my first pet"]]);
  });

  it("[S-4.8][S-1.18] without a hook the server says that it sends nothing", async () => {
    const { app } = await device();
    const { emailPasswordAuth } = app;
    for (const run of [emailPasswordAuth.resendConfirmationEmail(me), emailPasswordAuth.sendResetPasswordEmail(me), emailPasswordAuth.callResetPasswordFunction(me)]) expect(await codeOf(run)).toBe("HOOK_MISSING");
  });
});
