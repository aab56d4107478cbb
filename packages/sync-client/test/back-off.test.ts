import { expect, it } from "vitest";
import { BACK_OFF, BackOff } from "../src/session/back-off.ts";
import { seeded } from "./support/seeded.ts";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

it(`waits of devices that lost their server together are spread over the whole quarter that chance has (seed ${String(SEED)})`, () => {
  const random = seeded(SEED);
  for (let failures = 0; failures < 12; failures++) {
    const waits = Array.from({ length: 1000 }, () => {
      const backOff = new BackOff({ ...BACK_OFF, random: () => random.next() });
      for (let earlier = 0; earlier < failures; earlier++) backOff.next();
      return backOff.next();
    });
    const whole = Math.min(BACK_OFF.maximumMs, BACK_OFF.firstMs * 2 ** failures);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const wait of waits) tenths[Math.min(9, Math.floor((wait - 0.75 * whole) / (0.025 * whole)))]!++;
    // Of 1,000 even draws a tenth has 100, and 160 in less than one of a million runs.
    expect(tenths.every((count) => count > 40 && count < 160), `after ${String(failures)} failures: ${tenths.join()}`).toBe(true);
  }
});
