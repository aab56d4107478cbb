/**
 * Helpers for tests of what syncs.
 *
 * @module
 */
export { makeCertificate } from "./certificate.ts";
export type { Certificate } from "./certificate.ts";
export { FaultProxy } from "./fault-proxy.ts";
export type { FaultDirection, FaultProxyTarget } from "./fault-proxy.ts";
export { freePort, postgresMissing, sharedCluster, startCluster } from "./postgres.ts";
export type { Cluster, ClusterOptions, DatabaseAddress } from "./postgres.ts";
