/**
 * Sizes and tree shaking: who imports one thing gets that thing alone.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { bundle } from "../src/sizes/bundle.ts";
import { isTooLarge, measureSizes, SIZED_IMPORTS, SLACK, sizesChapter } from "../src/sizes/package-sizes.ts";

/** The packages that something of is in a bundle: ours by their folder, others by their name. */
async function packagesOf(source: string, external: readonly string[] = []): Promise<string[]> {
  const { modules } = await bundle({ source, target: "browser", external });
  const names = [...modules.keys()].map((path) => /node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?(?<name>(?:@[^/]+\/)?[^/]+)/u.exec(path)?.groups?.["name"] ?? /packages\/(?<name>[^/]+)\/src/u.exec(path)?.groups?.["name"] ?? "");
  return [...new Set(names)].filter((name) => name !== "").toSorted();
}

describe("who imports", () => {
  it.each([
    ["nothing by name", `import "@holdfast/realm"; import "@holdfast/storage-engine"; import "@holdfast/react"; import "@holdfast/key-store-web";`, []],
    ["Realm's BSON", `import { BSON } from "@holdfast/realm"; console.log(BSON);`, ["bson", "realm"]],
    ["a unit of Realm's", `import { kmToRadians } from "@holdfast/realm"; console.log(kmToRadians);`, ["realm"]],
    ["the page's client", `import { openInWorker } from "@holdfast/realm/client"; console.log(openInWorker);`, ["realm"]],
    ["the hooks over the page's client", `import { RealmProvider, useQuery } from "@holdfast/react/client"; console.log(RealmProvider, useQuery);`, ["react"]],
    ["the engine", `import { Store } from "@holdfast/storage-engine"; console.log(Store);`, ["@noble/ciphers", "@noble/hashes", "core-cipher", "hash-wasm", "storage-engine"]],
    ["the engine's error", `import { StoreError } from "@holdfast/storage-engine"; console.log(StoreError);`, ["storage-engine"]],
    ["the cipher", `import { createPortableUnitSeal } from "@holdfast/core-cipher"; console.log(createPortableUnitSeal);`, ["@noble/ciphers", "@noble/hashes", "core-cipher"]],
    ["a comparison of the cipher's", `import { constantTimeEquals } from "@holdfast/core-cipher"; console.log(constantTimeEquals);`, ["core-cipher"]],
    ["the query language", `import * as query from "@holdfast/query"; console.log(query);`, ["query"]],
    ["the browser's key store", `import { openWebStore } from "@holdfast/key-store-web"; console.log(openWebStore);`, ["@noble/hashes", "@scure/base", "key-store", "key-store-web"]],
  ])("%s gets nothing else", async (_name, source, expected) => {
    expect(await packagesOf(source)).toEqual(expected);
  });

  it("the engine does not get the disks that fail on purpose", async () => {
    const { modules } = await bundle({ source: `import { Store } from "@holdfast/storage-engine"; console.log(Store);`, target: "browser" });
    expect([...modules.keys()].filter((path) => /simulation|crash-|node-|seeded-random/u.test(path))).toEqual(["packages/storage-engine/src/node-page.ts"]);
  });
});

describe("bounds", () => {
  it("one that is exceeded is a failure, and is told", async () => {
    const cipher = SIZED_IMPORTS.filter(({ name }) => name === "@holdfast/core-cipher");
    const [usual] = await measureSizes(cipher);
    const [beyond] = await measureSizes(cipher.map((each) => ({ ...each, boundBytes: 1000 })));
    expect([usual, beyond].map((size) => size !== undefined && isTooLarge(size))).toEqual([false, true]);
    expect(sizesChapter(beyond === undefined ? [] : [beyond]).join("\n")).toContain("**TOO LARGE**");
  });

  it("are near what there is", async () => {
    const sizes = await measureSizes(SIZED_IMPORTS.filter(({ boundBytes }) => boundBytes < 100_000));
    for (const { name, gzipBytes, boundBytes } of sizes) expect(boundBytes / gzipBytes, `${name}: ${gzipBytes} of ${boundBytes}`).toBeLessThan(SLACK + 0.1);
  });
});
