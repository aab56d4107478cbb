import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests read the TypeScript sources through this condition, so nothing has to be built first.
const conditions = ["@holdfast/source"];
const base = { resolve: { conditions }, ssr: { resolve: { conditions } } };
// A condition that is waited for may take long on a busy machine: nothing is told by how long.
const usual = { pool: "forks", testTimeout: 120_000, expect: { poll: { timeout: 30_000 } } } as const;

/** Test files that replace modules, or count what a whole process holds: each gets a process of its own. */
const alone = ["packages/storage-engine/test/**/*.test.ts", "packages/core-cipher/test/random.test.ts", "packages/react/test/**/*.test.ts", "packages/key-store-node/test/**/*.test.ts", "packages/sync-protocol/test/batches.test.ts"];

/** What `npm test` leaves to CI and to `npm run test:unit`: tests that the tests can fail, and browsers. */
const leftToCi = ["conformance/test/broken.test.ts", "conformance/test/bundlers.test.ts", "conformance/test/sizes.test.ts", "conformance/test/phone-application.test.ts", "packages/sync-server/test/encrypted-volume.test.ts", "conformance/test/server-keys.test.ts", "reliability/fuzz/test/planted-faults.test.ts", "reliability/fuzz/test/search.test.ts", "reliability/kills/test/kills.test.ts", "packages/realm/test/browser/**", "packages/sync-client/test/browser/**", "packages/key-store-web/test/web-store.test.ts", "docs/examples/electron/**", "docs/examples/web/**"];
const left = process.env["HOLDFAST_SHORT"] === "1" ? leftToCi : [];

export default defineConfig({
  test: {
    // Usually one core is left free; here most of the time goes into waiting for other processes.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      { ...base, test: { ...usual, name: "alone", include: alone, exclude: [...left, "**/node_modules/**"] } },
      {
        ...base,
        test: {
          ...usual,
          name: "together",
          isolate: false,
          include: ["scripts/test/**/*.test.ts", "packages/*/test/**/*.test.ts", "conformance/test/**/*.test.ts", "reliability/*/test/**/*.test.ts", "docs/examples/*/test/**/*.test.ts"],
          exclude: [...alone, ...left, "**/node_modules/**"],
        },
      },
    ],
  },
});
