/** Broken: looks at the first half of the key alone. */
import type { RealmConfiguration } from "../../src/realm-api.ts";
import { bytesOf, Working } from "./base.ts";

function firstHalf(configuration: RealmConfiguration): RealmConfiguration {
  const bytes = bytesOf(configuration.encryptionKey);
  if (bytes?.length !== 64) return configuration;
  return { ...configuration, encryptionKey: Uint8Array.from([...bytes.subarray(0, 32), ...bytes.subarray(0, 32)]) };
}

export default class IgnoresSecondHalf extends Working {
  constructor(configuration: RealmConfiguration) {
    super(firstHalf(configuration));
  }
}
