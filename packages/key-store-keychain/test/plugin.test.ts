/** The config plugin, run by Expo's own machinery on the files that `npx expo prebuild` begins with. The Swift that it writes is not compiled here. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileModsAsync, withPlugins } from "@expo/config-plugins";
import type { ExportedConfig } from "@expo/config-plugins";
import { afterAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "holdfast-plugin-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A project that has the package installed. */
function project(): string {
  const path = join(folder, `project-${(count += 1)}`);
  cpSync(join(root, "test/template"), path, { recursive: true });
  writeFileSync(join(path, "package.json"), "{}");
  mkdirSync(join(path, "node_modules/@holdfast"), { recursive: true });
  symlinkSync(root, join(path, "node_modules/@holdfast/key-store-keychain"), "dir");
  return path;
}

async function prebuild(path: string, properties?: object): Promise<{ readonly appDelegate: string; readonly infoPlist: string; readonly entitlements: string }> {
  const config = { name: "HelloWorld", slug: "hello", ios: { bundleIdentifier: "com.helloworld" }, _internal: { projectRoot: path } };
  const plugin = properties === undefined ? "@holdfast/key-store-keychain" : (["@holdfast/key-store-keychain", properties] as [string, object]);
  await compileModsAsync(withPlugins(config, [plugin]) as ExportedConfig, { projectRoot: path, platforms: ["ios"] });
  const read = (name: string): string => {
    try {
      return readFileSync(join(path, "ios/HelloWorld", name), "utf8");
    } catch {
      return "";
    }
  };
  return { appDelegate: read("AppDelegate.swift"), infoPlist: read("Info.plist"), entitlements: read("HelloWorld.entitlements") };
}

it("marks the database's folder at launch, before anything else, and adds nothing else", async () => {
  const path = project();
  const before = readFileSync(join(path, "ios/HelloWorld/AppDelegate.swift"), "utf8");
  const plist = readFileSync(join(path, "ios/HelloWorld/Info.plist"), "utf8");
  const { appDelegate, infoPlist, entitlements } = await prebuild(path);
  expect(appDelegate).toMatch(/-> Bool \{\n\/\/ @generated begin holdfast-backup-exclusion-call\n {4}excludeHoldfastFromBackups\(\)\n\/\/ @generated end holdfast-backup-exclusion-call\n {4}let delegate = ReactNativeDelegate\(\)/u);
  expect(appDelegate).toContain('for path in ["Documents/holdfast"] {');
  expect(appDelegate).toContain("values.isExcludedFromBackup = true");
  const without = appDelegate.replaceAll(/\/\/ @generated begin (?<tag>\S+)\n[\s\S]*?\/\/ @generated end \k<tag>\n/gu, "");
  expect(without.trimEnd()).toBe(before.trimEnd());
  expect([infoPlist.includes("NSFaceIDUsageDescription"), infoPlist.length, entitlements]).toEqual([false, plist.length, ""]);
});

it("marks the folders that were asked for; a later prebuild replaces what an earlier one wrote", async () => {
  const path = project();
  await prebuild(path);
  const { appDelegate } = await prebuild(path, { databaseFolders: ["Library/Application Support/clinic", "Documents/archive"] });
  expect(appDelegate).toContain('for path in ["Library/Application Support/clinic", "Documents/archive"] {');
  expect(appDelegate.match(/excludeHoldfastFromBackups\(\)/gu)?.length).toBe(2);
  expect((await prebuild(path, { databaseFolders: ["Library/Application Support/clinic", "Documents/archive"] })).appDelegate).toBe(appDelegate);
});

it("writes the text for Face ID and the access groups", async () => {
  const { infoPlist, entitlements } = await prebuild(project(), { faceIDPermission: "To open your records", accessGroups: ["org.example.shared"] });
  expect(infoPlist).toMatch(/<key>NSFaceIDUsageDescription<\/key>\s*<string>To open your records<\/string>/u);
  expect(entitlements).toMatch(/<key>keychain-access-groups<\/key>\s*<array>\s*<string>\$\(AppIdentifierPrefix\)org\.example\.shared<\/string>\s*<\/array>/u);
});

it("says so where it cannot find the launch of the application", async () => {
  const path = project();
  writeFileSync(join(path, "ios/HelloWorld/AppDelegate.swift"), "class AppDelegate {}\n");
  await expect(prebuild(path)).rejects.toThrow(/no application\(_:didFinishLaunchingWithOptions:\)/u);
});

it.each([{ databaseFolders: [] }, { databaseFolders: ["holdfast"] }, { databaseFolders: ["Documents/../x"] }, { databaseFolders: ['Documents/a"b'] }, { databaseFolder: "x" }])("refuses %j", async (properties) => {
  await expect(prebuild(project(), properties)).rejects.toThrow(/@holdfast\/key-store-keychain: /u);
});
