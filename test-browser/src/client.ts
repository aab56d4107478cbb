/**
 * What runs in the browser: answers calls to a module's exports, in the window and in a dedicated worker that holds the same module.
 *
 * @module
 */

/** What a call came to, as it travels back. */
export type Answer = { readonly value: unknown } | { readonly failure: Failure };

/** An error as JSON. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  /** What else stands in it, as JSON, and what caused it. */
  readonly json?: string;
  readonly cause?: Failure;
}

/** The place of the window's two functions. */
export interface WindowCalls {
  call(name: string, values: readonly unknown[]): Promise<Answer>;
  callInWorker(name: string, values: readonly unknown[]): Promise<Answer>;
}

interface WorkerCall {
  readonly id: number;
  readonly name: string;
  readonly values: readonly unknown[];
}

/** Makes exports callable: by `globalThis.holdfastCalls` in the window, by messages in the worker. */
export function answerCalls(exported: object): void {
  if (typeof document === "undefined") answerMessages(exported);
  else (globalThis as { holdfastCalls?: WindowCalls }).holdfastCalls = { call: (name, values) => answer(exported, name, values), callInWorker: workerCaller() };
}

async function answer(exported: object, name: string, values: readonly unknown[]): Promise<Answer> {
  try {
    const callable = (exported as Record<string, (...values: readonly unknown[]) => unknown>)[name];
    if (typeof callable !== "function") throw new TypeError(`the module exports no function "${name}"`);
    return { value: await callable(...values) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function failureOf(error: unknown): Failure {
  const { name = "Error", message = String(error), code, stack, cause } = (error ?? {}) as Partial<Omit<Failure, "cause"> & { cause: unknown }>;
  return {
    name,
    message,
    ...(typeof code === "string" ? { code } : {}),
    ...(stack === undefined ? {} : { stack }),
    json: JSON.stringify(error) ?? "",
    ...(cause === undefined ? {} : { cause: failureOf(cause) }),
  };
}

function answerMessages(exported: object): void {
  addEventListener("message", (event: MessageEvent<WorkerCall>) => {
    const { id, name, values } = event.data;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has no such argument
    void answer(exported, name, values).then((result) => (globalThis as unknown as { postMessage(message: unknown): void }).postMessage({ id, result }));
  });
}

function workerCaller(): WindowCalls["callInWorker"] {
  let worker: Worker | undefined;
  let count = 0;
  return (name, values) => {
    worker ??= new Worker(import.meta.url, { type: "module" });
    const running = worker;
    const id = (count += 1);
    return new Promise((resolve) => {
      const ended = new AbortController();
      const finish = (result: Answer): void => {
        ended.abort();
        resolve(result);
      };
      running.addEventListener("message", (event: MessageEvent<{ id: number; result: Answer }>) => event.data.id === id && finish(event.data.result), ended);
      running.addEventListener("error", (event) => finish({ failure: { name: "Error", message: `the worker failed: ${event.message}` } }), ended);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has no such argument
      running.postMessage({ id, name, values });
    });
  };
}
