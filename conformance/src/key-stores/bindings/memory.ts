/**
 * The store in memory: it runs everywhere, and shows what the rules alone do.
 *
 * @module
 */
import { encodeName, MemoryEntries, MemoryKeyStore } from "@holdfast/key-store";
import type { EntryStore, KeyWrap } from "@holdfast/key-store";
import type { KeyStoreBinding, KeyStoreHome } from "../binding.ts";

/** The binding. */
export function memoryBinding(): KeyStoreBinding {
  return {
    name: "memory",
    kind: "real",
    description: "MemoryKeyStore of @holdfast/key-store",
    backend: "memory",
    simulated: [44],
    openHome: async () => memoryHome(),
  };
}

/** A home in memory; wraps can be tried over it. */
export function memoryHome(wraps?: readonly KeyWrap[]): KeyStoreHome {
  const spaces = new Map<string, MemoryEntries>();
  let isLosing = false;
  const entriesOf = (namespace: string): MemoryEntries => {
    const entries = spaces.get(namespace) ?? new MemoryEntries();
    spaces.set(namespace, entries);
    return entries;
  };
  return {
    open: async (namespace) => new MemoryKeyStore(losing(entriesOf(namespace), () => isLosing)),
    async restart() {
      spaces.clear();
    },
    async cleanUp() {
      spaces.clear();
    },
    ...(wraps === undefined ? {} : { wraps }),
    raw: {
      async snapshot() {
        const all: string[] = [];
        for (const [namespace, entries] of spaces) for (const name of await entries.names()) all.push(`${namespace} ${name} ${String(await entries.get(name))}`);
        return all.toSorted().join("\n");
      },
      async alter(namespace, name, change) {
        const entries = entriesOf(namespace);
        const text = (await entries.get(encodeName(name))) ?? "";
        await entries.set(encodeName(name), new TextDecoder().decode(change(new TextEncoder().encode(text))));
      },
    },
    async plantForeign(namespace) {
      const entries = entriesOf(namespace);
      await entries.set("Foreign!", "text");
      return async () => (await entries.get("Foreign!")) === "text";
    },
    async loseWrites() {
      isLosing = true;
      return () => void (isLosing = false);
    },
  };
}

/** Entries whose writes can be made to vanish. */
function losing(entries: MemoryEntries, isLosing: () => boolean): EntryStore {
  return new Proxy(entries, {
    get(target, member) {
      if (isLosing() && member === "set") return async () => undefined;
      if (isLosing() && member === "create") return async () => true;
      const found: unknown = Reflect.get(target, member, target);
      return typeof found === "function" ? (found as () => unknown).bind(target) : found;
    },
  });
}
