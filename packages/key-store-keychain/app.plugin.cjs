/**
 * Expo config plugin: keeps the database out of iCloud's backups, and prepares what the keychain's options need.
 *
 * The keys' default class stays on the device, so a backup could only bring back a database that nothing opens. The folders are marked when the application starts,
 * by `ios/HoldfastBackupExclusion.swift` at the end of its AppDelegate.
 *
 *     "plugins": [["@holdfast/key-store-keychain", { "databaseFolders": ["Documents/holdfast"] }]]
 *
 * @typedef {object} Properties
 * @property {readonly string[]} [databaseFolders] Folders below the application's home. Default: "Documents/holdfast".
 * @property {string} [faceIDPermission] What the system says when Face ID is asked for the first time; needed for accessControlFlags.
 * @property {readonly string[]} [accessGroups] For the option groupId: groups without the team's prefix.
 */
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { name, version } = require("./package.json");

const DEFAULT_FOLDER = '"Documents/holdfast"';
const LAUNCH = /^(?<indent>\s*)(?:public |override |open )*func application\(\s*_ application: UIApplication,\s*didFinishLaunchingWithOptions [^)]*\) -> Bool \{\n/mu;
const TAGS = { call: "holdfast-backup-exclusion-call", source: "holdfast-backup-exclusion" };

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

function assertFolders(databaseFolders) {
  if (!Array.isArray(databaseFolders) || databaseFolders.length === 0) throw new Error(`${name}: databaseFolders is a list of at least one folder`);
  for (const folder of databaseFolders) {
    const isBelow = typeof folder === "string" && /^(?:Documents|Library)\/[\w.@ -]+(?:\/[\w.@ -]+)*$/u.test(folder) && !folder.split("/").includes("..");
    if (!isBelow) throw new Error(`${name}: "${folder}" is no folder below Documents or Library`);
  }
}

/** Our lines between two marks, so that another run replaces them. */
function marked(tag, text) {
  return `// @generated begin ${tag}\n${text.trimEnd()}\n// @generated end ${tag}\n`;
}

/** What an earlier run wrote is taken out. */
function withoutMarked(contents, tag) {
  return contents.replace(new RegExp(`^[ \\t]*// @generated begin ${tag}\\n[\\s\\S]*?// @generated end ${tag}\\n`, "mu"), "");
}

/** The AppDelegate with the call as the first thing at launch, and the function behind its last line. */
function changeAppDelegate(contents, databaseFolders) {
  const clean = Object.values(TAGS).reduce(withoutMarked, contents);
  const launch = LAUNCH.exec(clean);
  if (launch === null) throw new Error(`${name}: the AppDelegate has no application(_:didFinishLaunchingWithOptions:) in Swift. Call excludeHoldfastFromBackups() of ios/HoldfastBackupExclusion.swift yourself.`);
  const end = launch.index + launch[0].length;
  const source = readFileSync(join(__dirname, "ios/HoldfastBackupExclusion.swift"), "utf8").replace(DEFAULT_FOLDER, databaseFolders.map((folder) => JSON.stringify(folder)).join(", "));
  const body = clean.slice(end).trimEnd();
  return `${clean.slice(0, end)}${marked(TAGS.call, "    excludeHoldfastFromBackups()")}${body}\n\n${marked(TAGS.source, source)}`;
}

function withAppDelegate(config, { plugins, databaseFolders }) {
  return plugins.withAppDelegate(config, (changed) => {
    if (changed.modResults.language !== "swift") throw new Error(`${name}: the AppDelegate is written in ${changed.modResults.language}. Add ios/HoldfastBackupExclusion.swift and call it at launch yourself.`);
    changed.modResults.contents = changeAppDelegate(changed.modResults.contents, databaseFolders);
    return changed;
  });
}

function withFaceId(config, { plugins, faceIDPermission }) {
  if (faceIDPermission === undefined) return config;
  return plugins.withInfoPlist(config, (changed) => {
    changed.modResults.NSFaceIDUsageDescription = faceIDPermission;
    return changed;
  });
}

function withAccessGroups(config, { plugins, accessGroups }) {
  if (accessGroups === undefined) return config;
  return plugins.withEntitlementsPlist(config, (changed) => {
    const present = changed.modResults["keychain-access-groups"] ?? [];
    changed.modResults["keychain-access-groups"] = [...new Set([...present, ...accessGroups.map((group) => `$(AppIdentifierPrefix)${group}`)])];
    return changed;
  });
}

/** @param {object} config @param {Properties} [properties] */
function withHoldfastKeychain(config, properties) {
  const { databaseFolders = ["Documents/holdfast"], faceIDPermission, accessGroups, ...unknown } = properties ?? {};
  const [first] = Object.keys(unknown);
  if (first !== undefined) throw new Error(`${name}: there is no property "${first}"`);
  assertFolders(databaseFolders);
  const plugins = configPlugins(config);
  const withAll = plugins.createRunOncePlugin((once) => withAccessGroups(withFaceId(withAppDelegate(once, { plugins, databaseFolders }), { plugins, faceIDPermission }), { plugins, accessGroups }), name, version);
  return withAll(config);
}

module.exports = withHoldfastKeychain;
