/**
 * `useEmailPasswordAuth`: users with e-mail address and password, with a result to render.
 *
 * @module
 */
import { Credentials } from "@holdfast/sync-client";
import { useApp, useAuthResult } from "./app-provider.ts";
import { AuthOperationName } from "./auth-result.ts";
import type { AuthResult } from "./auth-result.ts";
import { useAuthOperation } from "./use-auth-operation.ts";

interface Password {
  email: string;
  password: string;
}

/** Operations that never throw, and the result of the newest. */
export interface UseEmailPasswordAuth {
  logIn(credentials: Password): void;
  register(args: Password): void;
  confirm(args: { token: string; tokenId: string }): void;
  resendConfirmationEmail(args: { email: string }): void;
  retryCustomConfirmation(args: { email: string }): void;
  sendResetPasswordEmail(args: { email: string }): void;
  resetPassword(args: { token: string; tokenId: string; password: string }): void;
  callResetPasswordFunction<Args extends unknown[] = []>(args: Password, ...restArgs: Args): void;
  logOut(): void;
  readonly result: AuthResult;
}

/** What e-mail/password users can do in the app of the provider. */
export function useEmailPasswordAuth(): UseEmailPasswordAuth {
  const app = useApp();
  const [result] = useAuthResult();
  const auth = app.emailPasswordAuth;
  return {
    logIn: useAuthOperation(AuthOperationName.LogInWithEmailPassword, (credentials: Password) => app.logIn(Credentials.emailPassword(credentials))),
    register: useAuthOperation(AuthOperationName.Register, (args: Password) => auth.registerUser(args)),
    confirm: useAuthOperation(AuthOperationName.Confirm, (args: { token: string; tokenId: string }) => auth.confirmUser(args)),
    resendConfirmationEmail: useAuthOperation(AuthOperationName.ResendConfirmationEmail, (args: { email: string }) => auth.resendConfirmationEmail(args)),
    retryCustomConfirmation: useAuthOperation(AuthOperationName.RetryCustomConfirmation, (args: { email: string }) => auth.retryCustomConfirmation(args)),
    sendResetPasswordEmail: useAuthOperation(AuthOperationName.SendResetPasswordEmail, (args: { email: string }) => auth.sendResetPasswordEmail(args)),
    resetPassword: useAuthOperation(AuthOperationName.ResetPassword, (args: { token: string; tokenId: string; password: string }) => auth.resetPassword(args)),
    callResetPasswordFunction: useAuthOperation(AuthOperationName.CallResetPasswordFunction, (args: Password, ...rest: unknown[]) => auth.callResetPasswordFunction(args, ...rest)),
    logOut: useAuthOperation(AuthOperationName.LogOut, async () => app.currentUser?.logOut()),
    result,
  };
}
