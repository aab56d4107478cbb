/**
 * The Electron application of this folder, packed into an asar archive, run without Electron: its main process in plain Node, its window in
 * Chromium, `electron` a stub. docs/guides/electron.md says what that shows and what it does not.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listPackage } from "@electron/asar";
import { missingChromium } from "@holdfast/test-browser";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MainProcess } from "./main-process.ts";
import { extractApp, packApp, type PackedApp } from "./packed-app.ts";
import { openProfile, openWindow } from "./window.ts";

const KEYRING = "5a".repeat(32);
const folder = mkdtempSync(join(tmpdir(), "holdfast-electron-"));
const extracted = join(folder, "extracted");
const running: MainProcess[] = [];
let packed: PackedApp;
let count = 0;

beforeAll(async () => {
  packed = await packApp(folder);
  // Nothing may be found but what the archive has.
  rmSync(join(folder, "app"), { recursive: true });
  extractApp(packed, extracted);
}, 240_000);
afterEach(async () => {
  await Promise.all(running.splice(0).map((main) => main.quit()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

function newFolder(): string {
  const made = join(folder, String((count += 1)));
  mkdirSync(made);
  return made;
}

function startMain(userData: string, { keyring = KEYRING, app = extracted } = {}): MainProcess {
  const main = new MainProcess({ entry: join(app, "dist/main.js"), userData, keyring });
  running.push(main);
  return main;
}

describe("an Electron application, without Electron", () => {
  it("[R-12.6] runs from its archive: the main process keeps an encrypted realm, its key under safeStorage, from start to start", async () => {
    const userData = newFolder();
    let main = startMain(userData);
    await main.loaded;
    await main.invoke("tasks:add", "call the bank");
    const [task] = (await main.invoke("tasks:list")) as { id: string }[];
    await main.invoke("tasks:set-done", task?.id, true);
    await expect(main.invoke("tasks:add", 7)).rejects.toThrow("expected a text");
    expect(await main.quit()).toBe(0);
    expect(readFileSync(join(userData, "tasks.realm")).includes("call the bank")).toBe(false);
    main = startMain(userData);
    await main.loaded;
    expect(await main.invoke("tasks:list")).toEqual([{ id: task?.id, title: "call the bank", done: true }]);
    await main.quit();
    // Another keyring, as after the user's was made anew: refused, and nothing is replaced.
    main = startMain(userData, { keyring: "a5".repeat(32) });
    expect(await main.exited).toBe(1);
    expect(main.complaints).toContain("KEY_CORRUPT");
    main = startMain(userData);
    await main.loaded;
    expect(await main.invoke("tasks:list")).toHaveLength(1);
  });

  it("tells another process of each commit, both over one file", async () => {
    const userData = newFolder();
    const [one, two] = [startMain(userData), startMain(userData)];
    await Promise.all([one.loaded, two.loaded]);
    const heard = new Promise((resolve) => (two.onSend = (channel, [tasks]) => (tasks as unknown[]).length > 0 && resolve([channel, tasks])));
    await one.invoke("tasks:add", "from one");
    expect(await heard).toEqual(["tasks:changed", [expect.objectContaining({ title: "from one" })]]);
  });

  it.runIf(missingChromium() === undefined || process.env["CI"] !== undefined)(
    "shows the main process's tasks in a window, and keeps drafts in the window's own files, encrypted",
    async () => {
      const userData = newFolder();
      const main = startMain(userData);
      const context = await openProfile(join(userData, "profile"));
      try {
        const page = await openWindow(context, main);
        await page.locator("#drafts", { hasText: "draft:" }).waitFor();
        await page.fill("#title", "write to Ada");
        await page.locator("#drafts", { hasText: "draft: write to Ada" }).waitFor();
        await page.click("button");
        await page.locator("li", { hasText: "write to Ada" }).click();
        await page.locator("li", { hasText: "done: write to Ada" }).waitFor();
        await page.reload();
        await page.locator("li", { hasText: "done: write to Ada" }).waitFor();
        await page.locator("#drafts", { hasText: "draft: write to Ada" }).waitFor();
      } finally {
        await context.close();
      }
    },
  );

  it("has a scheme's page answer for its own files only", async () => {
    const main = startMain(newFolder());
    await main.loaded;
    expect(await main.request("app://tasks/index.html")).toMatchObject({ status: 200, type: "text/html" });
    expect(await main.request("app://tasks/..%2f..%2fpackage.json")).toMatchObject({ status: 404 });
  });
});

describe("the native parts, as Electron needs them", () => {
  const addons = (): string[] => readdirSync(packed.unpacked, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".node"));
  const locks = (): string => join(packed.unpacked, addons().find((name) => name.includes(join(`${process.platform}-${process.arch}`, "fs-native-extensions.node"))) ?? "missing");

  it("lie beside the archive as files, and nothing else does", () => {
    const files = readdirSync(packed.unpacked, { recursive: true, encoding: "utf8", withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.filter(({ name }) => !name.endsWith(".node"))).toEqual([]);
    expect(addons().some((name) => name.includes("fs-native-extensions"))).toBe(true);
    expect(listPackage(packed.archive, { isPack: false }).some((name) => name.endsWith(join("realm", "dist", "index.js")))).toBe(true);
  });

  it("are built for Node-API: no version of V8 is in them, and no memory from outside of V8's, which Electron forbids", () => {
    const desktop = addons().filter((name) => /(?:darwin|linux|win32)-/.test(name));
    expect(desktop.length).toBeGreaterThan(5);
    for (const name of desktop) {
      const text = readFileSync(join(packed.unpacked, name), "latin1");
      expect([name, text.includes("napi_create_function"), /_ZN2v8|@v8@@|node_module_register/u.test(text)]).toEqual([name, true, false]);
      if (name.includes("fs-native-extensions")) expect([name, text.includes("napi_create_external")]).toEqual([name, false]);
    }
  });

  it("load from a temporary copy, as Electron makes one of what was left inside of the archive", () => {
    const copy = join(newFolder(), "copy-of-locks.node");
    cpSync(locks(), copy);
    const script = `const module_ = { exports: {} }; process.dlopen(module_, ${JSON.stringify(copy)});
      const fs = require("node:fs"), descriptor = fs.openSync(${JSON.stringify(`${copy}.file`)}, "w+");
      console.log(Object.keys(module_.exports).includes("tryLock"));`;
    expect(spawnSync(process.execPath, ["-e", script], { encoding: "utf8" })).toMatchObject({ status: 0, stdout: "true\n" });
  });

  it("are not done without: where the locks cannot be loaded, no key is made and no file written", async () => {
    const app = newFolder();
    cpSync(extracted, app, { recursive: true });
    const name = addons().find((one) => one.endsWith(join(`${process.platform}-${process.arch}`, "fs-native-extensions.node"))) ?? "missing";
    writeFileSync(join(app, name), "not a library");
    const userData = newFolder();
    const main = startMain(userData, { app });
    expect(await main.exited).toBe(1);
    expect(main.complaints).toMatch(/no kernel locks[^]*STORE_UNAVAILABLE/u);
    expect(readdirSync(userData, { recursive: true, encoding: "utf8" }).filter((one) => !/^keys(?:.locks.*)?$/u.test(one))).toEqual([]);
  });
});
