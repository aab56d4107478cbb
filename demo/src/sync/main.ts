/**
 * `npm run demo:sync`: two encrypted devices, a browser's tab and a backend whose rows are plain.
 *
 * Exit code 0 only if every step went as it must; everything is in a temporary folder that is removed.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Realm from "@holdfast/realm";
import { close, DemoFailure, expect, open, say, step } from "../stage.ts";
import { startBackend, TEAM } from "./backend.ts";
import type { Backend } from "./backend.ts";
import { makeCertificate, trust } from "./certificate.ts";
import { filesUnder, startDevice } from "./device.ts";
import type { Device } from "./device.ts";
import { startIdentityProvider } from "./identity-provider.ts";
import type { IdentityProvider } from "./identity-provider.ts";
import { lineOf } from "./notes.ts";
import type { Note } from "./notes.ts";
import { showRows } from "./rows.ts";
import { openTab, tabStep } from "./tab.ts";
import { until } from "./until.ts";

const SECRET_WORDS = ["Potassium is low", "Ask the cardiologist"];

interface World {
  readonly folder: string;
  readonly identities: IdentityProvider;
  readonly backend: Backend;
}

async function main(folder: string, closing: (() => void | Promise<void>)[]): Promise<void> {
  open("Holdfast sync: encrypted on each device, plain rows for those who may read them");
  const certificate = makeCertificate(folder);
  trust(certificate);
  const tab = await openTab(certificate);
  if (typeof tab !== "string") closing.push(() => tab.close());
  const identities = await startIdentityProvider();
  closing.push(() => identities.stop());
  const backend = await startBackend(folder, { certificate, identities, pageOrigins: typeof tab === "string" ? [] : [tab.origin] });
  closing.push(() => backend.stop());
  const world: World = { folder, identities, backend };
  say(`The server listens at ${backend.baseUrl} (TLS), the provider of identities at ${identities.issuer}.`);

  const [phone, laptop] = await loginStep(world, closing);
  await offlineStep(phone, laptop);
  await tabStep(tab, {
    ...world,
    words: SECRET_WORDS,
    async tagsAtPhone() {
      await until("the tag comes to the phone", () => noteOf(phone, "n2")?.tags.length === 1);
      return (noteOf(phone, "n2") as Note).tags;
    },
  });
  rowsStep(world, [phone, laptop]);
  await strangerStep(world, closing, phone);
  wrongKeyStep(phone, await startedAs(world, closing, "ben's tablet", "ben"));
}

async function startedAs(world: World, closing: (() => void | Promise<void>)[], name: string, userName: string): Promise<Device> {
  const device = await startDevice({ ...world, name, userName });
  closing.push(() => device.close());
  return device;
}

async function loginStep(world: World, closing: (() => void | Promise<void>)[]): Promise<[Device, Device]> {
  step("Anna logs in on two devices (OpenID Connect, code with PKCE)");
  const phone = await startedAs(world, closing, "anna's phone", "anna");
  const laptop = await startedAs(world, closing, "anna's laptop", "anna");
  expect(phone.key.byteLength === 64 && Buffer.from(phone.key).equals(Buffer.from(laptop.key)), "both devices got the user's one key");
  say("Her first login made a key of 64 bytes on the server, wrapped there; both devices got it and keep it in their key stores.");
  return [phone, laptop];
}

async function offlineStep(phone: Device, laptop: Device): Promise<void> {
  step("Both edit without a network, then come back");
  phone.realm.write(() => phone.realm.create("Note", { _id: "n1", team: TEAM, title: "Bed 4", body: SECRET_WORDS[0], tags: ["labs"], hearts: 1 }));
  await until("the laptop has the note", () => noteOf(laptop, "n1") !== null);
  for (const { realm } of [phone, laptop]) realm.syncSession?.pause();
  phone.realm.write(() => {
    const note = noteOf(phone, "n1") as Note;
    note.tags.push("seen by Anna");
    note.hearts.increment(2);
    phone.realm.create("Note", { _id: "n2", team: TEAM, title: "Bed 7", body: SECRET_WORDS[1], tags: [], hearts: 0 });
  });
  laptop.realm.write(() => {
    const note = noteOf(laptop, "n1") as Note;
    note.title = "Bed 4, window";
    note.tags.unshift("urgent");
    note.hearts.increment(3);
  });
  say(...shown(phone), ...shown(laptop));
  for (const { realm } of [phone, laptop]) realm.syncSession?.resume();
  await until("the devices agree", () => shown(phone).slice(1).join() === shown(laptop).slice(1).join() && laptop.realm.objects("Note").length === 2);
  say("Back on the network:", ...shown(phone), ...shown(laptop));
  const note = noteOf(phone, "n1") as Note;
  expect(note.title === "Bed 4, window" && note.hearts.value === 6 && [...note.tags].join() === "urgent,labs,seen by Anna", "title, hearts and tags of both were merged");
}

function rowsStep({ folder, backend }: World, devices: readonly Device[]): void {
  step("The backend's rows, as anybody with the rights to the database reads them");
  say(...showRows(backend.rowsPath, `SELECT "_id", team, title, body, tags, hearts FROM "Note" ORDER BY "_id"`));
  step("The same words in the devices' files");
  for (const { name, folder: home } of devices) {
    const files = filesUnder(home);
    const found = files.filter(({ bytes }) => SECRET_WORDS.some((words) => Buffer.from(bytes).includes(words)));
    expect(found.length === 0, `no file of ${name} holds a word of a note`);
    say(`${name}: found in none of ${files.length} files (the database, and the app's own with users and tokens)`);
  }
  expect(filesUnder(folder).some(({ path, bytes }) => path.startsWith(backend.rowsPath) && SECRET_WORDS.every((words) => Buffer.from(bytes).includes(words))), "the backend's file holds them");
}

async function strangerStep(world: World, closing: (() => void | Promise<void>)[], phone: Device): Promise<void> {
  step("Carl logs in, who is in no team");
  const carl = await startedAs(world, closing, "carl's phone", "carl");
  await carl.realm.syncSession?.downloadAllServerChanges();
  expect(carl.realm.objects("Note").length === 0, "Carl sees no note");
  carl.realm.write(() => carl.realm.create("Note", { _id: "n1", team: TEAM, title: "mine now", body: "", tags: [], hearts: 0 }));
  await until("Carl's write is undone", () => carl.errors.length > 0 && carl.realm.objects("Note").length === 0);
  expect((noteOf(phone, "n1") as Note).title === "Bed 4, window", "Anna's note is as it was");
  say(`He sees 0 notes. He writes one with the same id: undone on his phone (${carl.errors[0]?.code ?? ""}), and Anna's is as it was.`);
}

function wrongKeyStep(phone: Device, tablet: Device): void {
  step("Ben's key and Anna's file");
  expect(!Buffer.from(phone.key).equals(Buffer.from(tablet.key)), "Ben has a key of his own");
  phone.realm.close();
  const before = readFileSync(phone.path);
  let code: unknown;
  try {
    const opened = new Realm({ path: phone.path, encryptionKey: tablet.key });
    opened.close();
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  expect(code === "KEY_WRONG" && readFileSync(phone.path).equals(before), "another user's key opens nothing and changes nothing");
  say(`${String(code)}; the file is as it was.`);
}

function noteOf({ realm }: Device, id: string): Note | null {
  return realm.objectForPrimaryKey<Note>("Note", id);
}

function shown({ name, realm }: Device): string[] {
  return [`${name}:`, ...[...realm.objects<Note>("Note").sorted("_id")].map((note) => `  ${lineOf(note)}`)];
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-demo-sync-"));
const closing: (() => void | Promise<void>)[] = [];
try {
  await main(folder, closing);
  close("Every step went as it must.");
} catch (error) {
  if (!(error instanceof DemoFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const end of closing.reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
}
