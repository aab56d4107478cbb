/**
 * Several processes of a device whose user's token is to be refreshed: one of them asks at a time, and none waits for a dead one.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { inDeviceTurn } from "../../src/app/device-turn.ts";
import { Credentials, MetadataMode } from "../../src/index.ts";
import type { User } from "../../src/index.ts";
import { codeOf, startServer, TestDevice } from "./support.ts";
import type { TestServer } from "./support.ts";

const LIMIT_MS = 45_000;

/** A server that keeps what it is asked until it is told to go on: refreshes alone; everything else goes through. */
class SlowLine {
  /** Refreshes that have arrived, by the token that they show; the words of one are sent once each. */
  readonly arrived: string[] = [];
  /** How many were under way at once, from processes that live. */
  most = 0;
  baseUrl = "";
  #open = 0;
  #isSlow = true;
  #waiting: (() => void)[] = [];

  static async before(server: TestServer): Promise<SlowLine> {
    const line = new SlowLine();
    const http = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks);
        if (request.url?.endsWith("/auth/session") === true) await line.#hold(body, response.socket);
        const answer = await fetch(server.baseUrl + String(request.url), { method: request.method ?? "GET", headers: { "content-type": "application/json", authorization: request.headers.authorization ?? "" }, ...(body.length === 0 ? {} : { body }) });
        response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
      })().catch(() => response.destroy());
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    onTestFinished(() => {
      http.closeAllConnections();
      http.close();
    });
    line.baseUrl = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
    return line;
  }

  async #hold(body: Buffer, socket: NodeJS.EventEmitter | null): Promise<void> {
    this.arrived.push((JSON.parse(body.toString()) as { refresh_token: string }).refresh_token);
    this.most = Math.max(this.most, ++this.#open);
    let isOpen = true;
    const end = (): void => {
      if (isOpen) this.#open--;
      isOpen = false;
    };
    socket?.on("close", end);
    if (this.#isSlow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    end();
  }

  /** Lets everything through, those first that came last: the request of a dead process arrives after its repetition. */
  release(): void {
    this.#isSlow = false;
    for (const go of this.#waiting.splice(0).reverse()) go();
  }
}

/** A process of the device. */
class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(parameters: readonly string[]) {
    const program = join(import.meta.dirname, "programs/refresh-in-turn.ts");
    this.#child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", program, ...parameters], { stdio: ["ignore", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  async says(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  async kill(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

it("a process that is killed while it refreshes gives its turn to the next one at once, whoever has a key store", async () => {
  const server = await startServer();
  const device = new TestDevice(server);
  const key = randomBytes(64);
  const metadata = { mode: MetadataMode.Encryption, encryptionKey: key };
  await (await device.start({ metadata })).logIn(Credentials.function({ name: "ada" }));
  await device.stop();
  const line = await SlowLine.before(server);
  const peer = (passphrase: string): Peer => new Peer([device.folder, line.baseUrl, key.toString("hex"), passphrase]);
  const first = peer("a passphrase of tests");
  await expect.poll(() => line.arrived.length, { timeout: LIMIT_MS }).toBe(1);
  const others = [peer("a passphrase of tests"), peer("")];
  for (const other of others) expect(await other.says()).toBe("asking");
  await first.kill();
  await expect.poll(() => line.arrived.length, { timeout: LIMIT_MS }).toBe(2);
  line.release();
  for (const other of others) expect(await other.says()).toBe("token");
  // The dead one's words were sent again as they were; what the second got, the third has read from the file.
  expect([line.most, line.arrived.length, new Set(line.arrived).size]).toEqual([1, 2, 1]);
  const user = (await device.start({ metadata })).currentUser as User;
  for (let attempt = 0; attempt < 3; attempt++) expect(await codeOf(user.refreshAccessToken())).toBeUndefined();
  expect(server.log.filter(({ event }) => event === "session-revoked")).toEqual([]);
});

it("who waits for a turn longer than it can take is told what those are who ask a silent server, and may come again", async () => {
  const lockPath = join(new TestDevice(await startServer()).folder, "lock");
  const turn = { lockPath, store: undefined, storeLockName: "", patienceMs: 20 };
  let give: () => void = () => undefined;
  const holding = inDeviceTurn(turn, () => new Promise<void>((resolve) => (give = resolve)));
  expect(await codeOf(inDeviceTurn(turn, async () => undefined))).toBe("NETWORK_UNAVAILABLE");
  give();
  await holding;
  expect(await codeOf(inDeviceTurn(turn, async () => Promise.reject(Object.assign(new Error("no"), { code: "MINE" }))))).toBe("MINE");
  expect(await inDeviceTurn(turn, async () => "turn")).toBe("turn");
});

it("a refresh is waited for longer than the server may take to answer", async () => {
  const server = await startServer();
  const device = new TestDevice(server);
  // The default: the answer comes at the last moment, while the clock of the one that waits has begun a little before.
  const user = await (await device.start()).logIn(Credentials.function({ name: "ada" }));
  const other = device.make();
  await other.ready();
  let release: () => void = () => undefined;
  device.network.onAnswer = () => new Promise<void>((resolve) => (release = resolve));
  const asked = device.network.asked.length;
  const first = user.refreshAccessToken();
  await expect.poll(() => device.network.asked.length).toBe(asked + 1);
  const { timeouts, run } = aged(90_000);
  const second = run(() => (other.currentUser as User).refreshAccessToken());
  await expect.poll(timeouts).toBeGreaterThan(2);
  device.network.onAnswer = undefined;
  release();
  expect(await second).toBe(await first);
  other.close();
});

/** What runs looks at a clock that goes on by so many ms after its first look. */
function aged(byMs: number): { timeouts: () => number; run: <Result>(action: () => Result) => Result } {
  const { now } = performance;
  let looks = 0;
  onTestFinished(() => void (performance.now = now));
  return {
    timeouts: () => looks,
    run(action) {
      performance.now = () => now.call(performance) + (looks++ === 0 ? 0 : byMs);
      return action();
    },
  };
}
