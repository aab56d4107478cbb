/**
 * Another server runtime: a process of it runs the suites, over the compiled packages, as an application would.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Form, SuiteResult } from "../suite.ts";
import type { RemotePlatform } from "./browser.ts";
import { compile, compiled } from "./compiled.ts";
import type { RuntimeCommand } from "./server-runtimes.ts";

/** What the process is asked. */
export interface SuiteRequest {
  readonly suite: string;
  readonly form: Form;
  readonly seed: number;
  readonly isLong: boolean;
  readonly isBrief: boolean;
  readonly checks?: string | undefined;
}

/** What else may be said of a runtime. */
export interface RuntimeOptions {
  /** The module that it imports Realm from, if it is not the package. */
  readonly implementation?: string;
  /** Suites that do not apply, each with the reason. */
  readonly inapplicable?: Readonly<Record<string, string>>;
}

/** Starts the runtime. The short form of a suite is a brief one there. */
export async function openRuntime(command: RuntimeCommand, { implementation, inapplicable = {} }: RuntimeOptions = {}): Promise<RemotePlatform> {
  compile();
  const [program, ...options] = command;
  const child = spawn(program, [...options, compiled("runtime-child"), ...(implementation === undefined ? [] : [implementation])], { stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  child.stdin.on("error", () => {}); // It may be gone when it is asked; the missing answer says so.
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const exited = new Promise<number | null>((resolve) => void child.on("close", resolve).on("error", (error) => ((complaints += error.message), resolve(null))));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async (): Promise<unknown> => {
    const { done, value } = await lines.next();
    if (done !== true) return JSON.parse(value) as unknown;
    throw new Error(`the runtime ended with ${(await exited) ?? "a signal"}: ${complaints.slice(0, 1500)}`);
  };
  const { description } = (await hear()) as { description: string };
  return {
    description: `${description}, compiled packages`,
    inapplicable: { "across-runtimes": "runs once, from the Node that runs the suites", ...inapplicable },
    async runSuite(suite, form, { seed, isLong, checks }) {
      const request: SuiteRequest = { suite, form, seed, isLong, isBrief: !isLong, checks: checks?.source };
      child.stdin.write(`${JSON.stringify(request)}\n`);
      try {
        return (await hear()) as SuiteResult;
      } catch (error) {
        return { suite, form, seed, status: "failed", reason: undefined, checks: [{ title: "the runtime runs the suite to its end", failure: String(error) }], figures: [], misses: [] };
      }
    },
    async cleanUp() {
      child.stdin.end();
      await exited;
    },
  };
}
