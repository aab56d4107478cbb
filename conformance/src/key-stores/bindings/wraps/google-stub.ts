/**
 * A stub of Google Cloud KMS: a gRPC server made from the protocol files inside the vendor's package, `Encrypt` and `Decrypt` of one key.
 *
 * @module
 */
import { requirePeer } from "./peers.ts";
import { StubKey } from "./stub-keys.ts";
import type { ServiceStub, StubMode } from "./stub-keys.ts";

/** The key's name. */
export const GOOGLE_KEY = "projects/holdfast/locations/europe-west3/keyRings/tests/cryptoKeys/clinic";

const FAILURES: Partial<Record<StubMode, readonly [code: number, message: string]>> = {
  disabled: [9, `${GOOGLE_KEY}/cryptoKeyVersions/1 is not enabled, current state is: DISABLED.`],
  deleted: [9, `${GOOGLE_KEY}/cryptoKeyVersions/1 is not enabled, current state is: DESTROY_SCHEDULED.`],
  throttled: [8, "Quota exceeded for quota metric."],
  denied: [7, "Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied."],
  broken: [13, "internal"],
};

interface GrpcModule {
  readonly Server: new () => GrpcServer;
  readonly ServerCredentials: { createInsecure(): unknown };
  readonly credentials: { createInsecure(): unknown };
}
interface GrpcServer {
  addService(service: unknown, handlers: Record<string, (call: { request: GoogleRequest }, callback: (error: object | null, answer?: object) => void) => void>): void;
  bindAsync(address: string, credentials: unknown, callback: (error: Error | null, port: number) => void): void;
  forceShutdown(): void;
}
interface GoogleRequest {
  readonly name: string;
  readonly plaintext?: Buffer;
  readonly ciphertext: Buffer;
  readonly additionalAuthenticatedData: Buffer;
  readonly plaintextCrc32c?: Checksum;
  readonly ciphertextCrc32c?: Checksum;
  readonly additionalAuthenticatedDataCrc32c: Checksum;
}
/** As protocol buffers carry 64 bits: a number, text, or a Long. */
type Checksum = { readonly value: { toString(): string } } | null;
interface Gax {
  readonly grpc: GrpcModule;
  readonly GrpcClient: new () => { loadProtoJSON(json: unknown): { lookup?: unknown } & Record<string, unknown> };
}

/** @returns The stub, its port, and the gRPC module of the vendor's package for insecure credentials. */
export async function startGoogleStub(): Promise<ServiceStub & { readonly port: number; readonly credentials: unknown }> {
  const gax = requirePeer("google-gax") as Gax;
  const key = new StubKey();
  const server = new gax.grpc.Server();
  const respond =
    (perform: (request: GoogleRequest) => object | undefined) =>
    ({ request }: { request: GoogleRequest }, callback: (error: object | null, answer?: object) => void): void => {
      if (stub.mode === "silent") return;
      const [code, details] = FAILURES[stub.mode] ?? [];
      if (code !== undefined) return callback({ code, details });
      if (request.name !== GOOGLE_KEY) return callback({ code: 5, details: "not found" });
      const { plaintext = Buffer.alloc(0) } = request;
      const sums: readonly (readonly [Buffer, Checksum])[] = [[request.additionalAuthenticatedData, request.additionalAuthenticatedDataCrc32c], plaintext.length > 0 ? [plaintext, request.plaintextCrc32c as Checksum] : [request.ciphertext, request.ciphertextCrc32c as Checksum]];
      if (request.additionalAuthenticatedData.length === 0 || sums.some(([bytes, sum]) => sum?.value.toString() !== String(crc32c(bytes)))) return callback({ code: 11, details: "a checksum is missing or does not fit" });
      const answer = perform(request);
      if (answer === undefined) callback({ code: 3, details: "Decryption failed: the ciphertext is invalid." });
      else callback(null, answer);
    };
  server.addService(serviceOf(gax), {
    Encrypt: respond(({ plaintext = Buffer.alloc(0), additionalAuthenticatedData }) => {
      const ciphertext = key.seal(plaintext, additionalAuthenticatedData);
      return { name: `${GOOGLE_KEY}/cryptoKeyVersions/${key.version}`, ciphertext, ciphertextCrc32c: { value: crc32c(ciphertext) }, verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: true };
    }),
    Decrypt: respond(({ ciphertext, additionalAuthenticatedData }) => {
      const plaintext = key.open(ciphertext, additionalAuthenticatedData);
      return plaintext === undefined ? undefined : { plaintext, plaintextCrc32c: { value: crc32c(plaintext) }, usedPrimary: true };
    }),
  });
  const port = await new Promise<number>((resolve, reject) => server.bindAsync("127.0.0.1:0", gax.grpc.ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))));
  const stub: ServiceStub & { readonly port: number; readonly credentials: unknown } = {
    mode: "works",
    port,
    credentials: gax.grpc.credentials.createInsecure(),
    rotate: () => key.rotate(),
    close: async () => server.forceShutdown(),
  };
  return stub;
}

function serviceOf(gax: Gax): unknown {
  let node: unknown = new gax.GrpcClient().loadProtoJSON(requirePeer("@google-cloud/kms/build/protos/protos.json"));
  for (const part of ["google", "cloud", "kms", "v1", "KeyManagementService", "service"]) node = (node as Record<string, unknown>)[part];
  return node;
}

/** CRC-32C bit by bit: written apart from the wrap's own, so that the two check each other. */
function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  }
  return ~rest >>> 0;
}
