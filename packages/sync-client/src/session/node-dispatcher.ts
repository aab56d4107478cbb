/**
 * Node's own way to go through a proxy or trust another authority: a dispatcher of the kind that its `fetch` and WebSocket use.
 *
 * Node does not export the class, but its global dispatcher, under a symbol that undici documents, is an instance: so this one is of the very
 * version that takes it. Modules of Node are asked for at run time: a bundle for browsers has none of them.
 *
 * @module
 */
import { SyncError } from "../errors.ts";
import type { NetworkConfiguration, ProxyConfiguration } from "./network.ts";

const GLOBAL_DISPATCHER = Symbol.for("undici.globalDispatcher.1");
const TIMEOUT_MS = 30_000;

type Callback = (error: Error | null, socket?: unknown) => void;
interface Target {
  readonly hostname: string;
  readonly port: string;
  readonly protocol: string;
  readonly servername?: string | null;
}
type AgentClass = new (options: { readonly connect: unknown }) => object;
interface Emitter {
  on(event: string, listener: (...values: never[]) => void): this;
  once(event: string, listener: (...values: never[]) => void): this;
}
interface HttpModule {
  request(options: Readonly<Record<string, unknown>>): Emitter & { end(): void; destroy(error?: Error): void; setTimeout(timeoutMs: number, listener: () => void): void };
}
interface TlsModule {
  connect(options: Readonly<Record<string, unknown>>): Emitter;
  createSecureContext(options: { readonly ca: string }): unknown;
}

const known = new Map<string, object>();

/** True in Node, where nothing else was made the dispatcher of the process; `ofAnyKind`: also then. */
export function canDispatch({ ofAnyKind = false }: { readonly ofAnyKind?: boolean } = {}): boolean {
  const name = globalDispatcher()?.constructor.name;
  return ofAnyKind ? name !== undefined : name === "Agent";
}

/** A dispatcher for `fetch` and WebSocket; undefined if the platform's serves. @throws {SyncError} `CONFIGURATION_INVALID`: the file of certificates is none. */
export function dispatcherOf({ proxyConfig: proxy, ssl }: NetworkConfiguration): object | undefined {
  const path = ssl?.certificatePath;
  if (proxy === undefined && path === undefined) return undefined;
  const ca = path === undefined ? undefined : certificates(path);
  const text = JSON.stringify([proxy?.type, proxy?.address, proxy?.port, ca]);
  const dispatcher = known.get(text) ?? make(proxy, ca);
  known.set(text, dispatcher);
  return dispatcher;
}

function make(proxy: ProxyConfiguration | undefined, ca: string | undefined): object {
  const dispatcher = globalDispatcher();
  // Not as an optional chain: Bun would write it into the `new`, which may have none.
  if (dispatcher === undefined) throw new SyncError("NOT_SUPPORTED", "A proxy and certificates of one's own are supported in Node alone.");
  const Agent = dispatcher.constructor as AgentClass;
  return new Agent({ connect: proxy === undefined ? { ca } : (target: Target, callback: Callback) => connectThrough(proxy, ca, target, callback) });
}

/** Asks the proxy for a way to the server, over which TLS is the server's own. */
function connectThrough(proxy: ProxyConfiguration, ca: string | undefined, target: Target, callback: Callback): void {
  const isSecure = target.protocol === "https:";
  const authority = `${target.hostname}:${target.port === "" ? (isSecure ? "443" : "80") : target.port}`;
  const request = nodeModule<HttpModule>(`node:${proxy.type}`).request({ host: proxy.address, port: proxy.port, method: "CONNECT", path: authority, headers: { host: authority }, agent: false });
  request.once("connect", (response: { readonly statusCode: number }, socket: Emitter) => {
    if (response.statusCode !== 200) {
      request.destroy();
      callback(new Error(`the proxy answered with ${String(response.statusCode)}`));
    } else if (isSecure) secure(socket, target, ca, callback);
    else callback(null, socket);
  });
  request.once("error", (error: Error) => callback(error));
  request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error("the proxy does not answer")));
  request.end();
}

function secure(socket: Emitter, { hostname, servername }: Target, ca: string | undefined, callback: Callback): void {
  const tls = nodeModule<TlsModule>("node:tls");
  const secured = tls.connect({ socket, servername: servername ?? hostname, ALPNProtocols: ["http/1.1"], ...(ca === undefined ? {} : { ca }) });
  let isSettled = false;
  const settle = (error: Error | null): void => {
    if (isSettled) return;
    isSettled = true;
    if (error === null) callback(null, secured);
    else callback(error);
  };
  secured.once("secureConnect", () => settle(null));
  secured.on("error", (error: Error) => settle(error));
}

function certificates(path: string): string {
  let text: string;
  try {
    text = nodeModule<{ readFileSync(path: string, encoding: "utf8"): string }>("node:fs").readFileSync(path, "utf8");
    nodeModule<TlsModule>("node:tls").createSecureContext({ ca: text });
  } catch (cause) {
    throw new SyncError("CONFIGURATION_INVALID", "Expected 'ssl.certificatePath' to lead to a file with certificates as PEM.", { cause });
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new SyncError("CONFIGURATION_INVALID", "Expected 'ssl.certificatePath' to lead to a file with certificates as PEM.");
  return text;
}

function globalDispatcher(): object | undefined {
  const { process, Bun, Deno } = globalThis as { process?: { versions?: { node?: string }; getBuiltinModule?: unknown }; Bun?: unknown; Deno?: unknown };
  if (process?.versions?.node === undefined || process.getBuiltinModule === undefined || Bun !== undefined || Deno !== undefined || typeof WebSocket !== "function") return undefined;
  return (globalThis as { [GLOBAL_DISPATCHER]?: object })[GLOBAL_DISPATCHER];
}

function nodeModule<Module>(name: string): Module {
  return (globalThis as unknown as { process: { getBuiltinModule(name: string): unknown } }).process.getBuiltinModule(name) as Module;
}
