/**
 * Self-signed certificates for loopback.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { isIP } from "node:net";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate that is its own authority, and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/** Makes one for localhost and 127.0.0.1, or for another name, in `folder`. */
export function makeCertificate(folder: string, name = "localhost"): Certificate {
  const certPath = join(folder, `${name}.crt`);
  const keyPath = join(folder, `${name}.key`);
  const names = name === "localhost" ? "DNS:localhost,IP:127.0.0.1" : `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`;
  const result = spawnSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`, "-keyout", keyPath, "-out", certPath],
    { encoding: "utf8" },
  );
  if (result.status !== 0) throw new Error(`openssl failed: ${result.stderr}${String(result.error ?? "")}`);
  chmodSync(keyPath, 0o600);
  return { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8"), certPath, keyPath };
}
