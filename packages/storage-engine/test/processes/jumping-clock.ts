/**
 * Makes the wall clock of a process jump by years, back and forth, at every look: `--import` this file.
 *
 * @module
 */
const YEAR_MS = 365 * 24 * 3600 * 1000;
const RealDate = Date;
let looks = 0;

function jumpedMs(): number {
  looks += 1;
  return RealDate.UTC(2026, 0, 1) + ((looks * 7) % 61) * YEAR_MS - 30 * YEAR_MS;
}

globalThis.Date = class extends RealDate {
  constructor(...values: []) {
    if (values.length === 0) super(jumpedMs());
    else super(...values);
  }
  static override now(): number {
    return jumpedMs();
  }
} as DateConstructor;
