/**
 * Users with e-mail address and password: registration, confirmation and reset, with the application's hooks in between.
 *
 * @module
 */
import { AuthError } from "./auth-error.ts";
import { refused, textField } from "./credential-provider.ts";
import { MailTokens } from "./mail-tokens.ts";
import type { MailToken } from "./mail-tokens.ts";
import { normalized, Passwords } from "./passwords.ts";
import type { UserDatabase } from "./user-database.ts";

/** A message that the application's hook is to send. */
export interface MailRequest extends MailToken {
  readonly email: string;
}

/** What a hook has decided: done, "the message is on its way", or no. Atlas's words. */
export interface HookAnswer {
  readonly status: "success" | "pending" | "fail";
}

/** What a reset by function is told. The new password is not: it is only stored when the answer is "success". */
export interface ResetRequest extends MailRequest {
  /** Whether the address is registered. The client is not told. */
  readonly isRegistered: boolean;
}

/** How users with passwords are accepted. */
export interface EmailPasswordOptions {
  /** Says whether an address may register. Without it every address may. */
  readonly mayRegister?: (email: string) => boolean | Promise<boolean>;
  /** Sends the message that shows that an address is its user's, and answers "pending"; or decides itself. Without it addresses are not confirmed. */
  readonly confirm?: (request: MailRequest) => HookAnswer | Promise<HookAnswer>;
  /** Sends the message with which a password can be replaced. Without it only the operator can. */
  readonly sendReset?: (request: MailRequest) => void | Promise<void>;
  /** Decides about `callResetPasswordFunction`, with the client's further arguments. */
  readonly resetByFunction?: (request: ResetRequest, ...args: unknown[]) => HookAnswer | Promise<HookAnswer>;
}

/** What it stands on. */
export interface EmailPasswordParts {
  readonly appId: string;
  readonly database: UserDatabase;
  readonly options: EmailPasswordOptions;
  readonly now: () => number;
  /** A hook that nobody waits for has failed. */
  readonly onFailure: (error: unknown) => void;
  /** Another password is in place: sessions of the user end. */
  readonly onReplaced: (email: string) => Promise<void>;
}

type Payload = Readonly<Record<string, unknown>>;

/** Users with passwords of one application. */
export class EmailPasswords {
  readonly #parts: EmailPasswordParts;
  readonly #passwords: Passwords;
  readonly #tokens: MailTokens;

  constructor(parts: EmailPasswordParts) {
    this.#parts = parts;
    this.#passwords = new Passwords(parts);
    this.#tokens = new MailTokens(parts);
  }

  /** Registers an address; it may have to be confirmed before it logs in. @throws {AuthError} `NAME_TAKEN`, `PASSWORD_INVALID`, `CREDENTIALS_REFUSED`, `HOOK_FAILED` */
  async register(payload: Payload): Promise<void> {
    const { confirm } = this.#parts.options;
    if (confirm === undefined) {
      await this.#passwords.register(payload);
      return;
    }
    const email = emailOf(payload);
    await this.#passwords.register(payload, async (runner) => void (await this.#tokens.make(email, "confirm", runner)));
    try {
      await this.#askToConfirm(email, confirm);
    } catch (error) {
      // Free again, so that the user can try once more.
      await this.#passwords.remove(email);
      await this.#tokens.forget(email, "confirm");
      throw error;
    }
  }

  async #askToConfirm(email: string, confirm: NonNullable<EmailPasswordOptions["confirm"]>): Promise<void> {
    const token = await this.#tokens.make(email, "confirm");
    const { status } = await hooked(() => confirm({ email, ...token }));
    if (status === "fail") throw refused();
    if (status === "success") await this.#tokens.forget(email, "confirm");
  }

  /** The address, if the password is its own and it is confirmed. @throws {AuthError} `CREDENTIALS_REFUSED`, `CONFIRMATION_REQUIRED` */
  async verify(payload: Payload): Promise<string> {
    const email = await this.#passwords.verify(payload);
    if (await this.#tokens.isOpen(email, "confirm")) throw new AuthError("CONFIRMATION_REQUIRED", "confirmation required");
    return email;
  }

  /** Confirms an address. @throws {AuthError} `MAIL_TOKEN_INVALID` */
  async confirm(payload: Payload): Promise<void> {
    await this.#tokens.take(tokenOf(payload), "confirm");
  }

  /** Has another message sent. Nobody waits for it: how long it takes would tell whether there is such an address. @throws {AuthError} `HOOK_MISSING` */
  resendConfirmation(payload: Payload): void {
    const { confirm } = this.#parts.options;
    if (confirm === undefined) throw missing("confirm");
    const email = emailOf(payload);
    this.#later(async () => {
      if (await this.#tokens.isOpen(email, "confirm")) await this.#askToConfirm(email, confirm);
    });
  }

  /** Has a message sent with which the password can be replaced. @throws {AuthError} `HOOK_MISSING` */
  sendReset(payload: Payload): void {
    const { sendReset } = this.#parts.options;
    if (sendReset === undefined) throw missing("sendReset");
    const email = emailOf(payload);
    this.#later(async () => {
      if (!(await this.#passwords.has(email))) return;
      const token = await this.#tokens.make(email, "reset");
      await sendReset({ email, ...token });
    });
  }

  /** Replaces a password. Whoever brings the token reads the address's mail, so it is confirmed too. @throws {AuthError} `MAIL_TOKEN_INVALID`, `PASSWORD_INVALID` */
  async reset(payload: Payload): Promise<void> {
    const password = textField(payload, "password");
    this.#passwords.check(password);
    const email = await this.#tokens.take(tokenOf(payload), "reset");
    await this.#tokens.forget(email, "confirm");
    await this.replace(email, password);
  }

  /** Lets the application's function decide. @throws {AuthError} `HOOK_MISSING`, `HOOK_FAILED`, `CREDENTIALS_REFUSED`, `PASSWORD_INVALID` */
  async resetByFunction(payload: Payload): Promise<void> {
    const { resetByFunction } = this.#parts.options;
    if (resetByFunction === undefined) throw missing("resetByFunction");
    const email = emailOf(payload);
    const password = textField(payload, "password");
    this.#passwords.check(password);
    const args = payload["arguments"];
    if (args !== undefined && !Array.isArray(args)) throw new AuthError("REQUEST_INVALID", "expected 'arguments' to be an array");
    const isRegistered = await this.#passwords.has(email);
    const token = await this.#tokens.make(email, "reset");
    const { status } = await hooked(() => resetByFunction({ email, isRegistered, ...token }, ...((args ?? []) as unknown[])));
    if (status === "fail") throw refused();
    // "pending": the function sends the token on, and `reset` ends it with the password that the user gives then.
    if (status !== "success") return;
    await this.#tokens.forget(email, "reset");
    await this.replace(email, password);
  }

  /** Puts another password in the place of the old one. @returns False without such a user. */
  async replace(email: string, password: string): Promise<boolean> {
    const isReplaced = await this.#passwords.replace(email, password);
    if (isReplaced) await this.#parts.onReplaced(normalized(email));
    return isReplaced;
  }

  #later(work: () => Promise<void>): void {
    setImmediate(() => void work().catch((error: unknown) => this.#parts.onFailure(error)));
  }
}

async function hooked(run: () => HookAnswer | Promise<HookAnswer>): Promise<HookAnswer> {
  let answer: HookAnswer;
  try {
    answer = await run();
  } catch (error) {
    throw new AuthError("HOOK_FAILED", "a function of the application has failed: try again later", { cause: error });
  }
  if (!["success", "pending", "fail"].includes(answer?.status)) throw new AuthError("HOOK_FAILED", "a function of the application has failed: try again later", { cause: new TypeError("expected { status: 'success' | 'pending' | 'fail' }") });
  return answer;
}

function emailOf(payload: Payload): string {
  return normalized(textField(payload, "email"));
}

function tokenOf(payload: Payload): MailToken {
  return { token: textField(payload, "token"), tokenId: textField(payload, "token_id") };
}

function missing(hook: string): AuthError {
  return new AuthError("HOOK_MISSING", `the server sends no mail by itself: its configuration has no emailPassword.${hook}`);
}
