import { defineConfig } from "vitest/config";

// Tests read the TypeScript sources through this condition, so nothing has to be built first.
const conditions = ["@holdfast/source"];
const base = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const usual = { pool: "forks", testTimeout: 120_000 } as const;

/** Test files that replace modules, or count what a whole process holds: each gets a process of its own. */
const alone = ["packages/storage-engine/test/**/*.test.ts", "packages/core-cipher/test/random.test.ts", "packages/react/test/**/*.test.ts", "packages/key-store-node/test/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      { ...base, test: { ...usual, name: "alone", include: alone } },
      {
        ...base,
        test: {
          ...usual,
          name: "together",
          isolate: false,
          include: ["scripts/test/**/*.test.ts", "packages/*/test/**/*.test.ts", "conformance/test/**/*.test.ts", "reliability/*/test/**/*.test.ts", "docs/examples/*/test/**/*.test.ts"],
          exclude: alone,
        },
      },
    ],
  },
});
