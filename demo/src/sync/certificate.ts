/**
 * A certificate for this machine alone, and trust in it within this process.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { DemoFailure } from "../stage.ts";

/** PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate for loopback that is its own authority, in `folder`. */
export function makeCertificate(folder: string): Certificate {
  const [cert, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  const made = spawnSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new DemoFailure(`openssl makes the demo's certificate, and it failed: ${made.error?.message ?? made.stderr}`);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** Trusts a certificate as the system's authorities are trusted, until the process ends. */
export function trust({ cert }: Certificate): void {
  setDefaultCACertificates([...getCACertificates("default"), cert]);
}
