/**
 * A real OpenID Connect provider in this process, whose login page says yes to everybody.
 *
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { onTestFinished as atEnd, vi } from "vitest";

/** Where it is, and how a browser would go through its pages. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Follows the pages from an authorization address as a user of this name, up to the address that the application gets. */
  visit(url: string, userName: string): Promise<string>;
}

const CLIENT_ID = "clinic-app";
const REDIRECT_URI = "http://127.0.0.1:9/callback";

/** Starts one. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  // It warns of what makes it a provider for tests.
  for (const method of ["info", "warn"] as const) {
    const quiet = vi.spyOn(console, method).mockImplementation(() => undefined);
    atEnd(() => quiet.mockRestore());
  }
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT_ID, redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none", application_type: "native", response_types: ["code"], grant_types: ["authorization_code"] }],
    cookies: { keys: ["of a test"] },
    claims: { openid: ["sub"], email: ["email"], profile: ["name"] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.org`, name: id.toUpperCase() }) }),
    pkce: { required: () => true },
  });
  server.on("request", provider.callback());
  return {
    issuer,
    clientId: CLIENT_ID,
    redirectUri: REDIRECT_URI,
    visit: (url, userName) => visit({ issuer, url, userName }),
  };
}

/** The pages of oidc-provider's development mode: a login form, then a consent form. */
async function visit({ issuer, url, userName }: { readonly issuer: string; readonly url: string; readonly userName: string }): Promise<string> {
  const cookies = new Map<string, string>();
  let next: { readonly url: string; readonly form?: URLSearchParams } = { url };
  for (let step = 0; step < 12; step++) {
    const response = await fetch(next.url, {
      redirect: "manual",
      method: next.form === undefined ? "GET" : "POST",
      ...(next.form === undefined ? {} : { body: next.form }),
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (cookie.split(";")[0] ?? "").split(/=(.*)/u);
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location?.startsWith(REDIRECT_URI)) return location;
    if (location !== null) {
      next = { url: new URL(location, issuer).href };
      continue;
    }
    const page = await response.text();
    const action = /action="([^"]+)"/u.exec(page)?.[1];
    if (action === undefined) throw new Error(`the provider shows no form: ${response.status} ${page.slice(0, 300)}`);
    next = { url: new URL(action, issuer).href, form: new URLSearchParams(page.includes('value="login"') ? { prompt: "login", login: userName, password: "any" } : { prompt: "consent" }) };
  }
  throw new Error("the provider's pages do not end");
}
