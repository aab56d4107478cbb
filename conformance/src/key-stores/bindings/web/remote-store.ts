/**
 * A key store that lives in a browser's tab, for cases that run in Node.
 *
 * @module
 */
import type { AllEntries, KeyStore, KeyStoreCapabilities, OperationOptions } from "@holdfast/key-store";
import type { TestPage } from "@holdfast/test-browser";
import type * as page from "../../../../browser/key-store-page.ts";
import { hex } from "../../hex.ts";

/** A tab with the suite's page. */
export type KeyStorePage = TestPage<typeof page>;

/** What a tab says of a store that it has opened. */
type Opened = Awaited<ReturnType<typeof page.open>>;

/** Opens a store in a tab. */
export async function openRemoteStore(tab: KeyStorePage, namespace: string): Promise<KeyStore> {
  return new RemoteStore(tab, await tab.call("open", namespace));
}

class RemoteStore implements KeyStore {
  readonly backend: string;
  readonly capabilities: KeyStoreCapabilities;
  readonly #tab: KeyStorePage;
  readonly #id: number;

  constructor(tab: KeyStorePage, { id, backend, capabilities }: Opened) {
    this.#tab = tab;
    this.#id = id;
    this.backend = backend;
    this.capabilities = capabilities;
  }

  async write(name: string, value: Uint8Array | string | null, options?: OperationOptions): Promise<void> {
    await this.#use("write", [name, value], options);
  }

  async create(name: string, value: Uint8Array | string, options?: OperationOptions): Promise<boolean> {
    return (await this.#use("create", [name, value], options)) === true;
  }

  async read(name: string, options?: OperationOptions): Promise<Uint8Array | null> {
    const found = await this.#use("read", [name], options);
    return typeof found === "object" && found !== null ? Uint8Array.from(Buffer.from(found.hex, "hex")) : null;
  }

  async readText(name: string, options?: OperationOptions): Promise<string | null> {
    return (await this.#use("readText", [name], options)) as string | null;
  }

  async containsKey(name: string, options?: OperationOptions): Promise<boolean> {
    return (await this.#use("containsKey", [name], options)) === true;
  }

  async delete(name: string, options?: OperationOptions): Promise<void> {
    await this.#use("delete", [name], options);
  }

  async readAll(): Promise<AllEntries> {
    const { entries, damaged } = await this.#tab.call("readAll", this.#id);
    return { entries: new Map(entries.map(([name, value]) => [name, Uint8Array.from(Buffer.from(value, "hex"))])), damaged };
  }

  async deleteAll(options?: OperationOptions): Promise<void> {
    await this.#use("deleteAll", [], options);
  }

  /** Listeners stay in the tab; `packages/key-store-web/test` tries them there. */
  addListener(): () => void {
    throw new Error("a listener cannot be called across processes");
  }

  /** The turn is taken in the tab and given back there; what is done in it is done here. */
  async exclusively<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    const turn = await this.#tab.call("takeTurn", this.#id, name);
    try {
      return await action();
    } finally {
      await this.#tab.call("endTurn", turn);
    }
  }

  async dispose(): Promise<void> {
    await this.#use("dispose", []);
  }

  async #use(operation: page.StoreOperation, values: readonly (Uint8Array | string | null)[], given: OperationOptions = {}): Promise<page.Wire> {
    const { signal, ...options } = given;
    const wires = values.map((value) => (value instanceof Uint8Array ? { hex: hex(value) } : value));
    return this.#tab.call("use", this.#id, { operation, values: wires, ...(Object.keys(options).length === 0 ? {} : { options }), isAborted: signal?.aborted === true });
  }
}
