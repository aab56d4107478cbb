/**
 * The notes application in a real browser, as its user has it: built, served on loopback, two tabs, no network.
 *
 * `SCREENSHOTS=1` writes the pictures of its README.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingChromium } from "@holdfast/test-browser";
import { chromium } from "playwright-core";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildWebDemo, serveWebDemo } from "../../../../scripts/demo-web.mjs";

const PICTURES = join(import.meta.dirname, "../screenshots");
const SECRET = "Rendezvous at the Skerries lighthouse";
const PASSPHRASE = "correct horse battery";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// In CI a browser that is missing is a failure.
const isSkipped = missingChromium() !== undefined && process.env["CI"] === undefined;
const folder = mkdtempSync(join(tmpdir(), "holdfast-notes-"));
let context: BrowserContext;
let server: Awaited<ReturnType<typeof serveWebDemo>>;
let one: Page;
/** What pages complained about. */
const complaints: string[] = [];

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  await page.goto(server.address);
  await page.getByPlaceholder("Search notes").waitFor();
  return page;
}

async function write(page: Page, title: string, text: string): Promise<void> {
  // As a user does, who types in the tab that is seen, and into the note that has appeared.
  await page.bringToFront();
  await page.getByLabel("New note").click();
  await page.locator('input.title[value=""]').fill(title);
  await page.getByLabel("Text", { exact: true }).fill(text);
  await page.getByRole("status").filter({ hasText: "Sealed" }).waitFor();
}

function row(page: Page, text: string): ReturnType<Page["locator"]> {
  return page.getByRole("navigation").getByRole("button").filter({ hasText: text });
}

/** Every private file of the origin, one after the other. */
async function filesOf(page: Page): Promise<Buffer> {
  const text = await page.evaluate(async () => {
    let all = "";
    const entries = (await navigator.storage.getDirectory()) as unknown as AsyncIterable<[string, FileSystemFileHandle]>;
    for await (const [, handle] of entries) {
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      for (let start = 0; start < bytes.length; start += 8192) all += String.fromCharCode(...bytes.subarray(start, start + 8192));
    }
    return btoa(all);
  });
  return Buffer.from(text, "base64");
}

async function picture(page: Page, name: string): Promise<void> {
  // The fade of a hover is not part of it.
  await page.mouse.move(0, 0);
  if (process.env["SCREENSHOTS"] === "1") await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

describe.skipIf(isSkipped)("the notes application", () => {
  beforeAll(async () => {
    await buildWebDemo(join(folder, "site"));
    server = await serveWebDemo(join(folder, "site"), 0);
    const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
    context = await chromium.launchPersistentContext(join(folder, "profile"), { executablePath, headless: true, args: FLAGS, viewport: { width: 1440, height: 860 } });
    // Tests run beside others, and a slow machine is no failure.
    context.setDefaultTimeout(60_000);
    one = await openTab();
  }, 180_000);
  afterAll(async () => {
    await context?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it("can be installed, and the browser complains about nothing", async () => {
    const session = await context.newCDPSession(one);
    const { errors } = await session.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    expect(installabilityErrors).toEqual([]);
  });

  it("keeps what is written, and nothing of it can be read in the file", async () => {
    await one.getByText("Begin with a few samples").click();
    await write(one, "Saturday", SECRET);
    await row(one, "Ferry to Inishmore").waitFor();
    const bytes = await filesOf(one);
    expect(bytes.includes("HOLDFAST")).toBe(true);
    expect([SECRET, "Skerries", "Inishmore", "Note", "title"].filter((text) => bytes.includes(text))).toEqual([]);
    expect(bytes.includes(Buffer.from("Skerries", "utf16le"))).toBe(false);
  });

  it("shows that: a search of the file finds no word of a note, and the format's name", async () => {
    const box = one.getByLabel("Text to look for in the file");
    await box.fill("Skerries");
    await one.getByTestId("verdict").filter({ hasText: "Not found" }).waitFor();
    await one.getByText("“Skerries” is in 1 note, and nowhere in").waitFor();
    await picture(one, "notes");
    await one.getByRole("button", { name: "HOLDFAST" }).click();
    await one.getByTestId("verdict").filter({ hasText: "Found at byte 0" }).waitFor();
    await one.getByRole("button", { name: "Start of the file" }).click();
    expect(await one.getByTestId("hex").innerText()).toMatch(/HOLDFAST/u);
  });

  it("searches notes", async () => {
    await one.getByPlaceholder("Search notes").fill("skerries");
    await row(one, "Ferry to Inishmore").waitFor({ state: "detached" });
    await row(one, "Saturday").waitFor();
    await one.getByPlaceholder("Search notes").fill("");
  });

  it("shows in each tab what the other writes, and when the tab that holds the file is closed, the other goes on", async () => {
    const two = await openTab();
    await two.getByText("Another tab holds the file").waitFor();
    await write(two, "From the second tab", "Hello");
    await row(one, "From the second tab").waitFor();
    await write(one, "From the first tab", "Hello, too");
    await row(two, "From the first tab").waitFor();
    await row(two, "From the second tab").click();
    await one.close();
    await two.getByText("This tab holds the file").waitFor();
    await write(two, "After the first tab was closed", "Nothing was lost");
    expect(await two.getByRole("navigation").getByRole("listitem").count()).toBe(9);
    one = two;
  });

  it("works without a network, also after the page is loaded again", async () => {
    await one.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await server.close();
    await context.setOffline(true);
    await one.reload();
    await row(one, "After the first tab was closed").waitFor();
    await one.getByText("Offline", { exact: true }).waitFor();
    await write(one, "Written offline", "And kept");
    await one.reload();
    await row(one, "Written offline").waitFor();
    await picture(one, "offline");
    await context.setOffline(false);
  });

  it("brings notes back whose key was lost, with the recovery text and its passphrase", async () => {
    await one.getByLabel("Recovery text").click();
    await one.getByLabel("Passphrase").fill(PASSPHRASE);
    await one.getByRole("button", { name: "Make the text" }).click();
    const text = await one.getByRole("textbox", { name: "Recovery text" }).inputValue();
    await one.getByRole("button", { name: "Close", exact: true }).click();
    await one.evaluate(() => {
      indexedDB.deleteDatabase("holdfast-keys");
    });
    await one.reload();
    await one.getByText("KEY_LOST").waitFor();
    await picture(one, "key-lost");
    await one.getByPlaceholder("Recovery text").fill(text);
    await one.getByPlaceholder("Passphrase").fill(PASSPHRASE);
    await one.getByRole("button", { name: "Bring the key back" }).click();
    await row(one, "Written offline").waitFor();
    expect(await one.getByRole("navigation").getByRole("listitem").count()).toBe(10);
  });

  it("fits a phone", async () => {
    await one.setViewportSize({ width: 390, height: 844 });
    await one.emulateMedia({ colorScheme: "dark" });
    await one.reload();
    await row(one, "Ferry to Inishmore").click();
    await one.getByLabel("Back to the list").waitFor();
    await picture(one, "phone");
    expect(await one.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });

  it("complained about nothing", () => {
    // What was provoked above: React says which component it was.
    expect(complaints.filter((text) => !text.includes("no key for it"))).toEqual([]);
  });
});
