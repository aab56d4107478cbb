/**
 * Faults in what sync's sessions tell and take: devices that part from the server, locks that are never let go.
 *
 * @module
 */
import type { Mutant } from "./mutant.ts";

const BATCH = "sync-server/src/merge/merge-batch.ts";
const DOWNLOADER = "sync-client/src/session/downloader.ts";
const BOOT = "sync-client/src/replica/apply-boot.ts";
const SESSIONS = "sync-server/test/sessions.test.ts";
const UNWANTED = "sync-client/test/unwanted-bootstrap.test.ts";

export const SESSION_FAULTS: readonly Mutant[] = [
  {
    name: "session-made-anew-forgotten",
    fault: "Who has made anew what was deleted out of sight cannot go on with it before it has heard of that",
    file: BATCH,
    find: "if (!isMadeAnew && (before.get(name) ?? NEVER) < deleted) return operation;",
    replace: "if (!isMadeAnew) return operation;",
    tests: [SESSIONS],
  },
  {
    name: "session-delete-before-delete",
    fault: "Who has made anew what a clock ahead of its own had deleted cannot delete it",
    file: BATCH,
    find: "if (informed.size > 0) least =",
    replace: "if (informed.size < 0) least =",
    tests: [SESSIONS],
  },
  {
    name: "session-rows-without-own",
    fault: "Rows do not say which of the client's own transactions they have in them",
    file: "sync-client/src/replica/synced-file.ts",
    find: "    if (message.cseq !== undefined) this.#forgetUpTo(message.cseq);\n    return this.write((tx) => applyDown",
    replace: "    return this.write((tx) => applyDown",
    tests: ["sync-client/test/folding.test.ts"],
  },
  {
    name: "session-rows-with-too-much",
    fault: "Rows are said to have own transactions in them that were written after them",
    file: "sync-server/src/sessions/session.ts",
    find: "this.#written[0].version <= version)",
    replace: "this.#written[0].version <= version + 1_000_000)",
    tests: ["sync-server/test/sessions.test.ts"],
  },
  {
    name: "session-another-view-applied",
    fault: "What is told of a view that the device never got is applied to the one that it has",
    file: DOWNLOADER,
    find: "    if (this.#elsewhere === undefined) await this.#file.down(message);",
    replace: "    await this.#file.down(message);",
    tests: [UNWANTED],
  },
  {
    name: "session-another-view-complete",
    fault: "A device is said to have everything while the bootstrap is still to come that has it",
    file: DOWNLOADER,
    find: "      this.#elsewhere.mark = Math.max(this.#elsewhere.mark, id);\n      return false;\n",
    replace: "",
    tests: [UNWANTED],
  },
  {
    name: "session-another-view-resumed",
    fault: "A set of subscriptions that goes on is resumed where a view stood that is not here any more",
    file: DOWNLOADER,
    find: "const resume = this.#elsewhere !== undefined ? undefined : boot",
    replace: "const resume = boot",
    tests: [UNWANTED],
  },
  {
    name: "session-refused-set-wanted",
    fault: "While the newest set is refused, bootstraps of the one before are not taken",
    file: BOOT,
    find: "message.version !== wantedOf(subs)?.version",
    replace: "message.version !== subs.version",
    tests: [UNWANTED],
  },
  {
    name: "session-silent-keeps-lock",
    fault: "The database keeps the counter row for a server that it hears nothing of",
    file: "sync-server/src/store/postgres/postgres-store.ts",
    find: "idle_in_transaction_session_timeout: Math.min(SILENT_MS, statementTimeoutMs), ",
    replace: "",
    tests: ["sync-server/test/faults.test.ts"],
  },
];
