/**
 * WebDriver BiDi over the WebSocket that Firefox opens: commands and their answers.
 *
 * @module
 */

/** A connection with a session. */
export interface BidiSession {
  /** The browser's version, as it says. */
  readonly version: string;
  /** One command. @throws {Error} What the browser says. */
  send<Result>(method: string, values: object): Promise<Result>;
  close(): void;
}

const ENDED = "the browser has ended the session";

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Message {
  readonly id?: number;
  readonly type?: string;
  readonly result?: unknown;
  readonly message?: string;
  readonly error?: string;
}

/** Connects to the address that the browser has printed, and starts a session. */
export async function openBidi(address: string): Promise<BidiSession> {
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`nothing answers at ${address}`)), { once: true });
  });
  const waiting = new Map<number, Waiting>();
  socket.addEventListener("message", ({ data }) => {
    const { id = -1, type, result, error, message } = JSON.parse(String(data)) as Message;
    const one = waiting.get(id);
    waiting.delete(id);
    if (type === "error") one?.reject(new Error(`${error ?? "error"}: ${message ?? ""}`));
    else one?.resolve(result);
  });
  socket.addEventListener("close", () => {
    for (const one of waiting.values()) one.reject(new Error(ENDED));
    waiting.clear();
  });
  let count = 0;
  const send = <Result>(method: string, params: object): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) return reject(new Error(ENDED));
      const id = (count += 1);
      waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
      socket.send(JSON.stringify({ id, method, params }));
    });
  const { capabilities } = await send<{ capabilities: { browserVersion: string } }>("session.new", { capabilities: {} });
  return { version: capabilities.browserVersion, send, close: () => socket.close() };
}
