/**
 * Runs an operation on users and keeps its result where all hooks of the app see it.
 *
 * @module
 */
import { useCallback, useRef } from "react";
import { useAuthResult } from "./app-provider.ts";
import { AuthError, OperationState, resultOf } from "./auth-result.ts";
import type { AuthOperationName } from "./auth-result.ts";

/** A function that starts an operation, never throws, and tells of it by the result. One that is pending is not started again. */
export function useAuthOperation<Args extends unknown[]>(operationName: AuthOperationName, operation: (...args: Args) => Promise<unknown>): (...args: Args) => void {
  const [result, setResult] = useAuthResult();
  const latest = useRef({ operation, isPending: result.pending });
  latest.current = { operation, isPending: result.pending };
  return useCallback(
    (...args: Args) => {
      if (latest.current.isPending) return;
      latest.current = { ...latest.current, isPending: true };
      setResult(resultOf(OperationState.Pending, operationName));
      const { operation: run } = latest.current;
      void (async () => run(...args))().then(
        () => setResult(resultOf(OperationState.Success, operationName)),
        (error: unknown) => setResult(resultOf(OperationState.Error, operationName, new AuthError(operationName, error))),
      );
    },
    [operationName, setResult],
  );
}
