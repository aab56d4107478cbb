/**
 * Everything that a device leaves on its disk, scanned together: realm, app-metadata file, side files of bootstraps and client resets, the log.
 *
 * One life of a device against a real server: log in, a bootstrap that is cut, work, a restored server and the recovery from it, a log out.
 * The same life on plain files shows that what is looked for would be found.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Realm } from "@holdfast/realm";
import { AuthService, functionProvider, localKeyProvider, openSqliteUserDatabase, OPEN_RULES, SqliteStore, SyncServer, usersOf } from "@holdfast/sync-server";
import { FaultProxy } from "@holdfast/sync-server/testing";
import { expect, it, onTestFinished } from "vitest";
import { Credentials, enableSync } from "../../src/index.ts";
import type { User } from "../../src/index.ts";
import { QUICK } from "../support/clients.ts";
import { TestDevice } from "./support.ts";

enableSync();

/** In values, keys, queries, names: none of them may be read off the disk. */
const MARKERS = { value: "Zyzzyva-value", key: "Zyzzyva-key", query: "Zyzzyva-query", name: "Zyzzyva-name", class: "ZyzzyvaClass", field: "zyzzyvaField" } as const;
const NEEDLES = Object.entries(MARKERS).flatMap(([kind, text]) => [["utf8", Buffer.from(text)] as const, ["utf16", Buffer.from(text, "utf16le")] as const, ["base64", Buffer.from(Buffer.from(text).toString("base64").slice(0, 12))] as const].map(([form, bytes]) => ({ what: `${kind} as ${form}`, bytes })));
const schema = [{ name: MARKERS.class, primaryKey: "_id", properties: { _id: "string", [MARKERS.field]: "string" } }];
const ROWS = 400;

/** A sync server whose rows can be backed up and restored; its users stay. Devices reach it through a proxy. */
class Backend {
  readonly folder: string = mkdtempSync(join(tmpdir(), "holdfast-backend-"));
  readonly service: AuthService;
  proxy!: FaultProxy;
  #server: SyncServer | undefined;

  constructor() {
    const database = openSqliteUserDatabase(":memory:");
    const providers = [functionProvider(({ name }) => ({ subject: String(name), profile: { name: String(name) } }))];
    this.service = new AuthService({ appId: "clinic", database, secrets: [randomBytes(32)], providers, key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] } });
    onTestFinished(async () => {
      await this.stop();
      await this.proxy.close();
      await database.close();
      rmSync(this.folder, { recursive: true });
    });
  }

  async start(): Promise<void> {
    await this.service.start();
    const server = new SyncServer({ store: new SqliteStore(join(this.folder, "server.db")), authenticator: this.service.authenticator(), users: usersOf([this.service]), rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 20 });
    await server.start();
    this.#server = server;
    this.proxy ??= await FaultProxy.listen({ port: server.port });
    this.proxy.target = { port: server.port };
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** Only while it is stopped: `backUp` copies the rows away, `restore` puts them back. */
  backUp(): void {
    cpSync(join(this.folder, "server.db"), join(this.folder, "backup.db"));
  }

  restore(): void {
    for (const suffix of ["-wal", "-shm"]) rmSync(join(this.folder, `server.db${suffix}`), { force: true });
    cpSync(join(this.folder, "backup.db"), join(this.folder, "server.db"));
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${String(this.proxy.port)}`;
  }
}

/** Looks at all files of a device, again and again. */
class Scan {
  readonly files = new Set<string>();
  readonly found = new Map<string, Set<string>>();
  readonly #folder: string;
  /** Time and size of files that were looked into: those that have not changed are not read again by the timer. */
  readonly #seen = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
    const timer = setInterval(() => this.look(false), 30);
    onTestFinished(() => clearInterval(timer));
  }

  look(readsAll = true): void {
    if (readsAll) this.#seen.clear();
    for (const entry of readdirSync(this.#folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(this.#folder, path);
      this.files.add(name);
      for (const { what, bytes } of NEEDLES) if (Buffer.from(name).includes(bytes)) this.#note(`name of ${name}`, what);
      if (entry.isFile()) this.#lookInto(path, name);
    }
  }

  #lookInto(path: string, name: string): void {
    let content: Buffer;
    try {
      const { mtimeNs, size } = statSync(path, { bigint: true });
      const now = `${String(mtimeNs)} ${String(size)}`;
      if (this.#seen.get(name) === now) return;
      this.#seen.set(name, now);
      content = readFileSync(path);
    } catch (error) {
      // Gone since the folder was read.
      if ((error as { code?: string }).code === "ENOENT") return;
      throw error;
    }
    for (const { what, bytes } of NEEDLES) if (content.includes(bytes)) this.#note(name, what);
  }

  #note(where: string, what: string): void {
    this.found.set(where, (this.found.get(where) ?? new Set()).add(what));
  }
}

/** One life of a device, and what was on its disk. */
async function live(isEncrypted: boolean): Promise<Scan> {
  const backend = new Backend();
  await backend.start();
  const phone = new TestDevice({ baseUrl: backend.baseUrl } as never);
  const tablet = new TestDevice({ baseUrl: backend.baseUrl } as never);
  mkdirSync(join(phone.folder, "logs"));
  const scan = new Scan(phone.folder);
  Realm.setLogLevel("all" as never);
  Realm.setLogger(((...parts: unknown[]) => appendFileSync(join(phone.folder, "logs/app.log"), `${parts.map(String).join(" ")}\n`)) as never);
  onTestFinished(() => {
    Realm.setLogLevel("info" as never);
    Realm.setLogger((() => undefined) as never);
  });
  const metadata = isEncrypted ? {} : { metadata: { mode: "noEncryption" as const } };
  const logIn = async (device: TestDevice): Promise<User> => (await device.start({ baseUrl: backend.baseUrl, ...metadata })).logIn(Credentials.function({ name: MARKERS.name }));
  const resets: (boolean | undefined)[] = [];
  const open = async (device: TestDevice, user: User): Promise<Realm> =>
    new Realm({
      path: join(device.folder, "notes.realm"),
      schema,
      ...(isEncrypted ? { encryptionKey: await user.databaseKey() } : {}),
      sync: {
        user, flexible: true, timing: QUICK,
        initialSubscriptions: { update: (set: { add(objects: unknown, options: object): void }, opened: Realm) => set.add(opened.objects(MARKERS.class).filtered(`${MARKERS.field} != $0`, MARKERS.query), { name: MARKERS.query }) },
        clientReset: { mode: "recoverUnsyncedChanges", onBefore: () => scan.look(), onAfter: (_before: Realm, _after: Realm, didRecover?: boolean) => (scan.look(), resets.push(didRecover)) },
        onError: () => undefined,
      },
    } as never);
  const add = (realm: Realm, from: number, count: number): void => realm.write(() => {
    for (let index = from; index < from + count; index++) realm.create(MARKERS.class, { _id: `${MARKERS.key}-${String(index)}`, [MARKERS.field]: `${MARKERS.value} ${"x".repeat(300)}` });
  });
  const settle = async (realm: Realm): Promise<void> => {
    await realm.syncSession?.uploadAllLocalChanges(30_000);
    await realm.syncSession?.downloadAllServerChanges(30_000);
  };

  const other = await open(tablet, await logIn(tablet));
  add(other, 0, ROWS);
  await settle(other);
  // A bootstrap that is cut, in a process's life and between two.
  const user = await logIn(phone);
  backend.proxy.cutDownAfterBytes = 60_000;
  let realm = await open(phone, user);
  await expect.poll(() => backend.proxy.cutDownAfterBytes, { timeout: 20_000, interval: 5 }).toBe(undefined);
  scan.look();
  realm.close();
  scan.look();
  realm = await open(phone, user);
  await settle(realm);
  expect(realm.objects(MARKERS.class).length).toBe(ROWS);
  // Work, then a server that was restored from a backup: what it has lost comes back from the device.
  await backend.stop();
  backend.backUp();
  await backend.start();
  add(realm, ROWS, 5);
  await settle(realm);
  other.close();
  await backend.stop();
  backend.restore();
  add(realm, ROWS + 5, 5);
  scan.look();
  await backend.start();
  await expect.poll(() => resets, { timeout: 30_000, interval: 10 }).toEqual([true]);
  await settle(realm);
  expect(realm.objects(MARKERS.class).length).toBeGreaterThanOrEqual(ROWS + 5);
  realm.close();
  scan.look();
  await user.logOut();
  scan.look();
  return scan;
}

it("no file of an encrypted device holds a value, key, query or name, nor does any file's name", async () => {
  const scan = await live(true);
  expect([...scan.found].map(([where, what]) => `${where}: ${[...what].join(", ")}`)).toEqual([]);
  // It has looked at what it should have.
  expect([...scan.files]).toEqual(expect.arrayContaining(["notes.realm", join("holdfast-app", "clinic", "metadata.realm"), join("logs", "app.log")]));
  expect([...scan.files].some((name) => name.includes("before-reset"))).toBe(true);
});

it("the same life on plain files leaves them in each kind of file: the search finds what is there", async () => {
  const { found } = await live(false);
  const kinds = (name: string): string[] => [...(found.get(name) ?? [])].filter((what) => what.endsWith("utf8"));
  expect(kinds("notes.realm")).toEqual(expect.arrayContaining(["value as utf8", "key as utf8", "query as utf8", "class as utf8", "field as utf8"]));
  expect(kinds(join("holdfast-app", "clinic", "metadata.realm"))).toContain("name as utf8");
  expect([...found.keys()].some((name) => name.includes("before-reset"))).toBe(true);
});
