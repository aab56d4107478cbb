/**
 * What stands for `electron` in the main process of the test: a plain Node process, whose other side is the test.
 *
 * A stub, not Electron: only what the application calls, each after a sentence of Electron's documentation (version 45) that stands beside it.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** From the test to the main process. */
export type ToMain =
  | { readonly kind: "invoke"; readonly id: number; readonly channel: string; readonly values: readonly unknown[] }
  | { readonly kind: "request"; readonly id: number; readonly url: string }
  | { readonly kind: "quit" };

/** From the main process to the test. */
export type FromMain =
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly message: string }
  | { readonly kind: "load"; readonly url: string; readonly preload: string }
  | { readonly kind: "send"; readonly channel: string; readonly values: readonly unknown[] };

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** `fork` with `serialization: "advanced"` clones as structured clone does, and so does Electron (ipcRenderer: "serialized with the Structured Clone Algorithm"). */
function tell(message: FromMain): void {
  process.send?.(message);
}

let isReady = false;
const events = new EventEmitter();

/** The entry module has been evaluated: `ready` waits for that (tutorial/esm; issue 40719 of electron/electron: a top-level `await app.whenReady()` never ends). */
export function entryWasEvaluated(): void {
  isReady = true;
  events.emit("ready");
}

export const app = {
  whenReady: (): Promise<void> => (isReady ? Promise.resolve() : new Promise((resolve) => events.once("ready", () => resolve()))),
  on: (name: string, listener: () => void) => events.on(name, listener),
  exit: (code: number) => process.exit(code),
  /** "userData: The directory for storing your app's configuration files". */
  getPath(name: string): string {
    const folder = process.env["STUB_USER_DATA"];
    if (name !== "userData" || folder === undefined) throw new Error(`the stub has no path "${name}"`);
    return folder;
  },
};

const handlers = new Map<string, (event: object, ...values: unknown[]) => unknown>();

/** "Adds a handler for an invokeable IPC." A second one for a channel is refused. */
export const ipcMain = {
  handle(channel: string, handler: (event: object, ...values: unknown[]) => unknown): void {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, handler);
  },
};

const schemes = new Map<string, Readonly<Record<string, boolean>>>();
const served = new Map<string, (request: Request) => Response | Promise<Response>>();

export const protocol = {
  /** "This method can only be used before the ready event of the app module gets emitted and can be called only once." */
  registerSchemesAsPrivileged(list: readonly { scheme: string; privileges: Readonly<Record<string, boolean>> }[]): void {
    if (isReady || schemes.size > 0) throw new Error("protocol.registerSchemesAsPrivileged should be called before app is ready, and once");
    for (const { scheme, privileges } of list) schemes.set(scheme, privileges);
  },
  handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void {
    // "By default web storage apis (localStorage, sessionStorage, webSQL, indexedDB, cookies) are disabled for non standard schemes"; the
    // origin private file system needs a secure context too. The test's page has both, so the application has to ask for both.
    const { standard, secure } = schemes.get(scheme) ?? {};
    if (standard !== true || secure !== true) throw new Error(`the scheme ${scheme} is not standard and secure: the test's page would have storage that Electron's has not`);
    served.set(scheme, handler);
  },
};

/** "net.fetch ... supports file: URLs"; the type goes by the name's ending. */
export const net = {
  async fetch(url: string): Promise<Response> {
    const path = fileURLToPath(url);
    return new Response(await readFile(path), { headers: { "content-type": TYPES[extname(path)] ?? "application/octet-stream" } });
  },
};

/** "The keyring" is a key in the environment. Before `ready` there is none ("unknown - When the function is called before app has emitted the ready event"). */
export const safeStorage = {
  isAsyncEncryptionAvailable: async (): Promise<boolean> => isReady,
  getSelectedStorageBackend: (): string => (isReady ? "gnome_libsecret" : "unknown"),
  async encryptStringAsync(text: string): Promise<Buffer> {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", keyring(), iv);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  },
  async decryptStringAsync(sealed: Buffer): Promise<{ result: string; shouldReEncrypt: boolean }> {
    const decipher = createDecipheriv("aes-256-gcm", keyring(), sealed.subarray(0, 12)).setAuthTag(sealed.subarray(12, 28));
    return { result: Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString("utf8"), shouldReEncrypt: false };
  },
};

function keyring(): Buffer {
  if (!isReady) throw new Error("safeStorage cannot be used before app is ready");
  return Buffer.from(process.env["STUB_KEYRING"] ?? "", "hex");
}

const windows: BrowserWindow[] = [];

/** Its page is the test's. */
export class BrowserWindow {
  readonly webContents = { send: (channel: string, ...values: unknown[]): void => tell({ kind: "send", channel, values }) };
  readonly #preload: string;

  constructor({ webPreferences }: { webPreferences: { preload: string } }) {
    if (!isReady) throw new Error("Cannot create BrowserWindow before app is ready");
    this.#preload = webPreferences.preload;
    windows.push(this);
  }

  static getAllWindows(): readonly BrowserWindow[] {
    return windows;
  }

  async loadURL(url: string): Promise<void> {
    tell({ kind: "load", url, preload: this.#preload });
  }
}

process.on("message", (message: ToMain) => {
  if (message.kind === "quit") {
    // "will-quit: Emitted when all windows have been closed and the application will quit."
    events.emit("will-quit");
    process.exit(0);
  }
  void (message.kind === "invoke" ? invoke(message.channel, message.values) : request(message.url)).then(
    (value) => tell({ kind: "answer", id: message.id, value }),
    // "only the message property from the original error is provided to the renderer process".
    (error: unknown) => tell({ kind: "failure", id: message.id, message: error instanceof Error ? error.message : String(error) }),
  );
});

async function invoke(channel: string, values: readonly unknown[]): Promise<unknown> {
  const handler = handlers.get(channel);
  if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
  return handler({}, ...values);
}

async function request(url: string): Promise<{ status: number; type: string; body: Uint8Array }> {
  const handler = served.get(new URL(url).protocol.replace(":", ""));
  if (handler === undefined) throw new Error(`nobody serves ${url}`);
  const response = await handler(new Request(url));
  return { status: response.status, type: response.headers.get("content-type") ?? "", body: new Uint8Array(await response.arrayBuffer()) };
}
