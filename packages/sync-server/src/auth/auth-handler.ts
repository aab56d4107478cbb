/**
 * Users over HTTP: JSON in, JSON out, under `/app/<application>/auth/`.
 *
 * The server's listener offers each request here first. Credentials travel in bodies and in the Authorization header, never in
 * addresses, and there are no cookies, so that a foreign page can do nothing in a user's name.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AuthError } from "./auth-error.ts";
import type { AuthLogEntry } from "./auth-options.ts";
import type { ApiKeyView } from "./api-keys.ts";
import { codesOf } from "./auth-service.ts";
import type { AuthenticatedUser, AuthService, LoginAnswer, TokenAnswer } from "./auth-service.ts";
import { textField } from "./credential-provider.ts";
import type { UserRecord } from "./user-records.ts";

/** How requests are taken. */
export interface AuthHandlerOptions {
  /** Origins of web pages of the application that stand elsewhere: `https://app.example`. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Where a request comes from. Default the socket's address; behind a proxy, what the proxy says. */
  readonly addressOf?: (request: IncomingMessage) => string;
  readonly log?: (entry: AuthLogEntry) => void;
}

/** Answers a request. @returns False, and nothing done, if it is none of users */
export type AuthHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

type Body = Readonly<Record<string, unknown>>;

/** A request that was read, and who answers it. */
interface Call {
  readonly service: AuthService;
  readonly body: Body;
  readonly address: string;
  /** Of the Authorization header; empty without one. */
  readonly bearer: string;
  /** The part of the path that stands for an API key. */
  readonly id: string;
}

const MAX_BODY_BYTES = 65_536;
const PREFIX = /^\/app\/(?<appId>[\w-]{1,64})\/auth(?<path>\/[\w/-]*)$/u;

const ROUTES: Readonly<Record<string, (call: Call) => Promise<object | undefined>>> = {
  "POST /login": async ({ service, body, address }) =>
    loginView(await service.logIn({ provider: textField(body, "provider"), payload: body, nonce: textField(body, "refresh_nonce"), address, ...deviceOf(body), ...appOf(body) })),
  "POST /register": async ({ service, body, address }) => void (await service.register(body, address)),
  "POST /confirm": async ({ service, body, address }) => void (await service.confirmEmail(body, address)),
  "POST /confirm/send": async ({ service, body, address }) => service.sendMail("confirm", body, address) as undefined,
  "POST /reset": async ({ service, body, address }) => void (await service.resetPassword(body, address)),
  "POST /reset/send": async ({ service, body, address }) => service.sendMail("reset", body, address) as undefined,
  "POST /reset/call": async ({ service, body, address }) => void (await service.resetByFunction(body, address)),
  "POST /functions/call": async (call) => {
    const { userId } = await who(call);
    return { result: await call.service.callFunction(userId, textField(call.body, "name"), call.body["arguments"]) };
  },
  "POST /session": async ({ service, body }) => {
    const { user, ...tokens } = await service.refresh({ refreshToken: textField(body, "refresh_token"), nextNonce: textField(body, "next_nonce") });
    return { ...tokenView(tokens), ...userView(user), ...keyView(user), key_mode: service.keyMode };
  },
  "POST /session/end": async ({ service, body }) => void (await service.logOut(textField(body, "refresh_token"))),
  "GET /user": async (call) => userView(await call.service.user((await who(call)).userId)),
  "DELETE /user": async (call) => void (await call.service.deleteUser((await who(call)).userId)),
  "POST /user/link": async (call) => userView(await call.service.link((await who(call)).userId, { provider: textField(call.body, "provider"), payload: call.body, address: call.address })),
  "POST /user/key": async (call) => {
    const { key, keyId, version, versions } = await call.service.key((await who(call)).userId, versionOf(call.body));
    const text = Buffer.from(key).toString("base64url");
    key.fill(0);
    return { key: text, key_id: keyId, version, versions };
  },
  "POST /user/key/change": async (call) => {
    const { userId } = await who(call);
    const { keyId, version } = await call.service.changeOwnKey(userId, textField(call.body, "key_id"));
    return { key_id: keyId, version };
  },
  "POST /user/key/settled": async (call) => {
    const { userId, sessionId } = await who(call);
    await call.service.keySettled({ userId, sessionId, keyId: textField(call.body, "key_id") });
    return undefined;
  },
  "GET /api-keys": async (call) => ({ keys: (await call.service.apiKeys.list((await who(call)).userId)).map(apiKeyView) }),
  "POST /api-keys": async (call) => {
    const { userId } = await who(call);
    return apiKeyView(await call.service.apiKeys.create(userId, textField(call.body, "name")));
  },
  "GET /api-keys/:id": async (call) => apiKeyView(await call.service.apiKeys.fetch((await who(call)).userId, call.id)),
  "DELETE /api-keys/:id": async (call) => void (await call.service.apiKeys.delete((await who(call)).userId, call.id)),
  "PUT /api-keys/:id/enable": async (call) => void (await call.service.apiKeys.setDisabled((await who(call)).userId, call.id, false)),
  "PUT /api-keys/:id/disable": async (call) => void (await call.service.apiKeys.setDisabled((await who(call)).userId, call.id, true)),
};

/** A handler for the users of one or more applications. */
export function createAuthHandler(services: readonly AuthService[], { allowedOrigins = [], addressOf = socketAddress, log }: AuthHandlerOptions = {}): AuthHandler {
  const byApp = new Map(services.map((service) => [service.appId, service]));
  return async (request, response) => {
    const match = PREFIX.exec((request.url ?? "").split("?")[0] ?? "");
    if (match === null) return false;
    const origin = request.headers.origin;
    if (origin !== undefined && allowedOrigins.includes(origin)) allowOrigin(response, origin);
    response.setHeader("Cache-Control", "no-store");
    try {
      if (request.method === "OPTIONS") {
        send(response, 204, undefined);
        return true;
      }
      const service = byApp.get(match.groups?.["appId"] ?? "");
      if (service === undefined) throw new AuthError("PATH_UNKNOWN", `cannot find app using Client App ID '${match.groups?.["appId"] ?? ""}'`);
      const { route, id } = routeOf(`${request.method ?? ""} ${match.groups?.["path"] ?? ""}`);
      const body = request.method === "POST" ? await readBody(request) : {};
      const answer = await route({ service, body, id, address: addressOf(request), bearer: bearerOf(request) });
      send(response, answer === undefined ? 204 : 200, answer);
    } catch (error) {
      sendError(response, error, log);
    }
    return true;
  };
}

async function who({ service, bearer }: Call): Promise<AuthenticatedUser> {
  return service.verify(bearer);
}

function routeOf(text: string): { readonly route: (call: Call) => Promise<object | undefined>; readonly id: string } {
  const id = /^[A-Z]+ \/api-keys\/(?<id>[0-9a-f]{24})/u.exec(text)?.groups?.["id"] ?? "";
  const pattern = id === "" ? text : text.replace(id, ":id");
  const route = Object.hasOwn(ROUTES, pattern) ? ROUTES[pattern] : undefined;
  if (route === undefined) throw new AuthError("PATH_UNKNOWN", "there is no such path or method");
  return { route, id };
}

async function readBody(request: IncomingMessage): Promise<Body> {
  // Asking for this type keeps pages of other origins from sending it without being asked first.
  if (!(request.headers["content-type"] ?? "").toLowerCase().startsWith("application/json")) throw new AuthError("REQUEST_INVALID", "expected a body of the type application/json");
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new AuthError("REQUEST_INVALID", `expected a body of at most ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Body;
  } catch {
    // Answered below: what the parser says would quote the body.
  }
  throw new AuthError("REQUEST_INVALID", "expected the body to be a JSON object");
}

function bearerOf(request: IncomingMessage): string {
  return /^Bearer (?<token>[\w.~+/=-]{1,8192})$/u.exec(request.headers.authorization ?? "")?.groups?.["token"] ?? "";
}

function deviceOf(body: Body): { readonly deviceId?: string } {
  const deviceId = body["device_id"];
  return typeof deviceId === "string" && /^[\w-]{1,64}$/u.test(deviceId) ? { deviceId } : {};
}

function versionOf({ version }: Body): number | undefined {
  if (version === undefined || (Number.isSafeInteger(version) && (version as number) > 0)) return version as number | undefined;
  throw new AuthError("REQUEST_INVALID", "expected 'version' to be a number from 1");
}

const MAX_APP_TEXT = 100;

function appOf(body: Body): { readonly app?: { readonly name?: string; readonly version?: string } } {
  const { name, version } = (body["app"] ?? {}) as Partial<Record<string, unknown>>;
  const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_APP_TEXT && !value.includes("\0");
  return isText(name) || isText(version) ? { app: { ...(isText(name) ? { name } : {}), ...(isText(version) ? { version } : {}) } } : {};
}

function socketAddress(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? "";
}

function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
  response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
  response.setHeader("Access-Control-Max-Age", "600");
  response.setHeader("Vary", "Origin");
}

function send(response: ServerResponse, status: number, answer: object | undefined): void {
  if (answer === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff" }).end(JSON.stringify(answer));
}

function sendError(response: ServerResponse, error: unknown, log: AuthHandlerOptions["log"]): void {
  const known = error instanceof AuthError ? error : new AuthError("AUTH_FAILED", "the server has failed: try again later", { cause: error });
  if (known.status >= 500) log?.({ event: "request-failed", ...codesOf(known) });
  if (known.retryAfterSeconds !== undefined) response.setHeader("Retry-After", String(known.retryAfterSeconds));
  // The rest of a body that was not read must not be taken for the next request.
  if (known.code === "REQUEST_INVALID") response.setHeader("Connection", "close");
  send(response, known.status, { error_code: known.code, error: known.message });
}

function tokenView({ accessToken, refreshToken, expiresInSeconds, serverTimeMs }: TokenAnswer): object {
  return { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresInSeconds, server_time_ms: serverTimeMs };
}

function loginView({ user, deviceId, keyMode, ...tokens }: LoginAnswer): object {
  return { ...tokenView(tokens), ...userView(user), ...keyView(user), device_id: deviceId, key_mode: keyMode };
}

function userView({ id, identities, customData, profile }: UserRecord): object {
  return { user_id: id, identities: identities.map(({ provider, subject }) => ({ id: subject, provider_type: provider })), custom_data: customData, profile };
}

function keyView({ key }: UserRecord): object {
  return key === undefined ? {} : { key_id: key.keyId, key_version: key.version };
}

function apiKeyView({ id, name, disabled, key }: ApiKeyView): object {
  return { id, name, disabled, ...(key === undefined ? {} : { key }) };
}
