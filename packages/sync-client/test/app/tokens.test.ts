/**
 * Tokens on the device: fresh when they are needed, one refresh at a time, and no crash that logs anybody out.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { App, Credentials, MetadataMode, UserState } from "../../src/index.ts";
import type { User } from "../../src/index.ts";
import { codeOf, startServer, TestDevice } from "./support.ts";

const byName = (name: string): Credentials => Credentials.function({ name });
const refreshes = (device: TestDevice): number => device.network.asked.filter((line) => line.endsWith("/auth/session")).length;

it("a token that is good is used as it is; one that is nearly over is refreshed first", async () => {
  let now = Date.now();
  const server = await startServer({ now: () => now, accessTokenSeconds: 600 });
  const device = new TestDevice(server);
  const user = await (await device.start()).logIn(byName("ada"));
  const first = await user.freshAccessToken();
  expect([first, refreshes(device)]).toEqual([user.accessToken, 0]);
  // The device's clock stands still, the server's runs: the server's is what counts, and it is known from the answers.
  now -= 595_000;
  await user.refreshAccessToken();
  now += 595_000;
  expect(await codeOf(server.service.verify(await user.freshAccessToken()))).toBeUndefined();
});

it("in mid session: a token that the server takes no longer is refreshed and the request repeated", async () => {
  let now = Date.now();
  const server = await startServer({ now: () => now, accessTokenSeconds: 600 });
  const device = new TestDevice(server);
  const user = await (await device.start()).logIn(byName("ada"));
  now += 700_000;
  // The device still believes in its token.
  expect(await server.service.authenticator().verify(await user.freshAccessToken())).toEqual({ refused: "expired" });
  expect(await user.apiKeys.fetchAll()).toEqual([]);
  expect(refreshes(device)).toBe(1);
  expect(await server.service.authenticator().verify(await user.freshAccessToken())).toMatchObject({ userId: user.id });
});

it("many callers share one refresh", async () => {
  const device = new TestDevice(await startServer());
  const user = await (await device.start()).logIn(byName("ada"));
  const tokens = await Promise.all(Array.from({ length: 10 }, () => user.refreshAccessToken()));
  expect([new Set(tokens).size, refreshes(device)]).toEqual([1, 1]);
});

it("without a network the user stays logged in, and the next refresh with one works", async () => {
  const device = new TestDevice(await startServer());
  const user = await (await device.start()).logIn(byName("ada"));
  device.network.isCut = true;
  for (let attempt = 0; attempt < 3; attempt++) expect(await codeOf(user.refreshAccessToken())).toBe("NETWORK_UNAVAILABLE");
  expect(user.isLoggedIn).toBe(true);
  device.network.isCut = false;
  expect(await codeOf(user.refreshAccessToken())).toBeUndefined();
});

it("an answer that is lost on the way, again and again, logs nobody out", async () => {
  const server = await startServer();
  const device = new TestDevice(server);
  const user = await (await device.start()).logIn(byName("ada"));
  for (let attempt = 0; attempt < 4; attempt++) {
    device.network.onAnswer = () => void (device.network.isCut = true);
    expect(await codeOf(user.refreshAccessToken())).toBe("NETWORK_UNAVAILABLE");
    device.network.isCut = false;
    device.network.onAnswer = undefined;
    if (attempt % 2 === 1) expect(await codeOf(user.refreshAccessToken())).toBeUndefined();
  }
  expect(server.log.filter(({ event }) => event === "session-revoked")).toEqual([]);
});

it("a request that the device gave up and that arrives after its repetition was answered ends nothing", async () => {
  const server = await startServer();
  const device = new TestDevice(server);
  const user = await (await device.start()).logIn(byName("ada"));
  const late = (device.network.late = []) as (() => Promise<Response>)[];
  expect(await codeOf(user.refreshAccessToken())).toBe("NETWORK_UNAVAILABLE");
  device.network.late = undefined;
  await user.refreshAccessToken();
  expect((await (late[0] as () => Promise<Response>)()).status).toBe(200);
  expect(await codeOf(user.refreshAccessToken())).toBeUndefined();
  expect(server.log.filter(({ event }) => event === "session-revoked")).toEqual([]);
});

for (const moment of ["sent", "received", "stored"]) {
  it(`a process that is killed when the refresh is ${moment} leaves a session that goes on`, async () => {
    const server = await startServer();
    const device = new TestDevice(server);
    const key = randomBytes(64);
    const metadata = { mode: MetadataMode.Encryption, encryptionKey: key };
    const app = await device.start({ metadata });
    const { refreshToken } = await app.logIn(byName("ada"));
    app.close();
    const child = spawnAsync([device.folder, server.baseUrl, key.toString("hex"), moment]);
    expect(await child).toBe("SIGKILL");
    const user = (await device.start({ metadata })).currentUser as User;
    expect(user.refreshToken === refreshToken).toBe(moment !== "stored");
    for (let attempt = 0; attempt < 3; attempt++) expect(await codeOf(user.refreshAccessToken())).toBeUndefined();
    expect(server.log.filter(({ event }) => event === "session-revoked")).toEqual([]);
  });
}

/** How a child ended. The server answers from this process, so waiting must not stop it. */
async function spawnAsync(parameters: readonly string[]): Promise<string | null> {
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "programs/refresh-and-die.ts"), ...parameters], { stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve) => child.on("exit", (_code, signal) => resolve(signal)));
}

it("two processes of one device, who share a key store, share refreshes and never revoke each other", async () => {
  const server = await startServer();
  const device = new TestDevice(server);
  const app = await device.start();
  const user = await app.logIn(byName("ada"));
  const other = new App({ id: "clinic", baseUrl: server.baseUrl, baseFilePath: device.folder, keys: device.keys, fetch: device.network.fetch });
  await other.ready();
  const twin = other.currentUser as User;
  for (let round = 0; round < 5; round++) await Promise.all([user.refreshAccessToken(), twin.refreshAccessToken()]);
  expect(twin.refreshToken).toBe(user.refreshToken);
  expect(server.log.filter(({ event }) => event === "session-revoked")).toEqual([]);
  other.close();
});

it("a session that the operator has ended logs the user out, and says so", async () => {
  const server = await startServer();
  const device = new TestDevice(server);
  const app = await device.start();
  const user = await app.logIn(byName("ada"));
  let told = 0;
  app.addListener(() => void (told += 1));
  await server.service.revokeSessions(user.id);
  expect(await codeOf(user.refreshAccessToken())).toBe("USER_NOT_LOGGED_IN");
  expect([user.state, user.accessToken, app.currentUser, told]).toEqual([UserState.LoggedOut, null, null, 1]);
  expect(await codeOf(user.freshAccessToken())).toBe("USER_NOT_LOGGED_IN");
});

it("neither tokens nor keys are shown: not by errors, not by printed objects, not in any file", async () => {
  const server = await startServer();
  const device = new TestDevice(server);
  const app = await device.start();
  const credentials = Credentials.emailPassword("ada@example.org", "marker of a password");
  await app.emailPasswordAuth.registerUser({ email: "ada@example.org", password: "marker of a password" });
  const user = await app.logIn(credentials);
  const key = Buffer.from(await user.databaseKey());
  const secrets = [user.accessToken as string, user.refreshToken as string, "marker of a password", "ada@example.org", key.toString("hex"), key.toString("base64"), key.toString("base64url")];
  const shown: string[] = [inspect(app, { depth: 8, showHidden: true }), inspect(user, { depth: 8, showHidden: true }), inspect(credentials, { depth: 8, showHidden: true }), JSON.stringify(credentials)];
  device.network.isCut = true;
  for (const run of [() => user.refreshAccessToken(), () => app.logIn(credentials), () => user.linkCredentials(credentials)]) shown.push(await run().then(() => "", (error: unknown) => inspect(error, { depth: 8, showHidden: true })));
  device.network.isCut = false;
  await server.service.revokeSessions(user.id);
  shown.push(await user.refreshAccessToken().then(() => "", (error: unknown) => inspect(error, { depth: 8, showHidden: true })));
  shown.push(JSON.stringify(server.log));
  for (const text of shown) for (const secret of secrets) expect(text.includes(secret)).toBe(false);
  const files = device.bytes();
  for (const secret of [...secrets, key, "UserMetadata", user.id]) expect(files.includes(secret)).toBe(false);
  // The same search finds all of it in a file that is not encrypted.
  const plain = await device.start({ id: "plain", metadata: { mode: MetadataMode.NoEncryption }, fetch: async () => ({ status: 200, text: async () => JSON.stringify({ user_id: "known-id", access_token: "known-access", refresh_token: "known-refresh", expires_in: 60, server_time_ms: 1, identities: [{ id: "x", provider_type: "y" }], custom_data: {}, profile: {}, key_mode: "device", device_id: "d" }) }) });
  await plain.logIn(byName("ada"));
  plain.close();
  for (const text of ["known-id", "known-access", "known-refresh", "UserMetadata"]) expect(device.bytes().includes(text)).toBe(true);
});
