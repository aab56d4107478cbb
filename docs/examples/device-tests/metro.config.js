// The sources of the repository are read as they are, and every library of them from this application's own folder.
const { getDefaultConfig } = require("expo/metro-config");
const { join, resolve } = require("node:path");

const root = resolve(__dirname, "../../..");
const config = getDefaultConfig(__dirname);
config.watchFolders = [join(root, "packages"), join(root, "conformance")];
config.resolver.nodeModulesPaths = [join(__dirname, "node_modules")];
config.resolver.disableHierarchicalLookup = true;
config.resolver.extraNodeModules = Object.fromEntries(["key-store", "key-store-keychain", "key-store-keystore"].map((name) => [`@holdfast/${name}`, join(root, "packages", name)]));
config.resolver.unstable_enablePackageExports = true;
config.resolver.unstable_conditionNames = ["@holdfast/source", "react-native", "import", "require"];
module.exports = config;
