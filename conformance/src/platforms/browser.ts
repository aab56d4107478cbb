/**
 * The binding of browsers: the suites run in a worker there, and their results come back.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { TestBrowser } from "@holdfast/test-browser";
import type { Form, RunOptions, SuiteResult } from "../suite.ts";

/** A platform that runs suites itself, somewhere else. */
export interface RemotePlatform {
  readonly description: string;
  /** As `runSuite`. */
  runSuite(name: string, form: Form, options: RunOptions): Promise<SuiteResult>;
  /** Suites that do not apply, each with the reason. */
  readonly inapplicable: Readonly<Record<string, string>>;
  cleanUp(): Promise<void>;
}

const ONE_WORKER = "a browser gives a file to one worker at a time";
const INAPPLICABLE: Readonly<Record<string, string>> = {
  "several-processes": `${ONE_WORKER}; that a second one is refused is tested in packages/realm/test/browser`,
  "crash-and-reopen": `${ONE_WORKER}, and this suite starts the one that is ended from another that has the file; workers are ended at random moments in packages/realm/test/browser/kills.test.ts`,
  "copy-and-rekey": "needs processes that can be killed and processor time; copying and re-keying is tested in packages/realm/test/browser, a stop at any step in packages/storage-engine/test/volume/opfs-volume.test.ts",
  "across-runtimes": "of processes on a server",
};

/** The sources run there, whether this module was built or not. */
const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./browser-worker.ts" : "../../../src/platforms/browser-worker.ts", import.meta.url));

/** Binds a browser that has been started. It is closed by `cleanUp`. */
export function createBrowserPlatform(browser: TestBrowser): RemotePlatform {
  let count = 0;
  return {
    description: `${browser.version}, dedicated worker, origin private file system`,
    inapplicable: INAPPLICABLE,
    async runSuite(name, form, { seed, isLong, checks }) {
      count += 1;
      const page = await browser.open<typeof import("./browser-worker.ts")>({ entry: ENTRY, host: `suite-${count}.localhost` });
      try {
        return await page.callInWorker("runSuiteHere", name, form, { seed, isLong, ...(checks === undefined ? {} : { checks: checks.source }) });
      } finally {
        await page.close();
      }
    },
    cleanUp: () => browser.close(),
  };
}
