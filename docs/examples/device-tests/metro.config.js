// The suites are read as they are, and every library from this application's own folder.
const { getDefaultConfig } = require("expo/metro-config");
const { join, resolve } = require("node:path");

const root = resolve(__dirname, "../../..");
const config = getDefaultConfig(__dirname);
config.watchFolders = [join(root, "packages"), join(root, "conformance")];
config.resolver.nodeModulesPaths = [join(__dirname, "node_modules")];
config.resolver.disableHierarchicalLookup = true;
config.resolver.extraNodeModules = Object.fromEntries(["core-cipher", "key-store", "key-store-keychain", "key-store-keystore", "query", "react-native", "realm", "storage-engine"].map((name) => [`@holdfast/${name}`, join(root, "packages", name)]));
config.resolver.unstable_enablePackageExports = true;
// The packages as they are built (npm run build), which is what an application gets: Expo's Babel preset takes no "declare" in their sources.
config.resolver.unstable_conditionNames = ["react-native", "import", "require"];
module.exports = config;
