/**
 * `useAuth`: logging in and out, with a result to render.
 *
 * @module
 */
import { Credentials } from "@holdfast/sync-client";
import { useApp, useAuthResult } from "./app-provider.ts";
import { AuthOperationName } from "./auth-result.ts";
import type { AuthResult } from "./auth-result.ts";
import { useAuthOperation } from "./use-auth-operation.ts";

/** Operations that never throw, and the result of the newest. */
export interface UseAuth {
  logIn(credentials: Credentials): void;
  logInWithAnonymous(): void;
  logInWithApiKey(key: string): void;
  logInWithEmailPassword(credentials: { email: string; password: string }): void;
  logInWithJWT(token: string): void;
  /** With the nonce that the ID token was asked for with: `@realm/react` has none. */
  logInWithGoogle(credentials: { idToken: string; nonce: string }): void;
  /** With the nonce that the ID token was asked for with: `@realm/react` has none. */
  logInWithApple(idToken: string, nonce: string): void;
  /** The result is an error, `NOT_SUPPORTED`. */
  logInWithFacebook(accessToken: string): void;
  logInWithFunction<Payload extends Record<string, unknown>>(payload: Payload): void;
  logOut(): void;
  readonly result: AuthResult;
}

/** Logs in and out of the app of the provider. */
export function useAuth(): UseAuth {
  const app = useApp();
  const [result] = useAuthResult();
  return {
    logIn: useAuthOperation(AuthOperationName.LogIn, (credentials: Credentials) => app.logIn(credentials)),
    logInWithAnonymous: useAuthOperation(AuthOperationName.LogInWithAnonymous, () => app.logIn(Credentials.anonymous())),
    logInWithApiKey: useAuthOperation(AuthOperationName.LogInWithApiKey, (key: string) => app.logIn(Credentials.apiKey(key))),
    logInWithEmailPassword: useAuthOperation(AuthOperationName.LogInWithEmailPassword, (credentials: { email: string; password: string }) => app.logIn(Credentials.emailPassword(credentials))),
    logInWithJWT: useAuthOperation(AuthOperationName.LogInWithJWT, (token: string) => app.logIn(Credentials.jwt(token))),
    logInWithGoogle: useAuthOperation(AuthOperationName.LogInWithGoogle, (credentials: { idToken: string; nonce: string }) => app.logIn(Credentials.google(credentials))),
    logInWithApple: useAuthOperation(AuthOperationName.LogInWithApple, (idToken: string, nonce: string) => app.logIn(Credentials.apple(idToken, nonce))),
    logInWithFacebook: useAuthOperation(AuthOperationName.LogInWithFacebook, async (token: string) => Credentials.facebook(token)),
    logInWithFunction: useAuthOperation(AuthOperationName.LogInWithFunction, (payload: object) => app.logIn(Credentials.function(payload))),
    logOut: useAuthOperation(AuthOperationName.LogOut, async () => app.currentUser?.logOut()),
    result,
  };
}
