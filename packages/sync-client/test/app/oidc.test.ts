/**
 * Login at a real OpenID Connect provider, from the first address to the synced user.
 *
 * @module
 */
import { oidcProvider } from "@holdfast/sync-server";
import { expect, it } from "vitest";
import { beginOidcLogin, finishOidcLogin } from "../../src/oidc.ts";
import { startIdentityProvider } from "./identity-provider.ts";
import { codeOf, startServer, TestDevice } from "./support.ts";

async function setUp(): Promise<{ identities: Awaited<ReturnType<typeof startIdentityProvider>>; options: { issuer: string; clientId: string; redirectUri: string }; device: TestDevice }> {
  const identities = await startIdentityProvider();
  const { issuer, clientId, redirectUri } = identities;
  const server = await startServer({ providers: [oidcProvider({ issuer, clientIds: [clientId], codeExchange: { clientId, redirectUris: [redirectUri] } })] });
  return { identities, options: { issuer, clientId, redirectUri }, device: new TestDevice(server) };
}

for (const exchange of ["client", "server"] as const) {
  it(`authorization code with PKCE, exchanged by the ${exchange}, logs in`, async () => {
    const { identities, options, device } = await setUp();
    const begun = await beginOidcLogin({ ...options, exchange });
    const { searchParams } = new URL(begun.url);
    expect([searchParams.get("code_challenge_method"), searchParams.get("response_type")]).toEqual(["S256", "code"]);
    const callbackUrl = await identities.visit(begun.url, "ada");
    const user = await (await device.start()).logIn(await finishOidcLogin({ ...options, exchange }, { callbackUrl, pending: begun.pending }));
    expect(user).toMatchObject({ identities: [{ id: "ada", providerType: "oidc" }], isLoggedIn: true });
    expect((await user.databaseKey()).length).toBe(64);
  });

  it(`an answer to another login, an altered state and a refusal are no login (${exchange})`, async () => {
    const { identities, options } = await setUp();
    const [one, two] = [await beginOidcLogin({ ...options, exchange }), await beginOidcLogin({ ...options, exchange })];
    const callbackUrl = await identities.visit(one.url, "ada");
    const finish = (url: string, pending: string): Promise<string | undefined> => codeOf(finishOidcLogin({ ...options, exchange }, { callbackUrl: url, pending }));
    expect(await finish(callbackUrl, two.pending)).toBe("LOGIN_MISMATCH");
    expect(await finish(`${options.redirectUri}?error=access_denied&state=${String(JSON.parse(one.pending).state)}`, one.pending)).toBe("LOGIN_MISMATCH");
    expect(await finish(callbackUrl.replace(/iss=[^&]*/u, "iss=https%3A%2F%2Fevil.example"), one.pending)).toBe("LOGIN_MISMATCH");
    expect(await finish(callbackUrl, one.pending)).toBeUndefined();
  });
}

it("a verifier of another login is refused by the provider", async () => {
  const { identities, options } = await setUp();
  const [one, two] = [await beginOidcLogin(options), await beginOidcLogin(options)];
  const callbackUrl = await identities.visit(one.url, "ada");
  const mixed = JSON.stringify({ ...JSON.parse(one.pending), verifier: JSON.parse(two.pending).verifier });
  expect(await codeOf(finishOidcLogin(options, { callbackUrl, pending: mixed }))).toBe("LOGIN_MISMATCH");
});

it("a provider that is away, or without TLS, is told apart from a refusal", async () => {
  expect(await codeOf(beginOidcLogin({ issuer: "http://127.0.0.1:9", clientId: "clinic-app", redirectUri: "com.example:/callback" }))).toBe("NETWORK_UNAVAILABLE");
  expect(await codeOf(beginOidcLogin({ issuer: "http://issuer.example", clientId: "clinic-app", redirectUri: "com.example:/callback" }))).toBe("APP_CONNECTION_INSECURE");
});
