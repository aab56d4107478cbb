/** The config plugin, run by Expo's own machinery on the files that `npx expo prebuild` begins with. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AndroidConfig, compileModsAsync, withAndroidManifest, withPlugins, XML } from "@expo/config-plugins";
import type { ExportedConfig } from "@expo/config-plugins";
import { afterAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "holdfast-plugin-"));
/** The published plugin of expo-secure-store 57.0.4; `expo`, which it asks for, hands on what is installed here. */
const require = createRequire(import.meta.url);
registerHooks({ resolve: (specifier, context, next) => next(specifier === "expo/config-plugins" ? require.resolve("@expo/config-plugins") : specifier, context) });
const secureStore = require("expo-secure-store/app.plugin.js").default as Plugins[number];

afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A project that has the package installed. */
function project(): string {
  const path = join(folder, `project-${(count += 1)}`);
  cpSync(join(root, "test/template"), path, { recursive: true });
  writeFileSync(join(path, "package.json"), "{}");
  mkdirSync(join(path, "node_modules/@holdfast"), { recursive: true });
  symlinkSync(root, join(path, "node_modules/@holdfast/key-store-keystore"), "dir");
  return path;
}

type Plugins = Parameters<typeof withPlugins>[1];

async function prebuild(path: string, plugins: Plugins): Promise<Record<string, string | undefined>> {
  const config = { name: "HelloWorld", slug: "hello", android: { package: "com.helloworld" }, _internal: { projectRoot: path } };
  await compileModsAsync(withPlugins(config, plugins) as ExportedConfig, { projectRoot: path, platforms: ["android"] });
  const manifest = await AndroidConfig.Manifest.readAndroidManifestAsync(join(path, "android/app/src/main/AndroidManifest.xml"));
  return AndroidConfig.Manifest.getMainApplicationOrThrow(manifest).$;
}

const rules = (path: string, name: string): string => readFileSync(join(path, "android/app/src/main/res/xml", `${name}.xml`), "utf8");

/** An application that sets rules in the manifest. */
const setting = (attributes: Record<string, string>): Plugins[number] => [
  (config) =>
    withAndroidManifest(config, (changed) => {
      Object.assign(AndroidConfig.Manifest.getMainApplicationOrThrow(changed.modResults).$, attributes);
      return changed;
    }),
  undefined,
];

const EXCLUDED = ["holdfast", "SecureStore.xml", "WSSecureStorageSharedPreferences.xml", "RN_KEYCHAIN.xml", "datastore/RN_KEYCHAIN.preferences_pb"];
interface Section {
  readonly exclude: readonly { readonly $: { readonly domain: string; readonly path: string } }[];
  readonly include?: unknown;
}

it("names both rules in the manifest and writes them: database, keys and nothing else is excluded", async () => {
  const path = project();
  expect(await prebuild(path, ["@holdfast/key-store-keystore"])).toMatchObject({ "android:fullBackupContent": "@xml/holdfast_backup_rules", "android:dataExtractionRules": "@xml/holdfast_data_extraction_rules", "android:name": ".MainApplication" });
  const backup = (await XML.readXMLAsync({ path: join(path, "android/app/src/main/res/xml/holdfast_backup_rules.xml") })) as unknown as { "full-backup-content": Section };
  const extraction = (await XML.readXMLAsync({ path: join(path, "android/app/src/main/res/xml/holdfast_data_extraction_rules.xml") })) as unknown as { "data-extraction-rules": Record<string, readonly Section[]> };
  const sections = [backup["full-backup-content"], extraction["data-extraction-rules"]["cloud-backup"]?.[0], extraction["data-extraction-rules"]["device-transfer"]?.[0]];
  for (const section of sections) expect([section?.exclude.map(({ $ }) => $.path), section?.include]).toEqual([EXCLUDED, undefined]);
});

it("excludes the folders that were asked for", async () => {
  const path = project();
  await prebuild(path, [["@holdfast/key-store-keystore", { databaseFolders: ["data/clinic", "clinic.realm"] }]]);
  expect(rules(path, "holdfast_data_extraction_rules").match(/path="(?:data\/clinic|clinic\.realm|holdfast)"/gu)).toEqual(['path="data/clinic"', 'path="clinic.realm"', 'path="data/clinic"', 'path="clinic.realm"']);
});

it("a second prebuild changes nothing", async () => {
  const path = project();
  const first = await prebuild(path, ["@holdfast/key-store-keystore"]);
  const manifest = readFileSync(join(path, "android/app/src/main/AndroidManifest.xml"), "utf8");
  expect(await prebuild(path, ["@holdfast/key-store-keystore"])).toEqual(first);
  expect(readFileSync(join(path, "android/app/src/main/AndroidManifest.xml"), "utf8")).toBe(manifest);
});

it("takes the place of the rules of expo-secure-store's own plugin, whose file it excludes as well, in either order", async () => {
  for (const plugins of [[secureStore, "@holdfast/key-store-keystore"], ["@holdfast/key-store-keystore", secureStore]] as Plugins[]) {
    expect(await prebuild(project(), plugins)).toMatchObject({ "android:fullBackupContent": "@xml/holdfast_backup_rules", "android:dataExtractionRules": "@xml/holdfast_data_extraction_rules" });
  }
  expect(await prebuild(project(), [secureStore])).toMatchObject({ "android:dataExtractionRules": "@xml/secure_store_data_extraction_rules" });
});

it("refuses an application's own rules, until they exclude the same", async () => {
  const own = setting({ "android:fullBackupContent": "@xml/own_backup", "android:dataExtractionRules": "@xml/own_extraction" });
  const path = project();
  await expect(prebuild(path, ["@holdfast/key-store-keystore", own])).rejects.toThrow(/rules of its own .*own_backup.*set backupRules to "own"/su);
  const ours: Plugins = [["@holdfast/key-store-keystore", { backupRules: "own" }], own];
  await expect(prebuild(path, ours)).rejects.toThrow(/has no file in res\/xml/u);
  const resources = join(path, "android/app/src/main/res/xml");
  mkdirSync(resources, { recursive: true });
  const lines = EXCLUDED.map((one) => `<exclude domain="${one.endsWith(".xml") ? "sharedpref" : "file"}" path="${one}"/>`).join("\n");
  writeFileSync(join(resources, "own_backup.xml"), `<full-backup-content>${lines}</full-backup-content>`);
  writeFileSync(join(resources, "own_extraction.xml"), `<data-extraction-rules><cloud-backup>${lines}</cloud-backup></data-extraction-rules>`);
  await expect(prebuild(path, ours)).rejects.toThrow(/does not exclude, in <device-transfer>:\n<exclude domain="file" path="holdfast"\/>/u);
  writeFileSync(join(resources, "own_extraction.xml"), `<data-extraction-rules><cloud-backup>${lines}</cloud-backup><device-transfer>${lines}</device-transfer></data-extraction-rules>`);
  expect(await prebuild(path, ours)).toMatchObject({ "android:fullBackupContent": "@xml/own_backup" });
  await expect(prebuild(project(), [["@holdfast/key-store-keystore", { backupRules: "own" }]])).rejects.toThrow(/names no rules of the application/u);
});

it.each([{ databaseFolders: [] }, { databaseFolders: ["../other"] }, { databaseFolders: ["/data"] }, { databaseFolders: ['a"b'] }, { databaseFolder: ["a"] }, { backupRules: "none" }])("refuses %j", async (properties) => {
  await expect(prebuild(project(), [["@holdfast/key-store-keystore", properties]])).rejects.toThrow(/@holdfast\/key-store-keystore: /u);
});
