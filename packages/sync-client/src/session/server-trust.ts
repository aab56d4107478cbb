/**
 * Why a secure connection did not come to be. A WebSocket does not say; where the platform's `fetch` does (Node), it is asked.
 *
 * @module
 */
import { SyncError } from "../errors.ts";
import type { NetworkConfiguration } from "./network.ts";
import { dispatcherOf } from "./node-dispatcher.ts";
import { codeOf } from "./reactions.ts";

const LIMIT_MS = 5000;

const FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: look at this device's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by nobody that this device trusts",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by nobody that this device trusts",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is signed by nobody that this device trusts",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by nobody that this device trusts",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by nobody that this device trusts",
};

/** Looks whether a server's certificate is the reason. No token is sent. @returns `SERVER_UNTRUSTED`; undefined if it is not, or cannot be known here. */
export async function untrusted(url: string, network: NetworkConfiguration): Promise<SyncError | undefined> {
  if (!url.startsWith("wss:") || !saysWhy()) return undefined;
  const dispatcher = dispatcherOf(network);
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), LIMIT_MS);
  try {
    await fetch(new URL("/healthz", url.replace(/^wss:/u, "https:")), { method: "HEAD", signal: aborter.signal, ...(dispatcher === undefined ? {} : { dispatcher }) } as RequestInit);
    return undefined;
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    const fault = FAULTS[codeOf(cause ?? {}) ?? ""];
    return fault === undefined ? undefined : new SyncError("SERVER_UNTRUSTED", `The server cannot be trusted: ${fault}.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Elsewhere a failed request has no cause that could be read, and a page's console would show one more failure. */
function saysWhy(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node !== undefined && typeof fetch === "function";
}
