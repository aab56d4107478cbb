import { runHistory } from "./history.ts";
const n = Number(process.argv[2] ?? 10), from = Number(process.argv[3] ?? 1);
const t = performance.now(); let points = 0;
for (let seed = from; seed < from + n; seed++) for (const form of ["plain","encrypted"] as const) {
  const r = await runHistory({ seed, form, trace: process.argv[4] ? console.log : undefined });
  points += r.points;
  if (r.failure) { console.log(seed, form, r.failure.where, "\n  ", r.failure.message.slice(0, 500)); if (process.argv[4]) console.log(r.failure.stack); }
}
console.log(points, (performance.now() - t) / 1000, points / (performance.now() - t) * 1000);
