/**
 * A key management service as the key provider: the wraps of `@holdfast/key-store-wraps`, handed in as they are.
 *
 * The service is a stand-in with real AES-GCM inside that authenticates the context, as AWS KMS does. It proves the shape, not the vendor.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { awsKmsWrap } from "@holdfast/key-store-wraps/aws-kms";
import type { AwsKms } from "@holdfast/key-store-wraps/aws-kms";
import { expect, it } from "vitest";
import { localKeyProvider } from "../../src/index.ts";
import { codeOf, logIn, startService } from "./support.ts";

/** One key of a service, which can be disabled. */
class StandInKms implements AwsKms {
  isDisabled = false;
  readonly contexts: Record<string, string>[] = [];
  readonly #key = randomBytes(32);

  async encrypt({ KeyId, Plaintext, EncryptionContext }: Parameters<AwsKms["encrypt"]>[0]): ReturnType<AwsKms["encrypt"]> {
    this.#refuseIfDisabled();
    this.contexts.push(EncryptionContext);
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv);
    cipher.setAAD(Buffer.from(JSON.stringify(EncryptionContext)));
    return { KeyId, CiphertextBlob: Buffer.concat([iv, cipher.update(Plaintext), cipher.final(), cipher.getAuthTag()]) };
  }

  async decrypt({ CiphertextBlob, EncryptionContext }: Parameters<AwsKms["decrypt"]>[0]): ReturnType<AwsKms["decrypt"]> {
    this.#refuseIfDisabled();
    const decipher = createDecipheriv("aes-256-gcm", this.#key, CiphertextBlob.subarray(0, 12));
    decipher.setAAD(Buffer.from(JSON.stringify(EncryptionContext)));
    decipher.setAuthTag(CiphertextBlob.subarray(-16));
    try {
      return { Plaintext: new Uint8Array(Buffer.concat([decipher.update(CiphertextBlob.subarray(12, -16)), decipher.final()])) };
    } catch {
      throw Object.assign(new Error("refused"), { name: "InvalidCiphertextException" });
    }
  }

  #refuseIfDisabled(): void {
    if (this.isDisabled) throw Object.assign(new Error("disabled"), { name: "DisabledException" });
  }
}

it("keys are made, kept and given under a service's key, bound to application and user", async () => {
  const kms = new StandInKms();
  const { service, options } = await startService({ key: { mode: "issued", providers: [awsKmsWrap({ kms, keyId: "alias/users" })] } });
  const [ada, bob] = [await logIn(service, "anon-user"), await logIn(service, "anon-user")];
  expect((await service.key(ada.user.id)).key).toEqual((await service.key(ada.user.id)).key);
  expect(kms.contexts.map((context) => context["holdfast:database"])).toEqual(["clinic/user/start-check", `clinic/user/${ada.user.id}`, `clinic/user/${bob.user.id}`]);
  await options.database.query("UPDATE auth_user SET (key_id, key_wrapped) = (SELECT key_id, key_wrapped FROM auth_user WHERE id = $1) WHERE id = $2", [ada.user.id, bob.user.id]);
  expect(await codeOf(service.key(bob.user.id))).toBe("KEY_UNREADABLE");
});

it("with the service's key disabled a server does not start and gives no key; enabled again, all is as before", async () => {
  const kms = new StandInKms();
  const { service, options } = await startService({ key: { mode: "issued", providers: [awsKmsWrap({ kms, keyId: "alias/users" })] } });
  const { user } = await logIn(service, "anon-user");
  const { key } = await service.key(user.id);
  kms.isDisabled = true;
  expect(await codeOf(startService(options))).toBe("PROVIDER_UNAVAILABLE");
  expect(await codeOf(service.key(user.id))).toBe("PROVIDER_UNAVAILABLE");
  expect(await codeOf(logIn(service, "anon-user"))).toBe("PROVIDER_UNAVAILABLE");
  kms.isDisabled = false;
  expect((await service.key(user.id)).key).toEqual(key);
});

it("all keys move from the server's own wrapping key to a service's, and stay the same keys", async () => {
  const kms = new StandInKms();
  const local = localKeyProvider({ key: randomBytes(32) });
  const { service, options } = await startService({ key: { mode: "issued", providers: [local] } });
  const users = [(await logIn(service, "anon-user")).user.id, (await logIn(service, "anon-user")).user.id];
  const before = await Promise.all(users.map(async (id) => (await service.key(id)).key));
  const { service: moving } = await startService({ ...options, key: { mode: "issued", providers: [awsKmsWrap({ kms, keyId: "alias/users" }), local] } });
  expect(await moving.rewrapKeys()).toBe(2);
  const { service: moved } = await startService({ ...options, key: { mode: "issued", providers: [awsKmsWrap({ kms, keyId: "alias/users" })] } });
  expect(await Promise.all(users.map(async (id) => (await moved.key(id)).key))).toEqual(before);
});
