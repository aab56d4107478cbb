/**
 * Hints between servers of one database: there may be something new.
 *
 * The truth is the log. Every server looks by itself as well, only more rarely (`pollMs`), and reads from the last version that it has passed
 * on; so a hint may be lost, come twice, come too early or from a stranger, and costs or saves time only.
 *
 * @module
 */

/** Carries hints. One bus may serve several databases, each with a channel of its own. */
export interface HintBus {
  /** Begins to listen. Does not wait for the bus, and does not fail where it cannot be reached: it tries for as long as the channel is open. */
  open(channel: string, listener: () => void): Promise<HintChannel>;
}

/** The hints of one database. */
export interface HintChannel {
  /** Tells the others. Nobody hears whether it worked. */
  send(): void;
  close(): Promise<void>;
}

/** No hints: servers find what others wrote when they look by themselves. */
export const NO_HINTS: HintBus = {
  open: async () => ({ send: () => undefined, close: async () => undefined }),
};
