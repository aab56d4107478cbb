/**
 * Bundles an entry with Metro as React Native does: its Babel preset, its polyfills, its `react-native` condition, and nothing of ours.
 *
 * @module
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const here = import.meta.dirname;
const root = resolve(here, "..");
const require = createRequire(join(here, "package.json"));
const PACKAGES = ["core-cipher", "query", "react-native", "realm", "storage-engine"];

/**
 * @param {{ entry: string, out: string }} files
 * @returns {Promise<string[]>} The modules in the bundle, by path from the repository.
 */
export async function bundle({ entry, out }) {
  const Metro = require("metro");
  /** @type {string[]} */
  const modules = [];
  const config = await Metro.loadConfig({ cwd: here }, {
    projectRoot: join(here, "app"),
    // Metro reads every folder that it watches: only those that an application would have.
    watchFolders: [join(here, "node_modules/@babel/runtime"), join(here, "node_modules/metro-runtime"), join(here, "node_modules/@react-native/js-polyfills"), ...PACKAGES.map((name) => join(root, "packages", name)), ...foreignFolders()].filter((path) => existsSync(path)),
    resetCache: true,
    cacheStores: [],
    maxWorkers: 1,
    resolver: {
      // As @react-native/metro-config has it.
      unstable_conditionNames: ["react-native"],
      platforms: ["android", "ios"],
      useWatchman: false,
      nodeModulesPaths: [join(here, "node_modules")],
      extraNodeModules: Object.fromEntries(PACKAGES.map((name) => [`@holdfast/${name}`, join(root, "packages", name)])),
    },
    transformer: { babelTransformerPath: require.resolve("@react-native/metro-babel-transformer") },
    serializer: {
      getPolyfills: require("@react-native/js-polyfills"),
      getModulesRunBeforeMainModule: () => [],
      processModuleFilter: ({ path }) => modules.push(path.replace(root, "").replaceAll("\\", "/")) > 0,
    },
    reporter: { update: () => undefined },
  });
  await Metro.runBuild(config, { entry, out, platform: "android", dev: false, minify: false });
  return modules;
}

/** Where the packages' dependencies of other makers lie, and theirs. @returns {string[]} */
function foreignFolders() {
  const found = new Set();
  /** With the links to what each of them needs. @type {Set<string>} */
  const folders = new Set();
  /** @param {string} folder @param {string} modules */
  const visit = (folder, modules) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
      if (name.startsWith("@holdfast/") || !existsSync(join(modules, name))) continue;
      const place = realpathSync(join(modules, name));
      if (found.has(place)) continue;
      found.add(place);
      const beside = name.startsWith("@") ? dirname(dirname(place)) : dirname(place);
      folders.add(beside);
      visit(place, beside);
    }
  };
  for (const name of PACKAGES) visit(join(root, "packages", name), join(root, "packages", name, "node_modules"));
  return [...folders];
}
