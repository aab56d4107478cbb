/**
 * How much of an application's bundle is ours, for each target, and the bounds that it must not grow beyond.
 *
 * @module
 */
import { bundle, type BundleOptions, type BundleTarget } from "./bundle.ts";

/** Something that an application imports. */
export interface SizedImport extends BundleOptions {
  readonly name: string;
  /** The compressed (gzip) bundle must not be larger. A bound that is far off would not notice anything: see `SLACK`. */
  readonly boundBytes: number;
}

/** What was measured. */
export interface PackageSize {
  readonly name: string;
  readonly target: BundleTarget;
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
  readonly brotliBytes: number;
  readonly boundBytes: number;
}

/** A bound is at most this many times what there is: what became smaller must stay so. */
export const SLACK = 1.15;

const REALM = `import Realm from "@holdfast/realm"; globalThis.opened = (path, encryptionKey) => Realm.open({ path, encryptionKey, schema: [] });`;
const NATIVE = ["expo-file-system", "react-native-quick-crypto", "react-native"];

/** Everything that is measured, in the report's order. */
export const SIZED_IMPORTS: readonly SizedImport[] = [
  { name: "@holdfast/realm in a worker", target: "browser", source: REALM, boundBytes: 180_000 },
  { name: "@holdfast/realm, in memory", target: "browser", source: `import Realm from "@holdfast/realm"; globalThis.made = () => new Realm({ inMemory: true, schema: [] });`, boundBytes: 180_000 },
  { name: "@holdfast/realm/worker", target: "browser", source: `import { serve } from "@holdfast/realm/worker"; serve({ schema: [] });`, boundBytes: 190_000 },
  { name: "@holdfast/realm/client, on the page", target: "browser", source: `import { openInWorker } from "@holdfast/realm/client"; globalThis.opened = openInWorker;`, boundBytes: 11_000 },
  { name: "@holdfast/react/client", target: "browser", source: `import * as everything from "@holdfast/react/client"; globalThis.everything = everything;`, external: ["react", "@holdfast/realm/client"], boundBytes: 1_400 },
  { name: "@holdfast/react", target: "browser", source: `import * as everything from "@holdfast/react"; globalThis.everything = everything;`, external: ["react", "@holdfast/realm"], boundBytes: 4_000 },
  { name: "@holdfast/key-store-web", target: "browser", source: `import * as everything from "@holdfast/key-store-web"; globalThis.everything = everything;`, boundBytes: 12_000 },
  { name: "@holdfast/storage-engine", target: "browser", source: `import { Store } from "@holdfast/storage-engine"; globalThis.opened = Store;`, boundBytes: 61_000 },
  { name: "@holdfast/core-cipher", target: "browser", source: `import { createPortableUnitSeal, SecretKey } from "@holdfast/core-cipher"; globalThis.seal = (key) => createPortableUnitSeal(SecretKey.from(key));`, boundBytes: 9_000 },
  { name: "@holdfast/query", target: "browser", source: `import * as everything from "@holdfast/query"; globalThis.everything = everything;`, boundBytes: 19_000 },
  { name: "@holdfast/realm", target: "Node", source: REALM, external: ["fs-native-extensions"], boundBytes: 170_000 },
  {
    name: "@holdfast/realm and @holdfast/react-native",
    target: "React Native",
    source: `import { createReactNativePlatform, setPlatform } from "@holdfast/react-native"; globalThis.setUp = (options) => setPlatform(createReactNativePlatform(options)); ${REALM}`,
    external: NATIVE,
    boundBytes: 170_000,
  },
];

/** Measures all, or those given. */
export async function measureSizes(imports: readonly SizedImport[] = SIZED_IMPORTS): Promise<readonly PackageSize[]> {
  return Promise.all(
    imports.map(async ({ name, boundBytes, ...options }) => {
      const { minifiedBytes, gzipBytes, brotliBytes } = await bundle(options);
      return { name, target: options.target, minifiedBytes, gzipBytes, brotliBytes, boundBytes };
    }),
  );
}

/** True if it has grown beyond its bound. */
export function isTooLarge({ gzipBytes, boundBytes }: PackageSize): boolean {
  return gzipBytes > boundBytes;
}

/** The chapter of the report. */
export function sizesChapter(sizes: readonly PackageSize[]): string[] {
  return [
    "## Package sizes",
    "",
    "What an application's bundle grows by: esbuild, minified, in kB of 1000 bytes. The bound is on gzip.",
    "",
    "| import | target | minified | gzip | brotli | bound |",
    "|---|---|---:|---:|---:|---:|",
    ...sizes.map((size) => `| ${size.name} | ${size.target} | ${kb(size.minifiedBytes)} | ${isTooLarge(size) ? `**TOO LARGE** ${kb(size.gzipBytes)}` : kb(size.gzipBytes)} | ${kb(size.brotliBytes)} | ${kb(size.boundBytes)} |`),
    "",
  ];
}

function kb(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
