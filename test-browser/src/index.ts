/**
 * Runs TypeScript in real browsers, for tests: bundled by esbuild, served on loopback, called from Node.
 *
 * @module
 */
export { bundleEntry } from "./bundle.ts";
export type { TestBrowser, TestBrowserOptions, TestPage, TestPageOptions } from "./browser.ts";
export { missingChromium, openChromium } from "./chromium.ts";
export type { ChromiumBrowser, ChromiumPage } from "./chromium.ts";
export { missingFirefox, openFirefox } from "./firefox.ts";
export type { FirefoxBrowser, FirefoxOptions } from "./firefox.ts";
