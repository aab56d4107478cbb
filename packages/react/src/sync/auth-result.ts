/**
 * How a login or another operation on users stands: what `@realm/react` calls a result.
 *
 * @module
 */

/** The operations. */
export const AuthOperationName = {
  LogIn: "logIn",
  LogInWithAnonymous: "logInWithAnonymous",
  LogInWithApiKey: "logInWithApiKey",
  LogInWithEmailPassword: "logInWithEmailPassword",
  LogInWithJWT: "logInWithJWT",
  LogInWithGoogle: "logInWithGoogle",
  LogInWithApple: "logInWithApple",
  LogInWithFacebook: "logInWithFacebook",
  LogInWithFunction: "logInWithFunction",
  LogOut: "logOut",
  Register: "register",
  Confirm: "confirm",
  ResendConfirmationEmail: "resendConfirmationEmail",
  RetryCustomConfirmation: "retryCustomConfirmation",
  SendResetPasswordEmail: "sendResetPasswordEmail",
  ResetPassword: "resetPassword",
  CallResetPasswordFunction: "callResetPasswordFunction",
} as const;
export type AuthOperationName = (typeof AuthOperationName)[keyof typeof AuthOperationName];

/** Where an operation stands. */
export const OperationState = { NotStarted: "not-started", Pending: "pending", Success: "success", Error: "error" } as const;
export type OperationState = (typeof OperationState)[keyof typeof OperationState];

/** An operation that failed. `cause` is the error behind it, `code` its code. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  readonly operation: AuthOperationName;
  readonly code: string | undefined;
  constructor(operation: AuthOperationName, cause: unknown) {
    super(cause instanceof Error ? cause.message : "unknown", { cause });
    this.operation = operation;
    const { code } = (cause ?? {}) as { code?: unknown };
    this.code = typeof code === "string" ? code : undefined;
  }
}

/** The newest operation of an app, and where it stands. */
export interface OperationResult {
  readonly state: OperationState;
  readonly operation: AuthOperationName | null;
  readonly pending: boolean;
  readonly success: boolean;
  readonly error: AuthError | undefined;
}

/** Realm's other name for it. */
export type AuthResult = OperationResult;

/** Before anything was done. */
export const NOT_STARTED: OperationResult = { state: OperationState.NotStarted, operation: null, pending: false, success: false, error: undefined };

/** A result. */
export function resultOf(state: OperationState, operation: AuthOperationName, error?: AuthError): OperationResult {
  return { state, operation, pending: state === OperationState.Pending, success: state === OperationState.Success, error };
}
