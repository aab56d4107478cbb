/**
 * E-mail addresses: confirmation and reset on every database, several servers at once.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { openPostgresUserDatabase, openSqliteUserDatabase } from "../../src/index.ts";
import type { AuthService, MailRequest, PgPool, UserDatabase } from "../../src/index.ts";
import { postgresMissing, sharedCluster } from "../support/postgres.ts";
import { atEnd, codeOf, logIn, startService } from "./support.ts";

const databases: Record<string, () => Promise<() => UserDatabase>> = {
  async SQLite() {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-mail-"));
    atEnd(() => rmSync(folder, { recursive: true }));
    return () => openSqliteUserDatabase(join(folder, "users.db"));
  },
  async PostgreSQL() {
    const address = await (await sharedCluster()).createDatabase();
    return () => {
      const pool = new pg.Pool({ ...address, max: 6 });
      return { ...openPostgresUserDatabase(pool as unknown as PgPool), close: () => pool.end() };
    };
  },
};

const ME = { email: "me@example.org", password: "secret word" };
const HERE = "10.0.0.1";

for (const [name, makeDatabase] of Object.entries(databases)) {
  describe.skipIf(name === "PostgreSQL" && postgresMissing() !== undefined)(`on ${name}`, () => {
    it("registered at once on two servers an address is one user's; of two who bring a token, one is taken; nothing is left of a deleted user", async () => {
      const open = await makeDatabase();
      const mails: MailRequest[] = [];
      const emailPassword = { confirm: (mail: MailRequest) => ({ status: mails.push(mail) > 0 ? ("pending" as const) : ("fail" as const) }), sendReset: (mail: MailRequest) => void mails.push(mail) };
      const databaseOf: UserDatabase[] = [];
      const [one, two] = (await Promise.all(
        [0, 1].map(async () => {
          const database = open();
          databaseOf.push(database);
          atEnd(() => database.close());
          return (await startService({ database, emailPassword, key: { mode: "device" } })).service;
        }),
      )) as [AuthService, AuthService];
      const registered = await Promise.all([one, two].map((service) => codeOf(service.register(ME, HERE))));
      expect(registered.toSorted()).toEqual(["NAME_TAKEN", undefined]);
      expect(mails).toHaveLength(1);
      expect(await codeOf(logIn(two, "local-userpass", ME))).toBe("CONFIRMATION_REQUIRED");
      const [mail] = mails as [MailRequest];
      const bring = { token: mail.token, token_id: mail.tokenId };
      const brought = await Promise.all([one, two].map((service) => codeOf(service.confirmEmail(bring, HERE))));
      expect(brought.toSorted()).toEqual(["MAIL_TOKEN_INVALID", undefined]);
      const { user } = await logIn(two, "local-userpass", ME);

      one.sendMail("reset", ME, HERE);
      await expect.poll(() => mails.length).toBe(2);
      const [, reset] = mails as [MailRequest, MailRequest];
      // A token of one kind is none of the other.
      expect(await codeOf(two.confirmEmail({ token: reset.token, token_id: reset.tokenId }, HERE))).toBe("MAIL_TOKEN_INVALID");
      await two.resetPassword({ token: reset.token, token_id: reset.tokenId, password: "another word" }, HERE);
      expect(await codeOf(logIn(one, "local-userpass", ME))).toBe("CREDENTIALS_REFUSED");
      await logIn(one, "local-userpass", { ...ME, password: "another word" });

      one.sendMail("reset", ME, HERE);
      await expect.poll(() => mails.length).toBe(3);
      await one.deleteUser(user.id);
      const [, , late] = mails as [MailRequest, MailRequest, MailRequest];
      expect(await codeOf(two.resetPassword({ token: late.token, token_id: late.tokenId, password: "another word" }, HERE))).toBe("MAIL_TOKEN_INVALID");
      const table = name === "PostgreSQL" ? "sync.auth_mail_token" : "auth_mail_token";
      expect(await databaseOf[0]?.query(`SELECT email FROM ${table}`)).toEqual([]);
    });

    it("the database holds no token, and asking again and again is held back", async () => {
      const open = await makeDatabase();
      const database = open();
      atEnd(() => database.close());
      const mails: MailRequest[] = [];
      const { service } = await startService({ database, emailPassword: { sendReset: (mail) => void mails.push(mail) }, key: { mode: "device" }, accountLimit: { burst: 2, perMinute: 1 } });
      await service.register(ME, HERE);
      for (let count = 1; count <= 2; count++) {
        service.sendMail("reset", ME, HERE);
        await expect.poll(() => mails.length).toBe(count);
      }
      expect(() => service.sendMail("reset", ME, HERE)).toThrow("too many attempts");
      const rows = JSON.stringify(await database.query(`SELECT * FROM ${name === "PostgreSQL" ? "sync." : ""}auth_mail_token`));
      expect(rows).toContain(mails[1]?.tokenId);
      for (const { token } of mails) expect(rows).not.toContain(token);
    });
  });
}
