/**
 * Lengths on the earth as angles.
 *
 * @module
 */

/** Mean radius of the earth in kilometres, as Realm has it. */
const EARTH_RADIUS_KM = 6378.1;
const KM_PER_MILE = 1.609344;

/** Kilometres as radians. */
export function kmToRadians(km: number): number {
  return km / EARTH_RADIUS_KM;
}

/** Miles as radians. */
export function miToRadians(mi: number): number {
  return (mi * KM_PER_MILE) / EARTH_RADIUS_KM;
}
