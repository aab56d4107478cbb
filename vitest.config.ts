import { defineConfig } from "vitest/config";

// Tests read the TypeScript sources through this condition, so nothing has to be built first.
const conditions = ["@holdfast/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["scripts/test/**/*.test.ts", "packages/*/test/**/*.test.ts", "conformance/test/**/*.test.ts", "reliability/*/test/**/*.test.ts", "docs/examples/*/test/**/*.test.ts"],
    pool: "forks",
    testTimeout: 120_000,
  },
});
