/**
 * How a connection begins: what the client says of its file, and whether the server's answer fits it.
 *
 * @module
 */
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "@holdfast/sync-protocol";
import type { HelloMessage, WelcomeMessage } from "@holdfast/sync-protocol";
import type { Meta } from "../replica/records.ts";
import type { SyncedFile } from "../replica/synced-file.ts";

/** A drift of the clocks that is not worth a write. */
const DRIFT_MS = 1000;

/** The first message. */
export function helloOf(file: SyncedFile, token: string): HelloMessage {
  const { client, isProvisional } = file.read("file") as Meta["file"];
  const { acked } = file.read("counts") as Meta["counts"];
  const { epoch } = file.read("down") as Meta["down"];
  const former = file.read("reset")?.former;
  return { msg: "hello", protocol: [PROTOCOL_VERSION_MIN, PROTOCOL_VERSION], ...(isProvisional !== true ? { client } : former === undefined ? {} : { former: former.client }), ...(epoch === undefined ? {} : { epoch }), schema: file.schema, token, acked };
}

/** Takes the name that the server gives a new file. @returns Why the file and the server do not fit, if so. */
export async function takeWelcome(file: SyncedFile, message: WelcomeMessage): Promise<string | undefined> {
  const { isProvisional } = file.read("file") as Meta["file"];
  if (isProvisional === true) await file.adopt({ client: message.client, former: message.former });
  const { client } = file.read("file") as Meta["file"];
  const counts = file.read("counts") as Meta["counts"];
  const { epoch } = file.read("down") as Meta["down"];
  if (message.client !== client) return "the server knows the file under another name";
  if (epoch !== undefined && epoch !== message.epoch) return "the server was restored from a backup";
  if (message.lastCseq >= counts.next) return "the file is an older copy than the server has seen";
  return message.lastCseq < counts.acked ? "the server has lost what it had acknowledged" : undefined;
}

/** Notes what the server's clock is ahead, and its epoch. */
export async function noteTime(file: SyncedFile, { serverTime, epoch }: { readonly serverTime: number; readonly epoch?: string }): Promise<void> {
  const clock = file.read("clock") as Meta["clock"];
  const offsetMs = Math.round(serverTime - Date.now());
  const down = file.read("down") as Meta["down"];
  if (Math.abs(offsetMs - clock.offsetMs) < DRIFT_MS && (epoch === undefined || epoch === down.epoch)) return;
  await file.write((tx) => {
    tx.setMeta("clock", { ...(tx.meta("clock") as Meta["clock"]), offsetMs });
    if (epoch !== undefined) tx.setMeta("down", { ...tx.meta("down"), epoch });
  });
}
