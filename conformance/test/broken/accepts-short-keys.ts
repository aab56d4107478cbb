/** Broken: pads keys of less than 64 bytes with zeros instead of refusing them. */
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { bytesOf, Working } from "./base.ts";

function pad(configuration: RealmConfiguration): RealmConfiguration {
  const bytes = bytesOf(configuration.encryptionKey);
  if (bytes === undefined || bytes.length === 0 || bytes.length >= 64) return configuration;
  const padded = new Uint8Array(64);
  padded.set(bytes);
  return { ...configuration, encryptionKey: padded };
}

export default class AcceptsShortKeys extends Working {
  constructor(configuration: RealmConfiguration) {
    super(pad(configuration));
  }
}
