/**
 * Switches that Realm's own tests use.
 *
 * @module
 */

/** All off at first. */
export const flags: {
  /** Allows `Realm.clearTestState`. */
  ALLOW_CLEAR_TEST_STATE: boolean;
  /** Allows `create` with an array of values, in the order of the schema's properties. */
  ALLOW_VALUES_ARRAYS: boolean;
  /** Realm's; there is no global Realm here. */
  THROW_ON_GLOBAL_REALM: boolean;
} = { ALLOW_CLEAR_TEST_STATE: false, ALLOW_VALUES_ARRAYS: false, THROW_ON_GLOBAL_REALM: false };
