/**
 * Asking a service: within a time, with every failure translated, and with nothing of the request in what is thrown.
 *
 * @module
 */
import { KEY_BYTES, KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreErrorCode } from "@holdfast/key-store";

/** How long a service may take, in ms, its client's own retries included. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Names and codes of errors that mean "the service was not reached": Node's, undici's, browsers' and the three SDKs'. */
const UNREACHED: ReadonlySet<string> = new Set([
  "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EPROTO",
  "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_SOCKET", "ERR_STREAM_PREMATURE_CLOSE", "ERR_HTTP2_STREAM_CANCEL", "ERR_HTTP2_GOAWAY_SESSION",
  "CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "ERR_TLS_CERT_ALTNAME_INVALID",
  "TimeoutError", "AbortError", "NetworkingError", "NetworkError", "RequestTimeout", "RequestTimeoutException", "REQUEST_SEND_ERROR", "REQUEST_ABORTED_ERROR",
]);

/** What an error says about itself, whatever made it. */
export interface ServiceFailure {
  readonly name: string;
  readonly code: string | number | undefined;
  readonly status: number | undefined;
  readonly message: string;
}

/** What is said to the application; undefined for a failure that the service's list does not have. */
export type Translate = (failure: ServiceFailure) => readonly [code: KeyStoreErrorCode, advice: string] | undefined;

/** How a call is made. */
export interface ServiceCall<Result> {
  /** "AWS KMS", for messages. */
  readonly service: string;
  readonly timeoutMs: number;
  readonly translate: Translate;
  ask(signal: AbortSignal): Promise<Result>;
}

/** @throws {KeyStoreError} Always of this class; the cause holds name, code and message of the original and nothing of its request. */
export async function callService<Result>({ service, timeoutMs, translate, ask }: ServiceCall<Result>): Promise<Result> {
  const aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new KeyStoreError("STORE_UNAVAILABLE", `${service} has not answered within ${timeoutMs} ms: try again later`));
      aborter.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([ask(aborter.signal), late]);
  } catch (error) {
    throw translated(service, error, translate);
  } finally {
    clearTimeout(timer);
  }
}

/** The 64 bytes that a service gave back, as fresh bytes; the service's own are overwritten. */
export function takeKey(bytes: Uint8Array | undefined | null, service: string): Uint8Array {
  if (bytes?.length !== KEY_BYTES) throw new KeyStoreError("WRAP_REFUSED", `${service} gave ${bytes?.length ?? "no"} bytes for a key of ${KEY_BYTES}: the wrap is not one of ours`);
  const key = Uint8Array.from(bytes);
  bytes.fill(0);
  return key;
}

/** True for a failure to reach the service at all. */
export function isUnreached(failure: ServiceFailure): boolean {
  return UNREACHED.has(failure.name) || (typeof failure.code === "string" && UNREACHED.has(failure.code)) || (failure.name === "TypeError" && /fetch failed|Failed to fetch|Load failed|NetworkError/u.test(failure.message));
}

/** Reads an error of any SDK. */
export function failureOf(error: unknown): ServiceFailure {
  const { name, message, code, errno, statusCode, $metadata } = (error ?? {}) as { name?: string; message?: string; code?: string | number; errno?: string; statusCode?: number; $metadata?: { httpStatusCode?: number } };
  return { name: name ?? "Error", message: message ?? String(error), code: code ?? errno, status: statusCode ?? $metadata?.httpStatusCode };
}

function translated(service: string, error: unknown, translate: Translate): KeyStoreError {
  if ((error as Partial<Error> | undefined)?.name === "KeyStoreError") return error as KeyStoreError;
  const failure = failureOf(error);
  // SDKs wrap what the socket said: one look at the cause.
  const inner = failureOf((error as { cause?: unknown } | undefined)?.cause);
  const cause = Object.assign(new Error(failure.message), { name: failure.name }, failure.code === undefined ? {} : { code: failure.code });
  const known = translate(failure);
  if (known !== undefined) return new KeyStoreError(known[0], `${service}: ${known[1]}`, { cause });
  if (isUnreached(failure) || isUnreached(inner) || (failure.status !== undefined && failure.status >= 500)) {
    return new KeyStoreError("STORE_UNAVAILABLE", `${service} cannot be reached or does not answer: try again later; a second wrap (a passphrase) opens the database meanwhile`, { cause });
  }
  return new KeyStoreError("IO", `${service} failed in a way that this release does not know`, { cause });
}
