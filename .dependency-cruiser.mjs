/**
 * The arrows between packages point down only:
 *
 *   react -> sync-client, realm; realm -> query, storage-engine -> core-cipher; react-native -> storage-engine;
 *   sync-client -> realm, sync-protocol, key-store; sync-server -> sync-protocol, query
 *
 * `scripts/arrows.test.mjs` plants a forbidden import for every rule below and expects it to be caught.
 */

/** Workspace packages that the published sources of each package may import. */
const allowed = {
  "core-cipher": [],
  query: [],
  "key-store": [],
  "key-store-keychain": ["key-store"],
  "key-store-keystore": ["key-store"],
  "key-store-node": ["key-store"],
  "key-store-web": ["key-store"],
  "key-store-wraps": ["key-store"],
  "storage-engine": ["core-cipher"],
  realm: ["query", "storage-engine"],
  react: ["realm", "sync-client"],
  "react-native": ["core-cipher", "storage-engine"],
  "sync-protocol": [],
  "sync-server": ["sync-protocol", "query"],
  "sync-client": ["realm", "sync-protocol", "key-store"],
};

const names = Object.keys(allowed);

const arrowRules = names.map((name) => {
  const others = names.filter((other) => other !== name && !allowed[name].includes(other));
  return {
    name: `arrows-${name}`,
    comment: `${name} may import ${allowed[name].join(", ") || "no other package of this workspace"}.`,
    severity: "error",
    from: { path: `^packages/${name}/src/` },
    to: { path: [`^packages/(${others.join("|")})/`, `^@holdfast/(${others.join("|")})(/|$)`, "^(conformance|bench|demo|reliability|test-browser|tools)/"] },
  };
});

export default {
  forbidden: [
    ...arrowRules,
    {
      name: "no-cycles",
      comment: "A cycle means that two files are one idea, or that one of them is in the wrong place.",
      severity: "error",
      from: { path: "^(packages|conformance|bench|demo|reliability|test-browser)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-deep-imports",
      comment: "Another package is reached through its name and its exports map, never through a path into it.",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/([^/]+)/", pathNot: "^packages/$1/", dependencyTypes: ["local"] },
    },
    {
      name: "no-deep-imports-from-outside",
      comment: "Suites, benchmark and demo use what an application can use.",
      severity: "error",
      from: { path: "^(conformance|bench|demo|reliability|test-browser)/" },
      to: { path: "^packages/", dependencyTypes: ["local"] },
    },
    {
      name: "no-relative-import-of-tools",
      comment: "The product never imports its own test and build tools.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { path: "^(scripts|tools|conformance|bench|demo|reliability|test-browser)/|/test/" },
    },
    {
      name: "node-only-in-node-files",
      comment: "Portable files run in a browser one day: node: modules are imported by node.ts and node-*.ts alone.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: "^packages/(key-store-node|sync-server)/|/(node|node-[^/]+|platform-node)\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "native-locks-only-in-node-files",
      comment: "The one native dependency stays behind the Node volume.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: "^packages/key-store-node/|/node-[^/]+\\.ts$" },
      to: { path: "fs-native-extensions" },
    },
    {
      name: "no-undeclared-dependency",
      comment: "What the sources import stands under dependencies or peerDependencies, not only devDependencies, and is installed.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm-peer"] },
    },
    {
      name: "no-unresolvable",
      comment: "Every import names a file or a package that is there.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(packages/[^/]+|conformance|bench|demo|reliability|test-browser)/dist/|^conformance/peers/" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      conditionNames: ["@holdfast/source", "import", "node", "default", "types"],
      exportsFields: ["exports"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
  },
};
