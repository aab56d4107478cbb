/**
 * Another process over the same store: does one thing and says so, or waits to be killed.
 *
 *     node other-process.ts '{"place":...,"namespace":"case-22","action":"get","name":"clinic"}'
 *
 * @module
 */
import { writeSync } from "node:fs";
import { DatabaseKeys } from "@holdfast/key-store";
import type { KeyStore } from "@holdfast/key-store";
import { hex } from "../../hex.ts";
import { openAt } from "./openers.ts";
import type { Place } from "./openers.ts";

/** What the process is told. */
export interface OtherJob {
  readonly place: Place;
  readonly namespace: string;
  readonly action: "get" | "hold" | "create" | "write";
  readonly name: string;
}

const FOREVER = new Promise<never>(() => void setInterval(() => undefined, 1000));

const { place, namespace, action, name } = JSON.parse(process.argv[2] ?? "{}") as OtherJob;
const store = await openAt(place, namespace);
say("ready");
if (action === "get") {
  await heard();
  say(`key ${hex(await new DatabaseKeys({ store }).getOrCreate({ name, databaseExists: false }))}`);
} else if (action === "hold") {
  await new DatabaseKeys({ store }).getOrCreate({
    name,
    databaseExists: () => {
      say("now");
      return FOREVER;
    },
  });
} else if (action === "create") {
  await new DatabaseKeys({ store: dyingAfterCreate(store) }).getOrCreate({ name, databaseExists: false });
} else {
  say("now");
  for (let index = 0; ; index += 1) await new DatabaseKeys({ store }).getOrCreate({ name: `${name}${index}`, databaseExists: false });
}
process.exit(0);

/** It has left the process when this returns, even if the process is killed next. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function heard(): Promise<void> {
  return new Promise((resolve) => process.stdin.once("data", () => resolve()));
}

function dyingAfterCreate(inner: KeyStore): KeyStore {
  return new Proxy(inner, {
    get(target, member) {
      const found: unknown = Reflect.get(target, member, target);
      if (typeof found !== "function") return found;
      const call = found as (...values: unknown[]) => unknown;
      if (member !== "create") return call.bind(target);
      return async (...values: unknown[]) => {
        await call.apply(target, values);
        say("now");
        return FOREVER;
      };
    },
  });
}
