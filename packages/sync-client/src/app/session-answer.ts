/**
 * What the server says of a session and its user, checked.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import type { Answer } from "./auth-connection.ts";
import { AppError } from "./app-error.ts";

/** One of the things that a user logs in with. */
export interface UserIdentity {
  readonly id: string;
  readonly providerType: string;
}

/** Where the keys of a user's files come from. */
export type KeyMode = "issued" | "device";

/** What is known of a user. */
export interface UserAnswer {
  readonly userId: string;
  readonly identities: readonly UserIdentity[];
  readonly customData: Readonly<Record<string, unknown>>;
  readonly profile: Readonly<Record<string, unknown>>;
}

/** The tokens of a session, with their user. */
export interface SessionAnswer extends UserAnswer {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
  readonly serverTimeMs: number;
  readonly keyMode: KeyMode;
  /** Of the newest key that the server has issued for the user; undefined if there is none yet. */
  readonly newestKey?: KeyNameAnswer;
}

/** Which key: its id, and the how many-th of its user. */
export interface KeyNameAnswer {
  readonly keyId: string;
  readonly version: number;
}

/** A key of a user. */
export interface KeyAnswer extends KeyNameAnswer {
  readonly key: Uint8Array;
  /** Of all keys that the server keeps for the user, newest first. */
  readonly versions: readonly number[];
}

/** @throws {AppError} `ANSWER_INVALID` */
export function userAnswer(answer: Answer): UserAnswer {
  const identities = answer["identities"];
  if (!Array.isArray(identities)) throw invalid("identities");
  return {
    userId: textOf(answer, "user_id"),
    identities: identities.map((identity: Answer) => ({ id: textOf(identity, "id"), providerType: textOf(identity, "provider_type") })),
    customData: objectOf(answer, "custom_data"),
    profile: objectOf(answer, "profile"),
  };
}

/** @throws {AppError} `ANSWER_INVALID` */
export function sessionAnswer(answer: Answer): SessionAnswer {
  const keyMode = answer["key_mode"];
  if (keyMode !== "issued" && keyMode !== "device") throw invalid("key_mode");
  return { ...userAnswer(answer), accessToken: textOf(answer, "access_token"), refreshToken: textOf(answer, "refresh_token"), expiresInSeconds: numberOf(answer, "expires_in"), serverTimeMs: numberOf(answer, "server_time_ms"), keyMode, ...newestKeyOf(answer) };
}

/** An issued key. @throws {AppError} `ANSWER_INVALID` */
export function keyAnswer(answer: Answer): KeyAnswer {
  const { versions } = answer;
  const others = Array.isArray(versions) ? versions.filter((each): each is number => Number.isSafeInteger(each)) : [];
  return { key: keyBytes(answer), keyId: keyIdText(answer), version: numberOf(answer, "version"), versions: others };
}

function keyBytes(answer: Answer): Uint8Array {
  try {
    const key = base64urlnopad.decode(textOf(answer, "key"));
    if (key.length === 64) return key;
  } catch {
    // Told below: what the decoder says may quote the text.
  }
  throw invalid("key");
}

/** An id becomes part of a name in the key store. @throws {AppError} `ANSWER_INVALID` */
export function keyIdText(answer: Answer): string {
  const keyId = textOf(answer, "key_id");
  if (!/^[\w-]{1,64}$/u.test(keyId)) throw invalid("key_id");
  return keyId;
}

function newestKeyOf(answer: Answer): { readonly newestKey?: KeyNameAnswer } {
  return answer["key_id"] === undefined ? {} : { newestKey: { keyId: keyIdText(answer), version: numberOf(answer, "key_version") } };
}

/** A text field. @throws {AppError} `ANSWER_INVALID` */
export function textOf(answer: Answer, field: string): string {
  const value = answer?.[field];
  if (typeof value !== "string" || value === "") throw invalid(field);
  return value;
}

function numberOf(answer: Answer, field: string): number {
  const value = answer[field];
  if (typeof value !== "number" || !Number.isFinite(value)) throw invalid(field);
  return value;
}

function objectOf(answer: Answer, field: string): Readonly<Record<string, unknown>> {
  const value = answer[field];
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(field);
  return value as Readonly<Record<string, unknown>>;
}

function invalid(field: string): AppError {
  return new AppError("ANSWER_INVALID", `the server's answer has no usable '${field}'`);
}
