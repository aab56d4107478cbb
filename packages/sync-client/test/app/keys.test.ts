/**
 * Keys of users on the device, and what becomes of key and files at each end.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Realm } from "@holdfast/realm";
import { describe, expect, it } from "vitest";
import { Credentials } from "../../src/index.ts";
import type { User } from "../../src/index.ts";
import { codeOf, startServer, TestDevice } from "./support.ts";

const byName = (name: string): Credentials => Credentials.function({ name });
const schema = [{ name: "Note", properties: { text: "string" } }];

/** Writes one note into a file of the user's, as a synced realm would. @returns Its path */
async function writeNote(device: TestDevice, user: User, text: string): Promise<string> {
  const path = join(device.folder, `${user.id}.realm`);
  const letGo = user.holdFile(path);
  const realm = await Realm.open({ path, schema, encryptionKey: await user.databaseKey() });
  realm.write(() => realm.create("Note", { text }));
  realm.close();
  letGo();
  return path;
}

function readNote(path: string, encryptionKey: Uint8Array): string {
  const realm = new Realm({ path, schema, encryptionKey });
  try {
    return String((realm.objects("Note")[0] as unknown as { text: string }).text);
  } finally {
    realm.close();
  }
}

async function keyIn(device: TestDevice, userId: string): Promise<Uint8Array | null> {
  return device.keys.read({ name: `app/clinic/user/${userId}` });
}

describe("an issued key", () => {
  it("is fetched at login, kept in the key store, and opens the file offline after a restart", async () => {
    const server = await startServer();
    const device = new TestDevice(server);
    const user = await (await device.start()).logIn(byName("ada"));
    expect(await keyIn(device, user.id)).toEqual((await server.service.key(user.id)).key);
    const path = await writeNote(device, user, "offline");
    device.network.isCut = true;
    const again = (await device.start()).currentUser as User;
    expect(readNote(path, await again.databaseKey())).toBe("offline");
  });

  it("is the same on two devices", async () => {
    const server = await startServer();
    const [phone, tablet] = [new TestDevice(server), new TestDevice(server)];
    const [one, two] = [await (await phone.start()).logIn(byName("ada")), await (await tablet.start()).logIn(byName("ada"))];
    expect(await two.databaseKey()).toEqual(await one.databaseKey());
  });

  it("that could not be fetched at login is fetched when it is asked for", async () => {
    const device = new TestDevice(await startServer());
    const app = await device.start();
    device.network.onAnswer = (path) => void (device.network.isCut = path.endsWith("/login") ? false : path.endsWith("/key"));
    const user = await app.logIn(byName("ada"));
    expect(await keyIn(device, user.id)).toBeNull();
    expect(await codeOf(user.databaseKey())).toBe("NETWORK_UNAVAILABLE");
    device.network.onAnswer = undefined;
    device.network.isCut = false;
    expect((await user.databaseKey()).length).toBe(64);
  });

  it("goes at log out; the file stays, and opens again after the next login", async () => {
    const device = new TestDevice(await startServer());
    const app = await device.start();
    const user = await app.logIn(byName("ada"));
    const path = await writeNote(device, user, "kept");
    device.network.isCut = true;
    await user.logOut();
    expect([await keyIn(device, user.id), Realm.exists(path)]).toEqual([null, true]);
    expect(await codeOf(user.databaseKey())).toBe("USER_NOT_LOGGED_IN");
    device.network.isCut = false;
    await app.logIn(byName("ada"));
    expect(readNote(path, await user.databaseKey())).toBe("kept");
  });

  it("goes when the operator ends the session: a lost device that has a network keeps no key", async () => {
    const server = await startServer();
    const device = new TestDevice(server);
    const user = await (await device.start()).logIn(byName("ada"));
    const path = await writeNote(device, user, "lost");
    await server.service.revokeSessions(user.id);
    await codeOf(user.refreshAccessToken());
    expect([await keyIn(device, user.id), Realm.exists(path)]).toEqual([null, true]);
  });

  it("stays when the server knows the session no more, for whatever reason: that may be the server's fault", async () => {
    const server = await startServer();
    const device = new TestDevice(server);
    const user = await (await device.start()).logIn(byName("ada"));
    await server.options.database.query("DELETE FROM auth_session");
    expect(await codeOf(user.refreshAccessToken())).toBe("USER_NOT_LOGGED_IN");
    expect(await keyIn(device, user.id)).not.toBeNull();
  });

  it("goes with the files when the user is removed or deleted", async () => {
    const server = await startServer();
    for (const end of ["removeUser", "deleteUser"] as const) {
      const device = new TestDevice(server);
      const app = await device.start();
      const [ada, bob] = [await app.logIn(byName("ada")), await app.logIn(byName("bob"))];
      const paths = [await writeNote(device, ada, "one"), await writeNote(device, bob, "two")] as const;
      await app[end](ada);
      expect([await keyIn(device, ada.id), Realm.exists(paths[0]), readdirSync(device.folder).some((name) => name.startsWith(ada.id))]).toEqual([null, false, false]);
      expect(readNote(paths[1], await bob.databaseKey())).toBe("two");
    }
    expect(await codeOf(server.service.key("nobody"))).toBe("TOKEN_INVALID");
  });

  it("a file that is open when its user is removed goes when it is closed", async () => {
    const device = new TestDevice(await startServer());
    const app = await device.start();
    const user = await app.logIn(byName("ada"));
    const path = await writeNote(device, user, "open");
    const letGo = user.holdFile(path);
    await app.removeUser(user);
    expect(Realm.exists(path)).toBe(true);
    letGo();
    expect(Realm.exists(path)).toBe(false);
  });

  it("what a crash has cut off of a log out is done at the next start", async () => {
    const device = new TestDevice(await startServer());
    const app = await device.start();
    const user = await app.logIn(byName("ada"));
    // The store is locked: the log out stands in the file, the key is still there.
    const remove = device.entries.remove.bind(device.entries);
    device.entries.remove = () => Promise.reject(Object.assign(new Error("locked"), { code: "STORE_LOCKED" }));
    await user.logOut();
    expect([user.isLoggedIn, (await keyIn(device, user.id)) === null]).toEqual([false, false]);
    device.entries.remove = remove;
    await device.start();
    await expect.poll(() => keyIn(device, user.id)).toBeNull();
  });
});

describe("a device-only key", () => {
  it("is never sent to nor made by the server, stays at log out, and goes with the files at removal", async () => {
    const server = await startServer({ key: { mode: "device" } });
    const device = new TestDevice(server);
    const app = await device.start();
    const user = await app.logIn(byName("ada"));
    const path = await writeNote(device, user, "mine");
    const key = await keyIn(device, user.id);
    expect(device.network.asked.some((line) => line.endsWith("/key"))).toBe(false);
    expect(await server.options.database.query("SELECT key_wrapped FROM auth_user")).toEqual([expect.objectContaining({ key_wrapped: null })]);
    await user.logOut();
    expect([await keyIn(device, user.id), Realm.exists(path)]).toEqual([key, true]);
    await app.logIn(byName("ada"));
    expect(readNote(path, await user.databaseKey())).toBe("mine");
    await app.removeUser(user);
    expect([await keyIn(device, user.id), Realm.exists(path)]).toEqual([null, false]);
  });

  it("that is gone while a file exists is lost, and no other one is made", async () => {
    const device = new TestDevice(await startServer({ key: { mode: "device" } }));
    const app = await device.start();
    const user = await app.logIn(byName("ada"));
    const path = await writeNote(device, user, "mine");
    await device.keys.remove({ name: `app/clinic/user/${user.id}` });
    expect(await codeOf(user.databaseKey())).toBe("KEY_LOST");
    expect([await keyIn(device, user.id), Realm.exists(path)]).toEqual([null, true]);
  });
});

for (const mode of ["issued", "device"] as const) {
  it(`two users on one device have different keys (${mode}), and neither opens the other's file or the metadata file`, async () => {
    const device = new TestDevice(await startServer(mode === "device" ? { key: { mode } } : {}));
    const app = await device.start();
    const [ada, bob] = [await app.logIn(byName("ada")), await app.logIn(byName("bob"))];
    const paths = [await writeNote(device, ada, "hers"), await writeNote(device, bob, "his")] as const;
    const keys = [await ada.databaseKey(), await bob.databaseKey()] as const;
    expect(keys[0]).not.toEqual(keys[1]);
    expect(await codeOf(() => readNote(paths[0], keys[1]))).toBe("KEY_WRONG");
    expect(await codeOf(() => readNote(paths[1], keys[0]))).toBe("KEY_WRONG");
    app.close();
    for (const encryptionKey of keys) expect(await codeOf(() => new Realm({ path: device.metadataPath, encryptionKey }))).toBe("KEY_WRONG");
    expect([readNote(paths[0], keys[0]), readNote(paths[1], keys[1])]).toEqual(["hers", "his"]);
  });
}

it("without a key store a user has no key, and is told what to hand in", async () => {
  const device = new TestDevice(await startServer());
  const { keys: _, ...config } = { keys: undefined, metadata: { mode: "inMemory" as const } };
  const app = await device.start({ ...config, keys: undefined as never });
  const user = await app.logIn(byName("ada"));
  expect(await codeOf(user.databaseKey())).toBe("KEY_STORE_MISSING");
});
