/**
 * Requests about users to the server: JSON over `fetch`, TLS off this machine, every failure an `AppError`.
 *
 * @module
 */
import { checkProxied } from "../session/network.ts";
import type { NetworkConfiguration } from "../session/network.ts";
import { dispatcherOf } from "../session/node-dispatcher.ts";
import { AppError } from "./app-error.ts";

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal }) => Promise<{ readonly status: number; text(): Promise<string> }>;

/** What is asked for. */
export interface AuthRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/app/<id>/auth`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly accessToken?: string;
}

/** An answer's fields, not looked at yet. */
export type Answer = Readonly<Record<string, unknown>>;

/** Where the server is, and how it is asked. */
export interface AuthConnectionOptions {
  readonly appId: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  /** Headers, proxy and authorities, as of now. */
  readonly network?: () => NetworkConfiguration;
}

/** A header of the application's may be a secret: no other server is to get it. */
const KEPT_HERE = { redirect: "error" } as const;

/** Asks the server. */
export class AuthConnection {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** How long one question takes at the longest. */
  readonly timeoutMs: number;
  readonly #options: AuthConnectionOptions;

  /** @throws {AppError} `APP_CONNECTION_INSECURE`, `APP_CONFIGURATION_INVALID` */
  constructor(options: AuthConnectionOptions) {
    this.#options = options;
    this.timeoutMs = options.timeoutMs;
    this.baseUrl = checkedUrl(options.baseUrl);
    checkProxied(this.baseUrl, options.network?.() ?? {});
  }

  /** @throws {AppError} With the server's code, or `NETWORK_UNAVAILABLE`, `ANSWER_INVALID` */
  async ask({ method, path, body, accessToken }: AuthRequest): Promise<Answer> {
    const { appId } = this.#options;
    const headers: Record<string, string> = {};
    if (method === "POST") headers["content-type"] = "application/json";
    if (accessToken !== undefined) headers["authorization"] = `Bearer ${accessToken}`;
    const { status, text } = await this.#fetch(`${this.baseUrl}/app/${appId}/auth${path}`, { method, headers, ...(method === "POST" ? { body: JSON.stringify(body ?? {}) } : {}) });
    const answer = parsed(text);
    if (status >= 200 && status < 300) {
      if (answer === undefined && status !== 204) throw invalid(status);
      return answer ?? {};
    }
    const { error_code: code, error: message } = answer ?? {};
    if (typeof code === "string" && typeof message === "string") throw new AppError(code, message);
    // What stands between this device and the server says such things.
    if (status >= 500 || status === 429 || status === 408) throw new AppError("NETWORK_UNAVAILABLE", `the server does not answer now (status ${status}): try again later`);
    throw invalid(status);
  }

  async #fetch(url: string, init: { method: string; headers: Record<string, string>; body?: string }): Promise<{ readonly status: number; readonly text: string }> {
    const { fetch, timeoutMs, network } = this.#options;
    const { customHttpHeaders, ...ways } = network?.() ?? {};
    const dispatcher = dispatcherOf(ways);
    // Not AbortSignal.timeout, which React Native lacks.
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), timeoutMs);
    try {
      const headers = { ...customHttpHeaders, ...init.headers };
      const response = await fetch(url, { ...init, headers, signal: aborter.signal, ...(customHttpHeaders === undefined ? {} : KEPT_HERE), ...(dispatcher === undefined ? {} : { dispatcher }) });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new AppError("NETWORK_UNAVAILABLE", "the server cannot be reached: try again when there is a network", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** By hand: React Native's `URL` takes addresses apart in part only. */
function checkedUrl(text: string): string {
  const match = /^(?<scheme>[a-z]+):\/\/(?<host>\[[\da-f:.]+\]|[^\s/:?#@[\]]+)(?::\d+)?(?:\/[^\s?#]*)?$/iu.exec(text);
  if (match === null) throw new AppError("APP_CONFIGURATION_INVALID", "Expected 'baseUrl' to be an address such as https://sync.example.org");
  const { scheme = "", host = "" } = match.groups ?? {};
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(host.toLowerCase());
  if (scheme.toLowerCase() !== "https" && !(scheme.toLowerCase() === "http" && isHere)) throw new AppError("APP_CONNECTION_INSECURE", "'baseUrl' has to begin with https://: tokens and keys would travel in the clear (http:// is for this machine alone)");
  return text.replace(/\/+$/u, "");
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

function invalid(status: number): AppError {
  return new AppError("ANSWER_INVALID", `the answer (status ${status}) is none of a Holdfast server: look at 'baseUrl'`);
}
