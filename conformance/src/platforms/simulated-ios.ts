/**
 * Realm as on an iPhone, simulated.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import type { RealmPlatform } from "../platform.ts";
import { startPhone } from "./simulated-phone.ts";

/** The suites' platform, with what is different on this phone. */
export const asOnPhone: (platform: RealmPlatform) => RealmPlatform = await startPhone("ios");

export default Realm;
