import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyStoreError, passphraseWrap, rawWrap } from "@holdfast/key-store";
import type { KeyWrap } from "@holdfast/key-store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromEnvironmentVariable, fromSecretFile, fromSystemdCredential, openHeadlessKeys, underPassphrase, underWrap } from "../src/index.ts";
import type { HeadlessSource } from "../src/index.ts";
import { freshFolder, rejected } from "./support.ts";

const name = "clinic";
const cost = { memoryKib: 8192, iterations: 1, parallelism: 1 };
const key = Uint8Array.from({ length: 64 }, (_, index) => index * 3);

/** In the form of the engine's. */
const ANCHOR = "a1:00112233445566778899aabbccddeeff:e:5:1:00112233:44556677:0::8899aabb";

/** A wrap whose service can be away. */
class Service implements KeyWrap {
  readonly kind: string;
  failure: "STORE_UNAVAILABLE" | "AUTH_WRONG" | undefined;
  constructor(kind: string) {
    this.kind = kind;
  }
  async wrap(bytes: Uint8Array): Promise<string> {
    this.#ask();
    return Buffer.from(bytes.map((byte) => byte ^ 0x5a)).toString("base64url");
  }
  async unwrap(payload: string): Promise<Uint8Array> {
    this.#ask();
    return Uint8Array.from(Buffer.from(payload, "base64url")).map((byte) => byte ^ 0x5a);
  }
  #ask(): void {
    if (this.failure !== undefined) throw new KeyStoreError(this.failure, `the service ${this.kind} fails`);
  }
}

describe("keys of a headless machine", () => {
  let folder: string;
  let kms: Service;
  let tpm: Service;
  let sources: HeadlessSource[];
  const get = async (databaseExists: boolean): Promise<[source: string, key: Uint8Array]> => {
    const { keys, source } = await openHeadlessKeys({ name, folder, sources });
    return [source, await keys.getOrCreate({ name, databaseExists })];
  };
  beforeEach(() => {
    folder = freshFolder();
    kms = new Service("kms");
    tpm = new Service("tpm2");
    sources = [fromSystemdCredential("clinic-key"), underWrap(kms), underWrap(tpm), underPassphrase({ passphrase: "correct horse battery", cost }), fromSecretFile(join(folder, "mounted")), fromEnvironmentVariable("CLINIC_KEY")];
  });
  afterEach(() => {
    delete process.env["CREDENTIALS_DIRECTORY"];
    delete process.env["CLINIC_KEY"];
  });

  it("a new key goes to the first source that this machine has, and says what was passed over", async () => {
    kms.failure = "STORE_UNAVAILABLE";
    const { source, passedOver } = await openHeadlessKeys({ name, folder, sources });
    expect(source).toBe("tpm2");
    expect(passedOver.map((sentence) => sentence.split(":")[0])).toEqual(["systemd-credential", "kms", "secret-file", "environment-variable"]);
  });

  it("a key that is there is found wherever it stands, also when an earlier source has come back", async () => {
    kms.failure = tpm.failure = "STORE_UNAVAILABLE";
    const [first, made] = await get(false);
    kms.failure = tpm.failure = undefined;
    expect([first, ...(await get(true))]).toEqual(["passphrase-file", "passphrase-file", made]);
  });

  it("a source that holds the key and is away is an error, never another key", async () => {
    const [, made] = await get(false);
    kms.failure = "STORE_UNAVAILABLE";
    expect(await rejected(get(true))).toBe("STORE_UNAVAILABLE");
    expect(await rejected(get(false))).toBe("STORE_UNAVAILABLE");
    kms.failure = undefined;
    expect(await get(true)).toEqual(["kms", made]);
  });

  it("a source that is there and refuses ends the search", async () => {
    kms.failure = "AUTH_WRONG";
    expect(await rejected(get(false))).toBe("AUTH_WRONG");
    sources = [underPassphrase({ passphrase: "correct horse battery", cost })];
    await get(false);
    sources = [underPassphrase({ passphrase: () => "another passphrase", cost }), underWrap(tpm)];
    expect(await rejected(get(true))).toBe("WRAP_REFUSED");
  });

  it("a provided key is taken in its turn, and an environment variable warns only if it is read", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", listen);
    process.env["CLINIC_KEY"] = Buffer.from(key).toString("base64");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "mounted"), key, { mode: 0o600 });
    expect(await get(true)).toEqual(["secret-file", key]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
    sources = sources.slice(-1);
    expect(await get(true)).toEqual(["environment-variable", key]);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect([...new Set(warnings)]).toEqual(["HoldfastKeyWarning"]);
  });

  it("without any source it is STORE_UNAVAILABLE, with every reason", async () => {
    sources = [fromSystemdCredential("clinic-key"), fromSecretFile(join(folder, "mounted"))];
    await expect(openHeadlessKeys({ name, folder, sources })).rejects.toThrow(/systemd-credential: .*secret-file: /u);
  });

  it("keeps a key readable in no file: raw wraps and foreign values are refused, wrapped keys and anchors are not", async () => {
    expect(() => underWrap(kms, rawWrap)).toThrow(expect.objectContaining({ code: "UNSUPPORTED_OPTION" }) as Error);
    sources = [underWrap(kms, passphraseWrap({ passphrase: "correct horse battery", cost }))];
    const { keys } = await openHeadlessKeys({ name, folder, sources });
    const made = await keys.getOrCreate({ name, databaseExists: false });
    await keys.anchorSource({ name }).write(ANCHOR);
    expect(await rejected(keys.store.write("password", "a secret"))).toBe("UNSUPPORTED_OPTION");
    const all = readdirSync(join(folder, "kms"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".entry"));
    expect(all.length).toBe(2);
    for (const file of all) {
      const text = Buffer.from(readFileSync(join(folder, "kms", file), "latin1").split(".")[1] ?? "", "base64url").toString("latin1");
      expect(text).not.toContain(Buffer.from(made).toString("base64url").slice(0, 12));
    }
    // The second wrap opens it while the service is away.
    kms.failure = "STORE_UNAVAILABLE";
    expect((await get(true))[1]).toEqual(made);
    expect(await (await openHeadlessKeys({ name, folder, sources })).keys.anchorSource({ name }).read()).toBe(ANCHOR);
  });
});

const hasCredentials = spawnSync("systemd-creds", ["--version"]).error === undefined;

it.skipIf(!hasCredentials)("reads what systemd-creds has encrypted and decrypted, as systemd does for a unit", async () => {
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const environment = { ...process.env, SYSTEMD_CREDENTIAL_SECRET: join(folder, "host.secret") };
  const run = (options: readonly string[]): number | null => spawnSync("systemd-creds", options, { env: environment }).status;
  writeFileSync(join(folder, "plain"), key, { mode: 0o600 });
  expect(run(["encrypt", "--with-key=host", "--name=clinic-key", join(folder, "plain"), join(folder, "sealed")])).toBe(0);
  expect(run(["decrypt", "--name=other", join(folder, "sealed"), join(folder, "nothing")])).not.toBe(0);
  const credentials = join(folder, "credentials");
  mkdirSync(credentials, { mode: 0o700 });
  expect(run(["decrypt", "--name=clinic-key", join(folder, "sealed"), join(credentials, "clinic-key")])).toBe(0);
  process.env["CREDENTIALS_DIRECTORY"] = credentials;
  const { keys, source } = await openHeadlessKeys({ name, folder: join(folder, "keys"), sources: [fromSystemdCredential("clinic-key")] });
  const found = await keys.getOrCreate({ name, databaseExists: true });
  delete process.env["CREDENTIALS_DIRECTORY"];
  expect([source, found]).toEqual(["systemd-credential", key]);
});
