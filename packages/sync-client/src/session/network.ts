/**
 * What a connection sends and how it goes beyond the platform's ways: headers, a proxy, a certificate authority of one's own.
 *
 * A browser's WebSocket has no place for any of them: there they are refused, not ignored. Values of headers are in no message of ours.
 *
 * @module
 */
import { notSupported, SyncError } from "../errors.ts";
import { isOneOf, ProxyType } from "../names.ts";
import { canDispatch, dispatcherOf } from "./node-dispatcher.ts";

/** A proxy that is asked to `CONNECT`. */
export interface ProxyConfiguration {
  readonly address: string;
  readonly port: number;
  /** How the proxy itself is spoken to. */
  readonly type: ProxyType;
}

/** Whom a connection trusts. */
export interface SslConfiguration {
  /** True is what holds in any case. */
  readonly validate?: true;
  /** A file with certificates of authorities, as PEM: these are trusted, and no others. Node only. */
  readonly certificatePath?: string;
}

/** Fields of a configuration. */
export interface NetworkConfiguration {
  readonly customHttpHeaders?: Readonly<Record<string, string>>;
  readonly proxyConfig?: ProxyConfiguration;
  readonly ssl?: SslConfiguration;
}

const NAME = /^[\w!#$%&'*+.^`|~-]+$/u;
const VALUE = /^[\t\u0020-\u007E\u0080-\u00FF]*$/u;
/** What the connection itself says. */
const OWN = /^(?:authorization|connection|content-length|content-type|host|transfer-encoding|upgrade|sec-.*)$/iu;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/iu;

/** Checks the fields. @throws {SyncError} `CONFIGURATION_INVALID`, `NOT_SUPPORTED` */
export function checkNetwork(config: Partial<Record<string, unknown>>): void {
  const { customHttpHeaders: headers, proxyConfig: proxy, ssl } = config;
  if (headers !== undefined) checkHeaders(headers);
  if (proxy !== undefined) checkProxy(proxy);
  if (ssl !== undefined) checkSsl(ssl);
}

/** A proxy on another machine would read what is not encrypted. @throws {SyncError} `CONNECTION_INSECURE` */
export function checkProxied(url: string, { proxyConfig }: NetworkConfiguration): void {
  if (proxyConfig === undefined || /^(?:https|wss):/iu.test(url) || LOOPBACK.test(proxyConfig.address)) return;
  throw new SyncError("CONNECTION_INSECURE", "Expected a sync server's address with wss: or https: behind a proxy on another machine: it would read tokens and data.");
}

/** The fields of a session over those of its app. */
export function mergedNetwork(app: NetworkConfiguration, session: NetworkConfiguration): NetworkConfiguration {
  const headers = { ...app.customHttpHeaders, ...session.customHttpHeaders };
  const proxyConfig = session.proxyConfig ?? app.proxyConfig;
  const ssl = session.ssl?.certificatePath === undefined ? app.ssl : session.ssl;
  return { ...(Object.keys(headers).length === 0 ? {} : { customHttpHeaders: headers }), ...(proxyConfig === undefined ? {} : { proxyConfig }), ...(ssl === undefined ? {} : { ssl }) };
}

/** The platform's WebSocket, with what the fields ask for. */
export function openWebSocket(url: string, network: NetworkConfiguration): WebSocket {
  const { customHttpHeaders: headers } = network;
  const dispatcher = dispatcherOf(network);
  if (headers === undefined && dispatcher === undefined) return new WebSocket(url);
  const options = { ...(headers === undefined ? {} : { headers }), ...(dispatcher === undefined ? {} : { dispatcher }) };
  return new WebSocket(url, options as never);
}

function checkHeaders(value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("Expected 'customHttpHeaders' to be an object.");
  for (const [name, text] of Object.entries(value)) {
    if (!NAME.test(name)) throw invalid("Expected the names in 'customHttpHeaders' to be those of HTTP headers.");
    if (OWN.test(name)) throw invalid(`'customHttpHeaders' cannot have '${name}': the connection sends its own.`);
    if (typeof text !== "string" || !VALUE.test(text)) throw invalid(`Expected the value of '${name}' in 'customHttpHeaders' to be a string of one line.`);
    const { Deno } = globalThis as { Deno?: unknown };
    if (Deno !== undefined && /^user-agent$/iu.test(name)) throw notSupported("A user agent is not supported here: Deno's WebSocket sends its own.");
  }
  if (!takesHeaders()) throw notSupported("'customHttpHeaders' and a user agent are not supported here: this platform's WebSocket takes no headers. Send what the server shall know as custom data of the user, or hand in a 'transport'.");
}

function checkProxy(value: unknown): void {
  const { address, port, type } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (typeof address !== "string" || !/^[\w.:[\]-]+$/u.test(address)) throw invalid("Expected 'proxyConfig.address' to be the name or address of a machine.");
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) throw invalid("Expected 'proxyConfig.port' to be a number from 1 to 65535.");
  if (!isOneOf(ProxyType, type)) throw invalid("Expected 'proxyConfig.type' to be 'http' or 'https'.");
  if (!canDispatch()) throw notSupported("'proxyConfig' is supported in Node alone, where nothing else has set a dispatcher for the process: elsewhere the platform's own settings hold, or hand in a 'transport'.");
}

function checkSsl(value: unknown): void {
  if (typeof value !== "object" || value === null) throw invalid("Expected 'ssl' to be an object.");
  const { validate, certificatePath: path, ...rest } = value as Record<string, unknown>;
  if ((validate !== undefined && validate !== true) || Object.values(rest).some((field) => field !== undefined)) throw notSupported("'ssl' can only be { validate: true, certificatePath }: the platform verifies certificates, always.");
  if (path === undefined) return;
  if (typeof path !== "string") throw invalid("Expected 'ssl.certificatePath' to be a string.");
  if (!canDispatch()) throw notSupported("'ssl.certificatePath' is supported in Node alone: elsewhere a certificate authority of your own is installed in the system.");
  // Read now, so that a wrong path is found where it was given.
  dispatcherOf({ ssl: { certificatePath: path } });
}

/** Node, Bun and Deno take options as the second argument; a browser takes names of protocols there. */
function takesHeaders(): boolean {
  const { Bun, Deno } = globalThis as { Bun?: unknown; Deno?: unknown };
  return Bun !== undefined || Deno !== undefined || canDispatch({ ofAnyKind: true });
}

function invalid(message: string): SyncError {
  return new SyncError("CONFIGURATION_INVALID", message);
}
