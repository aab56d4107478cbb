/**
 * The certificates of this package's tests.
 *
 * @module
 */
export { makeCertificate } from "../../src/testing/certificate.ts";
export type { Certificate } from "../../src/testing/certificate.ts";
