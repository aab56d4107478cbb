/**
 * A real OpenID Connect provider in this process, whose login page believes everybody; and somebody who goes through its pages.
 *
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes } from "node:crypto";
import Provider from "oidc-provider";

/** A started provider. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Opens an authorization address and logs in as `name`. @returns The address that the application gets. */
  visit(url: string, name: string): Promise<string>;
  stop(): void;
}

const CLIENT_ID = "notes";
/** Nothing listens there: the address is caught before it is opened, as a phone's system browser does. */
const REDIRECT_URI = "http://127.0.0.1:9/callback";
const MOST_PAGES = 12;

/** Starts one on loopback. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const provider = quietly(
    () =>
      new Provider(issuer, {
        clients: [{ client_id: CLIENT_ID, redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none", application_type: "native", response_types: ["code"], grant_types: ["authorization_code"] }],
        cookies: { keys: [randomBytes(16).toString("hex")] },
        claims: { openid: ["sub"], email: ["email"] },
        conformIdTokenClaims: false,
        findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.org` }) }),
        ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
        // A page exchanges its code itself.
        clientBasedCORS: () => true,
        pkce: { required: () => true },
      }),
  );
  const answer = provider.callback();
  server.on("request", (request, response) => quietly(() => answer(request, response)));
  return {
    issuer,
    clientId: CLIENT_ID,
    redirectUri: REDIRECT_URI,
    visit: (url, name) => visit(issuer, url, name),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The library tells of what makes this a provider for demos. */
function quietly<T>(action: () => T): T {
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  try {
    return action();
  } finally {
    Object.assign(console, { warn, info });
  }
}

/** The pages of the library's development mode: a form to log in, then one to consent. */
async function visit(issuer: string, url: string, name: string): Promise<string> {
  const cookies = new Map<string, string>();
  let next: { readonly url: string; readonly form?: URLSearchParams } = { url };
  for (let page = 0; page < MOST_PAGES; page++) {
    const response = await fetch(next.url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join("; ") },
      ...(next.form === undefined ? {} : { method: "POST", body: next.form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [key = "", value = ""] = (cookie.split(";")[0] ?? "").split(/=(.*)/u);
      cookies.set(key, value);
    }
    const location = response.headers.get("location");
    if (location?.startsWith(REDIRECT_URI) === true) return location;
    if (location !== null) next = { url: new URL(location, issuer).href };
    else next = await submit(response, issuer, name);
  }
  throw new Error("the provider's pages do not end");
}

async function submit(response: Response, issuer: string, name: string): Promise<{ readonly url: string; readonly form: URLSearchParams }> {
  const page = await response.text();
  const action = /action="([^"]+)"/u.exec(page)?.[1];
  if (action === undefined) throw new Error(`the provider shows no form (${response.status})`);
  const isLogin = page.includes('value="login"');
  return { url: new URL(action, issuer).href, form: new URLSearchParams(isLogin ? { prompt: "login", login: name, password: "any" } : { prompt: "consent" }) };
}
