import { defineConfig } from "vitest/config";

// Inside this repository the package is read from its sources; an application needs none of this.
const conditions = ["@holdfast/source"];

export default defineConfig({ resolve: { conditions }, ssr: { resolve: { conditions } }, test: { include: ["*.spec.ts"], pool: "forks" } });
