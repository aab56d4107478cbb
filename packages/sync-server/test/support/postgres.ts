/**
 * The PostgreSQL of this package's tests.
 *
 * @module
 */
export { freePort, postgresMissing, sharedCluster, startCluster } from "../../src/testing/postgres.ts";
export type { Cluster, ClusterOptions, DatabaseAddress } from "../../src/testing/postgres.ts";
