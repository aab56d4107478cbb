/**
 * What tests ask of a browser, whichever it is.
 *
 * @module
 */

/** How a browser is started. */
export interface TestBrowserOptions {
  /** Hosts under `.localhost` that may store nothing, as under the browser's setting "block all site data". */
  readonly blockedHosts?: readonly string[];
  /** As a private window: nothing of it reaches the profile. Default false. */
  readonly isPrivate?: boolean;
  /** Servers' keys that are trusted whatever their certificates say: SHA-256 of the public key's SPKI, in base64. Chromium alone. */
  readonly trustedKeys?: readonly string[];
  /** Origins that pages may ask besides their own, as a content security policy names them. Chromium alone. */
  readonly connectsTo?: readonly string[];
}

/** A browser with a profile of its own, on the disk and thrown away at the end. */
export interface TestBrowser {
  /** Such as "Chromium 156.0.8078.79". */
  readonly version: string;
  /** Opens a tab with the exports of a TypeScript file. */
  open<Exports extends object>(options: TestPageOptions): Promise<TestPage<Exports>>;
  /** Ends the browser and starts it again with the same profile; tabs are gone then. In between something may be done to the profile. */
  restart(whileClosed?: () => void): Promise<void>;
  close(): Promise<void>;
}

/** What a tab shows. */
export interface TestPageOptions {
  /** Path of the TypeScript file whose exports can be called. */
  readonly entry: string;
  /**
   * Host in the address; each host is an origin with storage of its own. Every name resolves to this machine; those under
   * `.localhost` are secure contexts, others, such as "plain.test", are not. Default "localhost".
   */
  readonly host?: string;
  /** Without an origin of its own, as in a sandboxed frame: most storage is refused there. Default false. */
  readonly isSandboxed?: boolean;
}

/** A tab. Arguments and results of calls travel as JSON. */
export interface TestPage<Exports extends object> {
  /** Calls an export in the window. An error keeps its `code`. */
  call<Name extends CallableName<Exports>>(name: Name, ...values: ArgumentsOf<Exports[Name]>): Promise<ResultOf<Exports[Name]>>;
  /** Calls an export in the tab's dedicated worker, which holds the same module. */
  callInWorker<Name extends CallableName<Exports>>(name: Name, ...values: ArgumentsOf<Exports[Name]>): Promise<ResultOf<Exports[Name]>>;
  reload(): Promise<void>;
  /** Closes the tab as its user would; nothing that runs in it is waited for. */
  close(): Promise<void>;
}

/** Names of exported functions. */
export type CallableName<Exports> = { [Name in keyof Exports]: Exports[Name] extends (...values: never[]) => unknown ? Name : never }[keyof Exports] & string;

type ArgumentsOf<Callable> = Callable extends (...values: infer Values) => unknown ? Values : never;
type ResultOf<Callable> = Callable extends (...values: never[]) => infer Result ? Awaited<Result> : never;
