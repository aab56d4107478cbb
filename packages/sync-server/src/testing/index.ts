/**
 * Helpers for tests of what syncs.
 *
 * @module
 */
export { FaultProxy } from "./fault-proxy.ts";
export type { FaultProxyTarget } from "./fault-proxy.ts";
