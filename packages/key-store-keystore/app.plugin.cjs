/**
 * Expo config plugin: keeps the database and the encrypted keys out of Android's backups.
 *
 * The Keystore's keys never leave the device, so a backup could only bring back entries that nothing opens, beside a database that nothing opens.
 * Writes the two rules files of `android/res/xml/` into the application and names them in its manifest.
 *
 *     "plugins": [["@holdfast/key-store-keystore", { "databaseFolders": ["holdfast"] }]]
 *
 * @typedef {object} Properties
 * @property {readonly string[]} [databaseFolders] Folders and files below the application's files directory. Default: "holdfast".
 * @property {"holdfast" | "own"} [backupRules] "own": the application has rules of its own, which exclude the same; that is checked.
 */
"use strict";
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { name, version } = require("./package.json");

const BACKUP_RULES = "holdfast_backup_rules";
const EXTRACTION_RULES = "holdfast_data_extraction_rules";
/** What expo-secure-store's own plugin sets: its file is excluded by these rules, too. */
const EXPO_RULES = ["@xml/secure_store_backup_rules", "@xml/secure_store_data_extraction_rules"];
const DATABASE_LINE = /^(?<indent> *)<exclude domain="file" path="holdfast"\/>\n/gmu;

/** The project's own config plugins, whichever package manager put them where. */
function configPlugins(config) {
  const paths = [config._internal?.projectRoot ?? process.cwd(), __dirname];
  for (const candidate of ["expo/config-plugins", "@expo/config-plugins"]) {
    try {
      return require(require.resolve(candidate, { paths }));
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND" && error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
    }
  }
  throw new Error(`${name}: neither expo/config-plugins nor @expo/config-plugins is installed`);
}

/** A rules file of this package, for these folders. */
function rulesFor(rules, databaseFolders) {
  const text = readFileSync(join(__dirname, "android/res/xml", `${rules}.xml`), "utf8");
  return text.replaceAll(DATABASE_LINE, (_line, indent) => databaseFolders.map((folder) => `${indent}<exclude domain="file" path="${folder}"/>\n`).join(""));
}

function assertFolders(databaseFolders) {
  if (!Array.isArray(databaseFolders) || databaseFolders.length === 0) throw new Error(`${name}: databaseFolders is a list of at least one folder`);
  for (const folder of databaseFolders) {
    if (typeof folder !== "string" || !/^[\w.@ -]+(?:\/[\w.@ -]+)*$/u.test(folder) || folder.split("/").includes("..")) throw new Error(`${name}: "${folder}" is no path below the application's files directory`);
  }
}

/** Every exclusion of ours has to stand in the application's own rules, in every section. */
function assertOwnRules(reference, { rules, databaseFolders, resources }) {
  const file = join(resources, `${reference.replace("@xml/", "")}.xml`);
  if (!existsSync(file)) throw new Error(`${name}: backupRules is "own", and ${reference} has no file in res/xml`);
  const text = readFileSync(file, "utf8");
  const lines = [...new Set(rulesFor(rules, databaseFolders).match(/<exclude [^>]*>/gu))];
  const sections = rules === BACKUP_RULES ? ["full-backup-content"] : ["cloud-backup", "device-transfer"];
  for (const section of sections) {
    const content = new RegExp(`<${section}[^>]*>(?<content>[\\s\\S]*?)</${section}>`, "u").exec(text)?.groups?.content ?? "";
    const missing = lines.filter((line) => !content.includes(line));
    if (missing.length > 0) throw new Error(`${name}: ${reference} does not exclude, in <${section}>:\n${missing.join("\n")}`);
  }
}

function withManifest(config, { plugins, databaseFolders, backupRules }) {
  return plugins.withAndroidManifest(config, (changed) => {
    const { $: application } = plugins.AndroidConfig.Manifest.getMainApplicationOrThrow(changed.modResults);
    const resources = join(changed.modRequest.platformProjectRoot, "app/src/main/res/xml");
    for (const [attribute, rules] of [["android:fullBackupContent", BACKUP_RULES], ["android:dataExtractionRules", EXTRACTION_RULES]]) {
      const present = application[attribute];
      const isForeign = present !== undefined && present !== `@xml/${rules}` && !EXPO_RULES.includes(present);
      if (backupRules === "own") {
        if (!isForeign) throw new Error(`${name}: backupRules is "own", and the manifest names no rules of the application in ${attribute}`);
        assertOwnRules(present, { rules, databaseFolders, resources });
      } else if (isForeign) {
        throw new Error(`${name}: the manifest has rules of its own (${attribute}="${present}"), and Android takes one file only. Put the lines of ${rules}.xml into it and set backupRules to "own".`);
      } else {
        application[attribute] = `@xml/${rules}`;
      }
    }
    return changed;
  });
}

function withRulesFiles(config, { plugins, databaseFolders }) {
  return plugins.withDangerousMod(config, [
    "android",
    (changed) => {
      const resources = join(changed.modRequest.platformProjectRoot, "app/src/main/res/xml");
      mkdirSync(resources, { recursive: true });
      for (const rules of [BACKUP_RULES, EXTRACTION_RULES]) writeFileSync(join(resources, `${rules}.xml`), rulesFor(rules, databaseFolders));
      return changed;
    },
  ]);
}

/** @param {object} config @param {Properties} [properties] */
function withHoldfastKeystore(config, properties) {
  const { databaseFolders = ["holdfast"], backupRules = "holdfast", ...unknown } = properties ?? {};
  const [first] = Object.keys(unknown);
  if (first !== undefined) throw new Error(`${name}: there is no property "${first}"`);
  if (backupRules !== "holdfast" && backupRules !== "own") throw new Error(`${name}: backupRules is "holdfast" or "own"`);
  assertFolders(databaseFolders);
  const plugins = configPlugins(config);
  const withBackupRules = plugins.createRunOncePlugin((once) => {
    const withNames = withManifest(once, { plugins, databaseFolders, backupRules });
    return backupRules === "own" ? withNames : withRulesFiles(withNames, { plugins, databaseFolders });
  }, name, version);
  return withBackupRules(config);
}

module.exports = withHoldfastKeystore;
