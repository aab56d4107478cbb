/**
 * Refresh tokens: each works once it is the newest, the one before it until then, and a copy ends the session.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { codeOf, logIn, nonce, startService, TestClock } from "./support.ts";

it("a refresh gives another token of the same session, and an access token of its user", async () => {
  const { service } = await startService();
  const { refreshToken, user } = await logIn(service, "anon-user");
  const next = await service.refresh({ refreshToken, nextNonce: nonce() });
  expect(next.refreshToken).not.toBe(refreshToken);
  expect((await service.verify(next.accessToken)).userId).toBe(user.id);
});

it("a device that lost the answer presents the token before with the nonce that it had stored, and is given the very same token", async () => {
  const { service } = await startService();
  const { refreshToken } = await logIn(service, "anon-user");
  const nextNonce = nonce();
  const lost = await service.refresh({ refreshToken, nextNonce });
  const again = await service.refresh({ refreshToken, nextNonce });
  expect(again.refreshToken).toBe(lost.refreshToken);
  expect(await codeOf(service.refresh({ refreshToken: again.refreshToken, nextNonce: nonce() }))).toBeUndefined();
});

it("sixteen refreshes at once with one token and one nonce give one token", async () => {
  const { service } = await startService();
  const { refreshToken } = await logIn(service, "anon-user");
  const nextNonce = nonce();
  const answers = await Promise.all(Array.from({ length: 16 }, () => service.refresh({ refreshToken, nextNonce })));
  expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
});

it("a token from before the last one, used again, ends the session for everybody", async () => {
  const { service } = await startService();
  const first = await logIn(service, "anon-user");
  const second = await service.refresh({ refreshToken: first.refreshToken, nextNonce: nonce() });
  const third = await service.refresh({ refreshToken: second.refreshToken, nextNonce: nonce() });
  expect(await codeOf(service.refresh({ refreshToken: first.refreshToken, nextNonce: nonce() }))).toBe("SESSION_REVOKED");
  expect(await codeOf(service.refresh({ refreshToken: third.refreshToken, nextNonce: nonce() }))).toBe("SESSION_REVOKED");
  expect(await codeOf(service.verify(third.accessToken))).toBe("TOKEN_INVALID");
});

it("a thief with a copy and a nonce of its own is found when the owner's token is used", async () => {
  const { service } = await startService();
  const first = await logIn(service, "anon-user");
  const owner = await service.refresh({ refreshToken: first.refreshToken, nextNonce: nonce() });
  const thief = await service.refresh({ refreshToken: first.refreshToken, nextNonce: nonce() });
  expect(thief.refreshToken).not.toBe(owner.refreshToken);
  expect(await codeOf(service.refresh({ refreshToken: owner.refreshToken, nextNonce: nonce() }))).toBe("SESSION_REVOKED");
  expect(await codeOf(service.refresh({ refreshToken: thief.refreshToken, nextNonce: nonce() }))).toBe("SESSION_REVOKED");
});

it("a thief who was faster twice is found just the same", async () => {
  const { service } = await startService();
  const first = await logIn(service, "anon-user");
  const owner = await service.refresh({ refreshToken: first.refreshToken, nextNonce: nonce() });
  const thief = await service.refresh({ refreshToken: first.refreshToken, nextNonce: nonce() });
  await service.refresh({ refreshToken: thief.refreshToken, nextNonce: nonce() });
  expect(await codeOf(service.refresh({ refreshToken: owner.refreshToken, nextNonce: nonce() }))).toBe("SESSION_REVOKED");
});

it("a copied token does not end other sessions of the user", async () => {
  const { service } = await startService({ emailPassword: {} });
  await service.register({ email: "one@example.org", password: "correct horse" }, "192.0.2.1");
  const credentials = { email: "one@example.org", password: "correct horse" };
  const [phone, tablet] = [await logIn(service, "local-userpass", credentials), await logIn(service, "local-userpass", credentials)];
  const second = await service.refresh({ refreshToken: phone.refreshToken, nextNonce: nonce() });
  await service.refresh({ refreshToken: second.refreshToken, nextNonce: nonce() });
  expect(await codeOf(service.refresh({ refreshToken: phone.refreshToken, nextNonce: nonce() }))).toBe("SESSION_REVOKED");
  expect(await codeOf(service.refresh({ refreshToken: tablet.refreshToken, nextNonce: nonce() }))).toBeUndefined();
});

it("a made-up or altered refresh token is refused and ends nothing", async () => {
  const { service } = await startService();
  const { refreshToken } = await logIn(service, "anon-user");
  const parts = refreshToken.split(".");
  const altered = [
    "",
    "hr1",
    refreshToken.slice(0, -1),
    parts.with(3, "2").join("."),
    parts.with(4, nonce()).join("."),
    parts.with(2, nonce()).join("."),
    parts.with(5, randomBytes(32).toString("base64url")).join("."),
  ];
  for (const token of altered) expect(await codeOf(service.refresh({ refreshToken: token, nextNonce: nonce() }))).toBe("SESSION_INVALID");
  expect(await codeOf(service.refresh({ refreshToken, nextNonce: nonce() }))).toBeUndefined();
});

it("a refresh token of one application is none of another's, though they share secret and database", async () => {
  const { service, options } = await startService();
  const { service: other } = await startService({ ...options, appId: "shop" });
  const { refreshToken, accessToken } = await logIn(service, "anon-user");
  expect(await codeOf(other.refresh({ refreshToken, nextNonce: nonce() }))).toBe("SESSION_INVALID");
  expect(await codeOf(other.verify(accessToken))).toBe("TOKEN_INVALID");
});

it("after a log out neither token works", async () => {
  const { service } = await startService();
  const { refreshToken, accessToken } = await logIn(service, "anon-user");
  await service.logOut(refreshToken);
  expect(await codeOf(service.refresh({ refreshToken, nextNonce: nonce() }))).toBe("SESSION_REVOKED");
  expect(await codeOf(service.verify(accessToken))).toBe("TOKEN_INVALID");
});

it("an access token ends with its time, a session with its idle time", async () => {
  const clock = new TestClock();
  const { service } = await startService({ now: clock.now, accessTokenSeconds: 60, sessionIdleDays: 10 });
  const { refreshToken, accessToken } = await logIn(service, "anon-user");
  clock.ms += 59_000;
  expect(await codeOf(service.verify(accessToken))).toBeUndefined();
  clock.ms += 20_000;
  expect(await codeOf(service.verify(accessToken))).toBe("TOKEN_EXPIRED");
  expect(await service.authenticator().verify(accessToken)).toEqual({ refused: "expired" });
  expect(await service.authenticator().verify(`${accessToken.slice(0, -4)}AAAA`)).toEqual({ refused: "invalid" });
  clock.ms += 9 * 86_400_000;
  const next = await service.refresh({ refreshToken, nextNonce: nonce() });
  clock.ms += 9 * 86_400_000;
  const last = await service.refresh({ refreshToken: next.refreshToken, nextNonce: nonce() });
  clock.ms += 11 * 86_400_000;
  expect(await codeOf(service.refresh({ refreshToken: last.refreshToken, nextNonce: nonce() }))).toBe("SESSION_INVALID");
});

it("tokens of before a change of the server's secret work on, new ones are of the new secret", async () => {
  const { service, options } = await startService();
  const { refreshToken, accessToken } = await logIn(service, "anon-user");
  const next = randomBytes(32);
  const { service: changed } = await startService({ ...options, secrets: [next, ...options.secrets] });
  expect(await codeOf(changed.verify(accessToken))).toBeUndefined();
  const refreshed = await changed.refresh({ refreshToken, nextNonce: nonce() });
  const { service: later } = await startService({ ...options, secrets: [next] });
  expect(await codeOf(later.verify(refreshed.accessToken))).toBeUndefined();
  expect(await codeOf(later.verify(accessToken))).toBe("TOKEN_INVALID");
});

it("the operator ends sessions, disables and deletes users", async () => {
  const { service } = await startService();
  const ended: unknown[] = [];
  service.onSessionEnd((one) => ended.push(one));
  const one = await logIn(service, "anon-user");
  await service.revokeSessions(one.user.id);
  expect(await codeOf(service.verify(one.accessToken))).toBe("TOKEN_INVALID");
  const two = await logIn(service, "anon-user");
  await service.setDisabled(two.user.id, true);
  expect(await codeOf(service.verify(two.accessToken))).toBe("USER_DISABLED");
  expect(await codeOf(service.refresh({ refreshToken: two.refreshToken, nextNonce: nonce() }))).toBe("USER_DISABLED");
  const three = await logIn(service, "anon-user");
  await service.deleteUser(three.user.id);
  expect(await codeOf(service.verify(three.accessToken))).toBe("TOKEN_INVALID");
  expect(await codeOf(service.refresh({ refreshToken: three.refreshToken, nextNonce: nonce() }))).toBe("SESSION_INVALID");
  expect(ended).toEqual([one, two, three].map(({ user }) => ({ userId: user.id })));
});
