/**
 * Ways to log in, and everything that must not log anybody in.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import type { JWTPayload } from "jose";
import { describe, expect, it } from "vitest";
import { customJwtProvider, functionProvider, oidcProvider } from "../../src/index.ts";
import { startIdentityProvider } from "./identity-provider.ts";
import { codeOf, listen, logIn, nonce, startService, TestClock } from "./support.ts";

const ISSUER = "https://issuer.example";
const AUDIENCE = "clinic";
const clock = new TestClock();

async function issuerOfTokens() {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
  const provider = customJwtProvider({ issuer: ISSUER, audience: AUDIENCE, keys: { keys: [jwk] }, algorithms: ["RS256"], type: "JWT", now: clock.now });
  const seconds = Math.floor(clock.ms / 1000);
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: "ada", iat: seconds, exp: seconds + 300 };
  const sign = (changes: JWTPayload = {}, header: object = {}, key: unknown = privateKey): Promise<string> =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "one", ...header }).sign(key as CryptoKey);
  return { provider, sign, claims, seconds, publicKey, privateKey };
}

describe("custom JWT", () => {
  it("a good token logs its subject in, each time the same user", async () => {
    const { provider, sign } = await issuerOfTokens();
    const { service } = await startService({ providers: [provider] });
    const token = await sign({ name: "Ada" });
    const [one, two] = [await logIn(service, "custom-token", { token }), await logIn(service, "custom-token", { token })];
    expect(two.user.id).toBe(one.user.id);
    expect(one.user).toMatchObject({ profile: { name: "Ada" }, identities: [{ provider: "custom-token", subject: "ada" }] });
  });

  it("forged, foreign and worn-out tokens are refused with one and the same answer", async () => {
    const { provider, sign, claims, seconds, publicKey, privateKey } = await issuerOfTokens();
    const { service, log } = await startService({ providers: [provider] });
    const good = await sign();
    const [header = "", body = "", signature = ""] = good.split(".");
    const other = await generateKeyPair("RS256");
    const pem = new TextEncoder().encode(await exportSPKI(publicKey));
    const hmac = (secret: Uint8Array): Promise<string> => new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT", kid: "one" }).sign(secret);
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const bad: Record<string, string> = {
      expired: await sign({ exp: seconds - 60 }),
      "not yet valid": await sign({ nbf: seconds + 600 }),
      "without an end": await sign({ exp: undefined }),
      "without a subject": await sign({ sub: undefined }),
      "empty subject": await sign({ sub: "" }),
      "wrong audience": await sign({ aud: "shop" }),
      "wrong issuer": await sign({ iss: "https://issuer.example.evil" }),
      "alg none": new UnsecuredJWT(claims).encode(),
      "alg none, typed": `${encode({ alg: "none", typ: "JWT", kid: "one" })}.${body}.`,
      "alg None, signature kept": `${encode({ alg: "None", typ: "JWT", kid: "one" })}.${body}.${signature}`,
      "tampered body": `${header}.${encode({ ...claims, sub: "eve" })}.${signature}`,
      "tampered signature": `${header}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      "without a signature": `${header}.${body}.`,
      "unknown kid": await sign({}, { kid: "two" }),
      "another key under a known kid": await sign({}, {}, other.privateKey),
      "HS256 with the public key as secret": await hmac(pem),
      "HS256 with the public key's JSON": await hmac(new TextEncoder().encode(JSON.stringify(await exportJWK(publicKey)))),
      "another signature algorithm": await sign({}, { alg: "PS256" }, await withPss(privateKey)),
      "wrong type": await sign({}, { typ: "at+jwt" }),
      "key in its own header": await sign({}, { jwk: await exportJWK(other.publicKey), kid: undefined }, other.privateKey),
      "critical extension": await new SignJWT(claims).setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "one", crit: ["x"], x: 1 } as never).sign((await generateKeyPair("RS256")).privateKey, { crit: { x: true } }),
      "no token at all": "x",
    };
    const answers = new Set<string>();
    for (const [name, token] of Object.entries(bad)) {
      const error = await logIn(service, "custom-token", { token }).catch((caught: Error) => caught as Error & { code: string });
      expect({ name, code: (error as { code?: string }).code }).toEqual({ name, code: "CREDENTIALS_REFUSED" });
      answers.add((error as Error).message);
    }
    expect(answers.size).toBe(1);
    expect(log.filter(({ event }) => event === "login")).toEqual([]);
    for (const token of [good, ...Object.values(bad)]) expect(JSON.stringify(log)).not.toContain(token.length > 10 ? token : good);
    expect(await codeOf(logIn(service, "custom-token", { token: good }))).toBeUndefined();
  });

  it("symmetric algorithms cannot even be configured", () => {
    const options = { issuer: ISSUER, audience: AUDIENCE, keys: { keys: [] } };
    for (const algorithms of [["HS256"], ["none"], []]) {
      expect(() => customJwtProvider({ ...options, algorithms: algorithms as never })).toThrow(expect.objectContaining({ code: "AUTH_CONFIGURATION_INVALID" }));
    }
    expect(() => customJwtProvider({ ...options, keys: { url: "http://issuer.example/keys" }, algorithms: ["RS256"] })).toThrow(expect.objectContaining({ code: "AUTH_CONFIGURATION_INVALID" }));
  });
});

/** The issuer's own key, used with another padding. */
async function withPss(key: CryptoKey): Promise<CryptoKey> {
  const { alg: _, ...jwk } = await crypto.subtle.exportKey("jwk", key);
  return crypto.subtle.importKey("jwk", jwk, { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]);
}

describe("OpenID Connect, over oidc-provider", () => {
  /** What a client does: verifier, state, nonce; the provider's pages; the code for the token. */
  async function authorize(provider: Awaited<ReturnType<typeof startIdentityProvider>>, userName: string) {
    const verifier = randomBytes(32).toString("base64url");
    const parameters = { client_id: provider.clientId, response_type: "code", scope: "openid email profile", redirect_uri: provider.redirectUri, code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256", nonce: nonce(), state: nonce() };
    const callback = new URL(await provider.visit(`${provider.issuer}/auth?${String(new URLSearchParams(parameters))}`, userName));
    expect(callback.searchParams.get("state")).toBe(parameters.state);
    return { code: callback.searchParams.get("code") as string, code_verifier: verifier, redirect_uri: provider.redirectUri, nonce: parameters.nonce };
  }

  async function tokenFor(provider: Awaited<ReturnType<typeof startIdentityProvider>>, grant: Record<string, string>): Promise<string> {
    const { nonce: _, ...form } = grant;
    const response = await fetch(`${provider.issuer}/token`, { method: "POST", body: new URLSearchParams({ grant_type: "authorization_code", client_id: provider.clientId, ...form }) });
    return ((await response.json()) as { id_token: string }).id_token;
  }

  it("a code with its PKCE verifier logs in, and once only", async () => {
    const identities = await startIdentityProvider();
    const { issuer, clientId, redirectUri } = identities;
    const { service } = await startService({ providers: [oidcProvider({ issuer, clientIds: [clientId], codeExchange: { clientId, redirectUris: [redirectUri] } })] });
    const grant = await authorize(identities, "ada");
    const login = await logIn(service, "oidc", grant);
    expect(login.user).toMatchObject({ identities: [{ provider: "oidc", subject: "ada" }], profile: { email: "ada@example.org", name: "ADA" } });
    expect(await codeOf(logIn(service, "oidc", grant))).toBe("CREDENTIALS_REFUSED");
    const stolen = await authorize(identities, "ada");
    expect(await codeOf(logIn(service, "oidc", { ...stolen, code_verifier: randomBytes(32).toString("base64url") }))).toBe("CREDENTIALS_REFUSED");
    expect(await codeOf(logIn(service, "oidc", { ...(await authorize(identities, "ada")), nonce: nonce() }))).toBe("CREDENTIALS_REFUSED");
    expect(await codeOf(logIn(service, "oidc", { ...(await authorize(identities, "ada")), redirect_uri: "http://127.0.0.1:9/evil" }))).toBe("CREDENTIALS_REFUSED");
  });

  it("an ID token logs in with its own nonce; not with another, not for another client, not from another issuer, not when it is old", async () => {
    const identities = await startIdentityProvider();
    const { issuer, clientId } = identities;
    const { service } = await startService({ providers: [oidcProvider({ issuer, clientIds: [clientId] })] });
    const grant = await authorize(identities, "bob");
    const id_token = await tokenFor(identities, grant);
    expect((await logIn(service, "oidc", { id_token, nonce: grant.nonce })).user.identities).toEqual([{ provider: "oidc", subject: "bob" }]);
    expect(await codeOf(logIn(service, "oidc", { id_token, nonce: nonce() }))).toBe("CREDENTIALS_REFUSED");
    expect(await codeOf(logIn(service, "oidc", { id_token }))).toBe("REQUEST_INVALID");
    const elsewhere = await startService({ providers: [oidcProvider({ issuer, clientIds: ["another-app"] })] });
    expect(await codeOf(logIn(elsewhere.service, "oidc", { id_token, nonce: grant.nonce }))).toBe("CREDENTIALS_REFUSED");
    const foreign = await startIdentityProvider();
    const other = await startService({ providers: [oidcProvider({ issuer: foreign.issuer, clientIds: [clientId] })] });
    expect(await codeOf(logIn(other.service, "oidc", { id_token, nonce: grant.nonce }))).toBe("CREDENTIALS_REFUSED");
    const later = await startService({ providers: [oidcProvider({ issuer, clientIds: [clientId], now: () => Date.now() + 700_000 })] });
    expect(await codeOf(logIn(later.service, "oidc", { id_token, nonce: grant.nonce }))).toBe("CREDENTIALS_REFUSED");
  });

  it("a provider that is away is unavailable, not a refusal; and is asked again", async () => {
    const { service } = await startService({ providers: [oidcProvider({ issuer: "http://127.0.0.1:9", clientIds: ["clinic-app"] })] });
    for (const _ of [1, 2]) expect(await codeOf(logIn(service, "oidc", { id_token: "a.b.c", nonce: nonce() }))).toBe("PROVIDER_UNAVAILABLE");
  });
});

describe("other ways", () => {
  it("anonymous users are each another one", async () => {
    const { service } = await startService();
    expect((await logIn(service, "anon-user")).user.id).not.toBe((await logIn(service, "anon-user")).user.id);
  });

  it("a function of the application says who it is; what it throws stays in the server", async () => {
    const { service } = await startService({
      providers: [
        functionProvider(({ badge }) => {
          if (badge === "broken") throw new Error("SELECT marker-of-the-database");
          return badge === "7" ? { subject: "seven" } : undefined;
        }),
      ],
    });
    expect((await logIn(service, "custom-function", { badge: "7" })).user.identities).toEqual([{ provider: "custom-function", subject: "seven" }]);
    expect(await codeOf(logIn(service, "custom-function", { badge: "8" }))).toBe("CREDENTIALS_REFUSED");
    const error = await logIn(service, "custom-function", { badge: "broken" }).catch((caught: Error) => caught as Error);
    expect((error as Error).message).not.toContain("marker");
  });

  it("an API key logs its user in until it is disabled or deleted, and is shown once", async () => {
    const { service } = await startService({ apiKeys: true });
    const { user } = await logIn(service, "anon-user");
    const { id, key } = await service.apiKeys.create(user.id, "backup");
    expect((await logIn(service, "api-key", { key })).user.id).toBe(user.id);
    expect(await service.apiKeys.fetch(user.id, id)).toEqual({ id, name: "backup", disabled: false });
    expect(await codeOf(service.apiKeys.create(user.id, "backup"))).toBe("NAME_TAKEN");
    expect(await codeOf(logIn(service, "api-key", { key: `${String(key).slice(0, -1)}_` }))).toBe("CREDENTIALS_REFUSED");
    await service.apiKeys.setDisabled(user.id, id, true);
    expect(await codeOf(logIn(service, "api-key", { key }))).toBe("CREDENTIALS_REFUSED");
    await service.apiKeys.setDisabled(user.id, id, false);
    expect(await codeOf(logIn(service, "api-key", { key }))).toBeUndefined();
    const { user: stranger } = await logIn(service, "anon-user");
    expect(await codeOf(service.apiKeys.delete(stranger.id, id))).toBe("API_KEY_UNKNOWN");
    await service.apiKeys.delete(user.id, id);
    expect(await codeOf(logIn(service, "api-key", { key }))).toBe("CREDENTIALS_REFUSED");
  });

  it("a wrong password and an unknown address get the same answer", async () => {
    const { service } = await startService({ emailPassword: {} });
    await service.register({ email: "Ada@Example.org ", password: "correct horse" }, "192.0.2.1");
    expect((await logIn(service, "local-userpass", { email: "ada@example.org", password: "correct horse" })).user.profile).toEqual({ email: "ada@example.org" });
    const answers = [{ email: "ada@example.org", password: "wrong horse" }, { email: "nobody@example.org", password: "correct horse" }].map((payload) => logIn(service, "local-userpass", payload).catch((error: Error) => `${String((error as { code?: string }).code)} ${error.message}`));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(["CREDENTIALS_REFUSED invalid username/password"]));
    expect(await codeOf(service.register({ email: "ada@example.org", password: "another horse" }, "192.0.2.1"))).toBe("NAME_TAKEN");
    expect(await codeOf(service.register({ email: "bob@example.org", password: "short" }, "192.0.2.1"))).toBe("PASSWORD_INVALID");
  });

  it("a credential that was linked logs the same user in; another user's is refused", async () => {
    const { service } = await startService({ providers: [...(await startService()).options.providers, functionProvider(({ name }) => ({ subject: String(name) }))] });
    const [one, two] = [await logIn(service, "anon-user"), await logIn(service, "anon-user")];
    await service.link(one.user.id, { provider: "custom-function", payload: { name: "ada" }, address: "192.0.2.1" });
    expect((await logIn(service, "custom-function", { name: "ada" })).user.id).toBe(one.user.id);
    expect(await codeOf(service.link(two.user.id, { provider: "custom-function", payload: { name: "ada" }, address: "192.0.2.1" }))).toBe("IDENTITY_TAKEN");
    expect((await service.key(one.user.id)).key).not.toEqual((await service.key(two.user.id)).key);
  });

  it("logins are limited by address, passwords also by account", async () => {
    const time = new TestClock();
    const { service } = await startService({ now: time.now, emailPassword: {}, addressLimit: { burst: 6, perMinute: 60 }, accountLimit: { burst: 2, perMinute: 6 } });
    const tryPassword = (address: string): Promise<string | undefined> => codeOf(service.logIn({ provider: "local-userpass", payload: { email: "ada@example.org", password: "guess one" }, nonce: nonce(), address }));
    expect([await tryPassword("192.0.2.1"), await tryPassword("192.0.2.2"), await tryPassword("192.0.2.3")]).toEqual(["CREDENTIALS_REFUSED", "CREDENTIALS_REFUSED", "RATE_LIMITED"]);
    time.ms += 10_000;
    expect([await tryPassword("192.0.2.4"), await tryPassword("192.0.2.5")]).toEqual(["CREDENTIALS_REFUSED", "RATE_LIMITED"]);
    const codes: (string | undefined)[] = [];
    for (let count = 0; count < 8; count++) codes.push(await codeOf(service.logIn({ provider: "anon-user", payload: {}, nonce: nonce(), address: "192.0.2.9" })));
    expect(codes.filter((code) => code === "RATE_LIMITED").length).toBe(2);
  });
});

it("a user's key is given so often and no oftener", async () => {
  const time = new TestClock();
  const { service } = await startService({ now: time.now, addressLimit: { burst: 3, perMinute: 60 } });
  const [one, two] = [await logIn(service, "anon-user"), await logIn(service, "anon-user")];
  const codes: (string | undefined)[] = [];
  for (let count = 0; count < 4; count++) codes.push(await codeOf(service.key(one.user.id)));
  expect(codes).toEqual([undefined, undefined, undefined, "RATE_LIMITED"]);
  expect(await codeOf(service.key(two.user.id))).toBeUndefined();
});

it("passwords that wait to be looked at have a limit, and afterwards all is as before", async () => {
  const { service } = await startService({ emailPassword: {} });
  await service.register({ email: "ada@example.org", password: "correct horse" }, "192.0.2.1");
  const tries = Array.from({ length: 80 }, (_unused, count) => codeOf(logIn(service, "local-userpass", { email: `nobody${count}@example.org`, password: "wrong horse" })));
  const codes = await Promise.all(tries);
  expect(new Set(codes)).toEqual(new Set(["CREDENTIALS_REFUSED", "RATE_LIMITED"]));
  expect(codes.filter((code) => code === "CREDENTIALS_REFUSED").length).toBeGreaterThanOrEqual(32);
  expect(await codeOf(logIn(service, "local-userpass", { email: "ada@example.org", password: "correct horse" }))).toBeUndefined();
});

describe("over HTTP", () => {
  it("NUL characters, which no database keeps, are a mistake of the request", async () => {
    const { service } = await startService({ emailPassword: {} });
    const url = `${await listen([service])}/app/clinic/auth`;
    const ask = async (path: string, body: object): Promise<unknown> => {
      const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
      return [response.status, ((await response.json()) as { error_code?: string }).error_code];
    };
    const login = { provider: "local-userpass", refresh_nonce: nonce(), email: "ada@example.org", password: "correct horse" };
    for (const [field, value] of Object.entries(login)) expect(await ask("/login", { ...login, [field]: `${value}\0` })).toEqual([400, "REQUEST_INVALID"]);
    expect(await ask("/register", { email: "a\0@example.org", password: "correct horse" })).toEqual([400, "REQUEST_INVALID"]);
    expect(await ask("/session", { refresh_token: "a\0.b", next_nonce: nonce() })).toEqual([400, "REQUEST_INVALID"]);
  });

  it("a user is who its token says, whatever the request claims", async () => {
    const { service } = await startService({ apiKeys: true });
    const url = `${await listen([service])}/app/clinic/auth`;
    const post = (path: string, body: unknown, token = ""): Promise<Response> => fetch(url + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...(token === "" ? {} : { authorization: `Bearer ${token}` }) } });
    const logInAs = async (): Promise<Record<string, string>> => (await (await post("/login", { provider: "anon-user", refresh_nonce: nonce(), user_id: "somebody-else" })).json()) as Record<string, string>;
    const [one, two] = [await logInAs(), await logInAs()];
    expect(one["user_id"]).not.toBe("somebody-else");
    const mine = (await (await post("/user/key", { user_id: two["user_id"] }, one["access_token"])).json()) as { key: string };
    expect(Buffer.from(mine.key, "base64url")).toEqual(Buffer.from((await service.key(one["user_id"] as string)).key));
    for (const token of ["", "x", one["refresh_token"], `${String(one["access_token"])}x`]) expect((await post("/user/key", {}, token)).status).toBe(401);
    expect(await (await fetch(`${url}/user`, { headers: { authorization: `Bearer ${String(two["access_token"])}` } })).json()).toMatchObject({ user_id: two["user_id"] });
  });

  it("other paths, bodies and pages of other origins are refused", async () => {
    const { service } = await startService();
    const root = await listen([service], { allowedOrigins: ["https://app.example"] });
    const ask = async (path: string, init: RequestInit = {}): Promise<number> => (await fetch(root + path, init)).status;
    const json = { "content-type": "application/json" };
    expect(await ask("/metrics")).toBe(404);
    expect(await ask("/app/shop/auth/login", { method: "POST", headers: json, body: "{}" })).toBe(404);
    expect(await ask("/app/clinic/auth/constructor")).toBe(404);
    expect(await ask("/app/clinic/auth/login", { method: "POST", body: "{}" })).toBe(400);
    for (const body of ["", "[]", "null", "{", '{"provider":1}', `{"provider":"${"x".repeat(70_000)}"}`]) expect(await ask("/app/clinic/auth/login", { method: "POST", headers: json, body })).toBe(400);
    const preflight = async (origin: string): Promise<string | null> => (await fetch(`${root}/app/clinic/auth/login`, { method: "OPTIONS", headers: { origin } })).headers.get("access-control-allow-origin");
    expect([await preflight("https://app.example"), await preflight("https://evil.example")]).toEqual(["https://app.example", null]);
  });
});
