/**
 * Gives the server a fresh token before the present one ends, while the session goes on.
 *
 * @module
 */
import type { AuthMessage } from "@holdfast/sync-protocol";
import type { SyncUser } from "../user.ts";
import { BackOff } from "./back-off.ts";
import { later } from "./timers.ts";
import { isLoginOver } from "./reactions.ts";

/** As long before its end a token is renewed; one that never had as much life, at half of it. */
const MARGIN_MS = 60_000;
const RETRY = { firstMs: 1000, maximumMs: 30_000, random: Math.random };

/** What a renewal needs. */
export interface TokenRenewalOptions {
  readonly user: SyncUser;
  readonly send: (message: AuthMessage) => void;
  /** There will be no other token before the user has logged in again. */
  readonly onLoginOver: (cause: unknown) => void;
}

/** Renews the token of one session after the other. */
export class TokenRenewal {
  readonly #options: TokenRenewalOptions;
  #stop: () => void = () => undefined;
  /** Raised with every session: what an older one was waiting for does not count. */
  #generation = 0;

  constructor(options: TokenRenewalOptions) {
    this.#options = options;
  }

  /** A session has begun with a token. */
  begin(token: string): void {
    this.end();
    this.#schedule(token);
  }

  /** The session has ended. */
  end(): void {
    this.#generation++;
    this.#stop();
  }

  #schedule(token: string): void {
    const leftMs = this.#options.user.accessTokenLeftMs?.();
    // Without it the server says when it is time, and the session goes on over another connection.
    if (leftMs === undefined) return;
    this.#stop = later(() => void this.#renew(token, new BackOff(RETRY)), Math.max(leftMs - MARGIN_MS, leftMs / 2, 0));
  }

  async #renew(sent: string, backOff: BackOff): Promise<void> {
    const { user, send, onLoginOver } = this.#options;
    const generation = this.#generation;
    try {
      // Another session of this user may have a fresh one by now.
      const known = await user.freshAccessToken();
      const token = known === sent ? await user.refreshAccessToken() : known;
      if (generation !== this.#generation) return;
      send({ msg: "auth", token });
      this.#schedule(token);
    } catch (error) {
      if (generation !== this.#generation) return;
      if (isLoginOver(error)) onLoginOver(error);
      // The session is good until the server ends it.
      else this.#stop = later(() => void this.#renew(sent, backOff), backOff.next());
    }
  }
}
