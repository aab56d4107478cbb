/**
 * The sync half of realm-js's API over files and sessions: what is there works, what is not is refused by name.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { log } from "@holdfast/realm/replica";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { App, ClientResetError, CompensatingWriteError, enableSync, SyncError } from "../../src/index.ts";
import Realm from "../../src/realm.ts";
import { ALL, QUICK, SCHEMA, settle, testUser, TEST_KEY } from "../support/clients.ts";
import { Link } from "../support/link.ts";
import { ReferenceServer } from "../support/reference-server.ts";

let folder = "";
beforeEach(() => {
  // Files run after one another in one process, and others take the provider away.
  enableSync();
  folder = mkdtempSync(join(tmpdir(), "holdfast-parity-"));
  Realm.defaultPath = join(folder, "default.realm");
});
afterEach(() => {
  Realm.shutdown();
  rmSync(folder, { recursive: true });
});

const user = testUser();
type Fields = Record<string, unknown>;

/** A configuration over a network in this process. */
function config(transport: object, { sync = {}, name = "a", ...rest }: { readonly sync?: Fields; readonly name?: string } & Fields = {}): Realm.Configuration {
  return { path: join(folder, `${name}.realm`), schema: SCHEMA, ...rest, sync: { user, flexible: true, transport, timing: QUICK, initialSubscriptions: ALL, ...sync } } as never;
}

const app = { id: "clinic" } as App;
const person = (_id: number, name = "Ann"): object => ({ _id, name });
const codeOf = (run: () => unknown): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as SyncError).code;
  }
};

describe("configuration", () => {
  const refused = (sync: Fields, more: Fields = {}): unknown => codeOf(() => new Realm(config(new Link(new ReferenceServer()), { sync, ...more })));

  it("[S-6.1][S-6.2] `user` and `flexible` are needed, and only one kind of sync at a time", () => {
    expect(refused({ user: undefined })).toBe("CONFIGURATION_INVALID");
    expect(refused({ user: { id: "me" } })).toBe("CONFIGURATION_INVALID");
    for (const flexible of [undefined, false, "yes"]) expect(refused({ flexible })).toBe("CONFIGURATION_INVALID");
    expect(refused({ partitionValue: "p" })).toBe("CONFIGURATION_INVALID");
    expect(refused({ flexible: undefined, partitionValue: "p" })).toBe("CONFIGURATION_INVALID"); // with initialSubscriptions
    for (const value of [1.5, {}, Number.NaN, true]) expect(refused({ flexible: undefined, partitionValue: value, initialSubscriptions: undefined })).toBe("CONFIGURATION_INVALID");
  });

  it("[S-6.12][S-6.13][S-6.14] headers, a proxy and authorities are taken; what would turn verification off is refused", () => {
    for (const sync of [{ ssl: { validate: false } }, { ssl: { validateCertificates: () => true } }]) expect(refused(sync)).toBe("NOT_SUPPORTED");
    for (const sync of [{ ssl: { certificatePath: "none.pem" } }, { ssl: { certificatePath: 1 } }, { proxyConfig: { address: "a", port: 0, type: "http" } }, { proxyConfig: { address: "a", port: 1, type: "socks" } }, { customHttpHeaders: { authorization: "b" } }, { customHttpHeaders: { "x-a": "b\r\nc" } }]) {
      expect([sync, refused(sync)]).toEqual([sync, "CONFIGURATION_INVALID"]);
    }
    // Its address is loopback without TLS: a proxy elsewhere would read everything.
    expect(refused({ proxyConfig: { address: "proxy.example.org", port: 3128, type: Realm.ProxyType.HTTP } })).toBe("CONNECTION_INSECURE");
    expect(refused({ ssl: { validate: true }, customHttpHeaders: { "x-a": "b" }, proxyConfig: { address: "127.0.0.1", port: 3128, type: "http" } })).toBeUndefined();
  });

  it("[S-6.16] after it was closed a realm's session goes on until everything is uploaded, ends at once, or goes on for ever", async () => {
    const { AfterUpload, Immediately, Never } = Realm.SessionStopPolicy;
    for (const [index, policy] of [undefined, AfterUpload, Immediately, Never].entries()) {
      const server = new ReferenceServer();
      const link = new Link(server);
      const realm = await Realm.open(config(link, { name: `stop-${String(index)}`, ...(policy === undefined ? {} : { sync: { _sessionStopPolicy: policy } }) }));
      const session = realm.syncSession as Realm.App.Sync.SyncSession;
      link.down();
      realm.write(() => realm.create("Person", person(1)));
      realm.close();
      expect(Realm.App.Sync.getAllSyncSessions(user)).toEqual(policy === Immediately ? [] : [session]);
      link.up();
      if (policy !== Immediately) await session.uploadAllLocalChanges();
      expect(server.plain("Person", 1)).toEqual(policy === Immediately ? undefined : { name: "Ann" });
      await expect.poll(() => session.state).toBe(policy === Never ? "active" : "invalid");
      Realm.shutdown();
      expect(session.state).toBe("invalid");
    }
  });

  it("[S-6.17] what a local realm has and a synced one cannot have is refused", () => {
    for (const more of [{ onMigration: () => undefined }, { inMemory: true }, { deleteRealmIfMigrationNeeded: true }, { migrationOptions: {} }, { onFirstOpen: () => undefined }]) expect(refused({}, more)).toBe("CONFIGURATION_INVALID");
  });

  it("[S-6.3][S-6.6][S-6.10][S-6.11][S-7.1] words and functions are checked", () => {
    const wrong: Fields[] = [
      { initialSubscriptions: {} },
      { initialSubscriptions: { update: () => undefined, rerunOnOpen: 1 } },
      { onError: "log" },
      { newRealmFileBehavior: { type: "later" } },
      { existingRealmFileBehavior: { type: "downloadBeforeOpen", timeOut: "5 s" } },
      { existingRealmFileBehavior: { type: "downloadBeforeOpen", timeOutBehavior: "shrug" } },
      { clientReset: { mode: "hope" } },
      { clientReset: { mode: "manual", onManual: 1 } },
      { clientReset: { mode: "manual", onAfter: () => undefined } },
      { clientReset: { mode: "discardUnsyncedChanges", onFallback: () => undefined } },
      { cancelWaitsOnNonFatalError: "no" },
      { _sessionStopPolicy: "later" },
    ];
    for (const sync of wrong) expect([sync, refused(sync)]).toEqual([sync, "CONFIGURATION_INVALID"]);
  });

  it("[S-6.15] `cancelWaitsOnNonFatalError` ends waits with the connection; without it they go on", async () => {
    const link = new Link(new ReferenceServer());
    const hasty = await Realm.open(config(link, { name: "hasty", sync: { cancelWaitsOnNonFatalError: true } }));
    const calm = await Realm.open(config(link, { name: "calm" }));
    link.down();
    for (const realm of [hasty, calm]) realm.write(() => realm.create("Person", person(1)));
    const waits = [hasty, calm].map((realm) => realm.syncSession?.uploadAllLocalChanges() as Promise<void>);
    await expect(waits[0]).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    link.up();
    await waits[1];
  });

  it("[S-6.4] initial subscriptions are made once, and again with `rerunOnOpen`", async () => {
    const link = new Link(new ReferenceServer());
    let runs = 0;
    const update = (set: { add(objects: object): unknown }, realm: Realm): void => {
      runs += 1;
      set.add(realm.objects("Person"));
    };
    for (const rerunOnOpen of [false, false, true]) (await Realm.open(config(link, { sync: { initialSubscriptions: { update, rerunOnOpen } } }))).close();
    expect(runs).toBe(2);
  });

  it("[S-6.5][S-13.1] each user has a path of its own, which `exists` and `deleteFile` know from the configuration", async () => {
    const { path: _, ...withoutPath } = config(new Link(new ReferenceServer()));
    expect(Realm.exists(withoutPath)).toBe(false);
    const realm = await Realm.open(withoutPath);
    expect(realm.path.startsWith(folder) && realm.path.includes(user.id)).toBe(true);
    realm.close();
    expect(Realm.exists(withoutPath)).toBe(true);
    expect(Realm.exists({ ...withoutPath, sync: { ...(withoutPath.sync as object), user: testUser("other") } } as never)).toBe(false);
    Realm.deleteFile(withoutPath);
    expect(Realm.exists(withoutPath)).toBe(false);
  });
});

describe("Realm.open", () => {
  it("[S-9.1][S-9.2][S-6.7] waits for the first download of a new file, and tells how far it is", async () => {
    const server = new ReferenceServer();
    const first = await Realm.open(config(new Link(server), { name: "first" }));
    first.write(() => first.create("Person", person(1)));
    await settle(first);
    const heard: number[] = [];
    const opening = Realm.open(config(new Link(server)));
    expect(opening).toBeInstanceOf(Realm.ProgressRealmPromise);
    const realm = await opening.progress((estimate) => heard.push(estimate));
    expect(realm.objects("Person").length).toBe(1);
    await expect.poll(() => heard.at(-1)).toBe(1);
    expect(heard.every((estimate) => estimate >= 0 && estimate <= 1)).toBe(true);
    expect(() => Realm.open(config(new Link(server))).progress("bar" as never)).toThrow(Realm.TypeAssertionError);
  });

  it("[S-6.8] a file that exists opens without a network", async () => {
    const link = new Link(new ReferenceServer());
    const realm = await Realm.open(config(link));
    realm.write(() => realm.create("Person", person(1)));
    realm.close();
    link.down();
    expect((await Realm.open(config(link))).objects("Person").length).toBe(1);
  });

  it("[S-9.3] cancelled it is rejected, and nothing stays open", async () => {
    const link = new Link(new ReferenceServer());
    link.down();
    const opening = Realm.open(config(link));
    setTimeout(() => opening.cancel(), 5);
    await expect(opening).rejects.toMatchObject({ code: "OPEN_CANCELLED", message: "Async open canceled" });
    expect(Realm.App.Sync.getAllSyncSessions(user)).toEqual([]);
    const late = await Realm.open(config(link, { sync: { newRealmFileBehavior: Realm.App.Sync.openLocalRealmBehavior, existingRealmFileBehavior: Realm.App.Sync.openLocalRealmBehavior } }));
    expect(late.isClosed).toBe(false);
  });

  it("[S-9.4][S-6.9] after `timeOut` it is rejected, or opens what is there", async () => {
    const link = new Link(new ReferenceServer());
    link.down();
    const { DownloadBeforeOpen, OpenImmediately } = Realm.OpenRealmBehaviorType;
    const { ThrowException, OpenLocalRealm } = Realm.OpenRealmTimeOutBehavior;
    const open = (behavior: Fields): Promise<Realm> => Realm.open(config(link, { name: String(behavior["timeOutBehavior"]), sync: { newRealmFileBehavior: behavior } }));
    await expect(open({ type: DownloadBeforeOpen, timeOut: 20, timeOutBehavior: ThrowException })).rejects.toMatchObject({ code: "TIMEOUT" });
    expect((await open({ type: DownloadBeforeOpen, timeOut: 20, timeOutBehavior: OpenLocalRealm })).isEmpty).toBe(true);
    expect((await open({ type: OpenImmediately })).isEmpty).toBe(true);
  });
});

describe("SyncSession", () => {
  it("[S-10.1][S-10.2][S-10.3][S-10.4][S-13.2] says whose it is, where and in which state", async () => {
    const realm = await Realm.open(config(new Link(new ReferenceServer())));
    const session = realm.syncSession as Realm.App.Sync.SyncSession;
    expect(session.config).toMatchObject({ flexible: true });
    expect([session.user.id, session.url, session.state, session.connectionState, session.isConnected()]).toEqual(["user", "ws://localhost:1/", Realm.SessionState.Active, Realm.ConnectionState.Connected, true]);
    session.pause();
    expect([session.state, session.connectionState, session.isConnected()]).toEqual([Realm.SessionState.Inactive, Realm.ConnectionState.Disconnected, false]);
    session.resume();
    realm.close();
    expect(session.state).toBe(Realm.SessionState.Invalid);
    expect(new Realm({ path: join(folder, "local.realm"), schema: [] }).syncSession).toBeNull();
  });

  it("[S-10.5][S-10.9][S-12.6] reconnects at once instead of at the end of a wait, and tells of it", async () => {
    const link = new Link(new ReferenceServer());
    const realm = await Realm.open(config(link, { sync: { timing: { ...QUICK, backOff: { firstMs: 3_600_000, maximumMs: 3_600_000, random: () => 0 } } } }));
    const session = realm.syncSession as Realm.App.Sync.SyncSession;
    const heard: string[] = [];
    const note = (now: string, before: string): void => void heard.push(`${before} ${now}`);
    session.addConnectionNotification(note);
    link.down();
    link.up();
    expect(heard).toEqual(["connected disconnected"]);
    session.reconnect();
    await expect.poll(() => session.isConnected()).toBe(true);
    expect(heard).toEqual(["connected disconnected", "disconnected connecting", "connecting connected"]);
    session.removeConnectionNotification(note);
    link.down();
    link.up();
    Realm.App.Sync.reconnect(app);
    await expect.poll(() => session.isConnected()).toBe(true);
    expect(heard).toHaveLength(3);
    expect(() => session.addConnectionNotification(undefined as never)).toThrow(Realm.TypeAssertionError);
  });

  it("[S-10.6][S-10.7][S-10.8] tells of progress once or for ever, in the form that a callback takes", async () => {
    const realm = await Realm.open(config(new Link(new ReferenceServer())));
    const session = realm.syncSession as Realm.App.Sync.SyncSession;
    const [once, forever, parts]: [number[], number[], string[]] = [[], [], []];
    const { Upload } = Realm.ProgressDirection;
    session.addProgressNotification(Upload, Realm.ProgressMode.ForCurrentlyOutstandingWork, (estimate) => once.push(estimate));
    const endless = (estimate: number): void => void forever.push(estimate);
    session.addProgressNotification(Upload, Realm.ProgressMode.ReportIndefinitely, endless);
    session.addProgressNotification(Upload, Realm.ProgressMode.ReportIndefinitely, (transferred, transferable) => parts.push(`${transferred}/${transferable}`));
    for (const _id of [1, 2]) {
      realm.write(() => realm.create("Person", person(_id)));
      await settle(realm);
    }
    expect([once.at(-1), once.filter((estimate) => estimate === 1).length]).toEqual([1, 1]);
    expect([forever.at(-1), forever.filter((estimate) => estimate === 1).length > 1, parts.at(-1)]).toEqual([1, true, "100/100"]);
    session.removeProgressNotification(endless);
    const count = forever.length;
    realm.write(() => realm.create("Person", person(3)));
    await settle(realm);
    expect(forever).toHaveLength(count);
    expect(codeOf(() => session.addProgressNotification("sideways" as never, "reportIndefinitely", endless))).toBe("CONFIGURATION_INVALID");
    expect(codeOf(() => session.addProgressNotification("upload", "sometimes" as never, endless))).toBe("CONFIGURATION_INVALID");
  });

  it("[S-10.10][S-10.11][S-8.5] waits for uploads and downloads, as long as it is told", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const realm = await Realm.open(config(link));
    const session = realm.syncSession as Realm.App.Sync.SyncSession;
    link.down();
    realm.write(() => realm.create("Person", person(1)));
    for (const wait of [session.uploadAllLocalChanges(5), session.downloadAllServerChanges(5)]) await expect(wait).rejects.toMatchObject({ code: "TIMEOUT", name: "SyncError" });
    link.up();
    await session.uploadAllLocalChanges();
    await session.downloadAllServerChanges();
    expect(server.plain("Person", 1)).toEqual({ name: "Ann" });
  });
});

describe("errors", () => {
  it("[S-8.1][S-8.2] have Realm's fields, with words for codes", async () => {
    const errors: SyncError[] = [];
    const server = new ReferenceServer({ token: () => ({ msg: "error", code: "NO_ENTRY", action: "stop", message: "not here" }) as never });
    const realm = new Realm(config(new Link(server), { sync: { onError: (_: unknown, error: SyncError) => void errors.push(error) } }));
    await expect.poll(() => errors.length).toBe(1);
    expect(realm.syncSession?.state).toBe("inactive");
    expect(errors[0]).toBeInstanceOf(SyncError);
    expect(errors[0]).toMatchObject({ name: "SyncError", code: "NO_ENTRY", message: "not here", reason: "not here", isOk: false, isFatal: true, category: "UNKNOWN", logUrl: "", userInfo: {} });
  });

  it("[S-8.4] a refused write names class, key and reason, and is undone", async () => {
    const errors: SyncError[] = [];
    const server = new ReferenceServer({ reject: ({ type }) => (type === "Person" ? "PERMISSION_DENIED" : undefined) });
    const realm = await Realm.open(config(new Link(server), { sync: { onError: (_: unknown, error: SyncError) => void errors.push(error) } }));
    realm.write(() => realm.create("Person", person(7)));
    await expect.poll(() => errors.length).toBe(1);
    const [error] = errors as [CompensatingWriteError];
    expect(error).toBeInstanceOf(CompensatingWriteError);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({ name: "CompensatingWriteError", isFatal: false });
    expect(error.writes).toMatchObject([{ objectName: "Person", primaryKey: 7, reason: expect.any(String) as string }]);
    expect(realm.objects("Person").length).toBe(0);
  });

  it("[S-7.2][S-8.3][S-12.8] by hand: `onManual`, or `onError` without it; `initiateClientReset` fetches the file anew", async () => {
    for (const hasManual of [true, false]) {
      const server = new ReferenceServer();
      const link = new Link(server);
      const heard: string[] = [];
      const errors: ClientResetError[] = [];
      const clientReset = { mode: Realm.ClientResetMode.Manual, ...(hasManual ? { onManual: (_: unknown, path: string) => void heard.push(path) } : {}) };
      const given = config(link, { name: `manual-${String(hasManual)}`, sync: { clientReset, onError: (_: unknown, error: ClientResetError) => void errors.push(error) } });
      const realm = await Realm.open(given);
      const { path } = realm;
      realm.write(() => realm.create("Person", person(1, "kept")));
      await settle(realm);
      link.down();
      realm.write(() => realm.create("Person", person(2, "lost")));
      server.epoch = "e2";
      server.clients.clear();
      link.up();
      await expect.poll(() => heard.length + errors.length).toBe(1);
      expect(heard).toEqual(hasManual ? [path] : []);
      if (!hasManual) expect(errors[0]).toMatchObject({ name: "ClientReset", code: "CLIENT_RESET", config: { path, readOnly: true }, isFatal: true });
      expect(realm.objects("Person").length).toBe(2);
      if (hasManual) realm.close();
      Realm.App.Sync.initiateClientReset(app, path);
      const fresh = hasManual ? await Realm.open(given) : realm;
      await expect.poll(() => fresh.objects<{ name: string }>("Person").map(({ name }) => name)).toEqual(["kept"]);
      await settle(fresh);
      expect(server.plain("Person", 2)).toBeUndefined();
    }
    expect(codeOf(() => Realm.App.Sync.initiateClientReset(app, join(folder, "none.realm")))).toBe("CONFIGURATION_INVALID");
  });
});

describe("Realm.App.Sync", () => {
  it("[S-12.1][S-12.2] level and logger hold for sync's log, which holds no data", async () => {
    const heard: [number, string][] = [];
    Realm.App.Sync.setLogger(app, (level, message) => heard.push([level, message]));
    Realm.App.Sync.setLogLevel(app, "debug");
    const realm = await Realm.open(config(new Link(new ReferenceServer()), { encryptionKey: TEST_KEY }));
    realm.write(() => realm.create("Person", person(1, "Zyzzyva-marker")));
    await settle(realm);
    expect(heard.some(([level, message]) => level === Realm.NumericLogLevel.Debug && message.endsWith(": connected"))).toBe(true);
    expect(JSON.stringify(heard)).not.toContain("Zyzzyva-marker");
    Realm.App.Sync.setLogLevel(app, "off");
    const count = heard.length;
    realm.syncSession?.pause();
    log("Realm.Sync", "fatal", () => "not to be heard");
    expect(heard).toHaveLength(count);
  });

  it("[S-12.3][S-12.4] finds the sessions of a user, and that of a partition", async () => {
    const link = new Link(new ReferenceServer());
    const partition = { flexible: undefined, initialSubscriptions: undefined, partitionValue: "blue" };
    const [flexible, blue] = [await Realm.open(config(link)), await Realm.open(config(link, { name: "blue", sync: partition }))];
    expect(Realm.App.Sync.getAllSyncSessions(user)).toEqual([flexible.syncSession, blue.syncSession]);
    expect(Realm.App.Sync.getSyncSession(user, "blue")).toBe(blue.syncSession);
    expect(Realm.App.Sync.getSyncSession(user, "red")).toBeNull();
    expect(Realm.App.Sync.getAllSyncSessions(testUser("other"))).toEqual([]);
    blue.close();
    expect(Realm.App.Sync.getSyncSession(user, "blue")).toBeNull();
  });

  it("[S-12.5][S-12.7] a user agent is checked; multiplexing is refused", () => {
    const own = new App({ id: "agent" });
    expect(codeOf(() => Realm.App.Sync.setUserAgent(own, "me/1"))).toBeUndefined();
    expect(codeOf(() => Realm.App.Sync.setUserAgent(own, "me\n/1"))).toBe("CONFIGURATION_INVALID");
    for (const wrong of [() => Realm.App.Sync.setUserAgent(own, 1 as never), () => Realm.App.Sync.setUserAgent(app, "me/1")]) expect(wrong).toThrow(Realm.TypeAssertionError);
    own.close();
    expect(codeOf(() => Realm.App.Sync.enableSessionMultiplexing(app))).toBe("NOT_SUPPORTED");
  });

  it("[S-12.9] has the two ready-made behaviours, and the names of classes", () => {
    expect(Realm.App.Sync.openLocalRealmBehavior).toEqual({ type: "openImmediately" });
    expect(Realm.App.Sync.downloadBeforeOpenBehavior).toEqual({ type: "downloadBeforeOpen", timeOut: 30_000, timeOutBehavior: "throwException" });
    for (const name of ["BaseSubscriptionSet", "MutableSubscriptionSet", "SubscriptionSet", "Subscription", "Session"] as const) expect(Realm.App.Sync[name]).toBeTypeOf("function");
  });
});

describe("files", () => {
  it("[S-13.3] `writeCopyTo` makes a local copy, or a synced one once everything is uploaded", async () => {
    const link = new Link(new ReferenceServer());
    const realm = await Realm.open(config(link));
    const copy = join(folder, "copy.realm");
    const synced = config(link, { name: "synced" });
    link.down();
    realm.write(() => realm.create("Person", person(1)));
    expect(codeOf(() => realm.writeCopyTo(synced))).toBe("CHANGES_NOT_UPLOADED");
    link.up();
    await settle(realm);
    realm.writeCopyTo(synced);
    expect(new Realm(synced).objects("Person").length).toBe(1);
    realm.writeCopyTo({ path: copy, encryptionKey: TEST_KEY });
    const local = new Realm({ path: copy, encryptionKey: TEST_KEY });
    expect([local.syncSession, local.objects("Person").length]).toEqual([null, 1]);
  });

  it("[S-13.4] `deleteFile` takes the side files with it; the next open downloads again", async () => {
    const server = new ReferenceServer();
    const given = config(new Link(server));
    const realm = await Realm.open(given);
    realm.write(() => realm.create("Person", person(1)));
    await settle(realm);
    realm.close();
    Realm.deleteFile(given);
    expect(readdirSync(folder)).toEqual([]);
    expect((await Realm.open(given)).objects("Person").length).toBe(1);
  });

  it("[S-13.5] instances of one file share a session; a file is encrypted as local ones are", async () => {
    const given = config(new Link(new ReferenceServer()), { encryptionKey: TEST_KEY });
    const [one, two] = [await Realm.open(given), new Realm(given)];
    expect(two.syncSession).toBe(one.syncSession);
    one.close();
    expect(two.syncSession?.state).toBe("active");
    two.close();
    expect(codeOf(() => new Realm({ ...given, encryptionKey: undefined } as never))).toBe("KEY_MISSING");
  });
});
