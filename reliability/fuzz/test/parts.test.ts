/**
 * The parts of the search that can be looked at alone.
 *
 * @module
 */
import { StoreError, VolumeError } from "@holdfast/storage-engine";
import { expect, it } from "vitest";
import { Corpus } from "../fuzzer/corpus.ts";
import { codeOf, isCoded, signatureOf } from "../fuzzer/failure.ts";
import { mutate } from "../fuzzer/mutate.ts";
import { readOptions } from "../fuzzer/options.ts";
import { Random } from "../fuzzer/random.ts";
import { shrink } from "../fuzzer/shrink.ts";
import { PromiseBroken } from "../target.ts";

it("a failing input is shrunk to what makes it fail", () => {
  const input = Uint8Array.from({ length: 200 }, (_, index) => index + 1);
  const fails = (candidate: Uint8Array): boolean => candidate.includes(77) && candidate.indexOf(150) > candidate.indexOf(77);
  expect([...shrink(input, fails)]).toEqual([77, 150]);
});

it("a minimised corpus reaches all that the whole one reached", () => {
  const corpus = new Corpus(64);
  const random = new Random(5);
  for (let i = 0; i < 300; i++) {
    const hits = new Uint32Array(64);
    for (let j = 0; j < 6; j++) hits[random.below(64)] = 1 + random.below(200);
    corpus.offer(new Uint8Array(1 + random.below(40)), hits, 64);
  }
  const featuresOf = (entries: readonly { features: Uint32Array }[]): number[] => [...new Set(entries.flatMap((entry) => [...entry.features]))].sort((a, b) => a - b);
  const small = corpus.minimised();
  expect(featuresOf(small)).toEqual(featuresOf(corpus.entries));
  expect(small.length).toBeLessThan(corpus.entries.length);
});

it("an input that shows nothing new is not kept", () => {
  const corpus = new Corpus(4);
  const offer = (...hits: number[]): boolean => corpus.offer(new Uint8Array(1), Uint32Array.from(hits), 4);
  expect([offer(1, 0, 0, 0), offer(1, 0, 0, 0), offer(2, 0, 0, 0), offer(1, 1, 0, 0), offer(2, 1, 0, 0), offer(130, 0, 0, 0), offer(200, 0, 0, 0)]).toEqual([true, false, true, true, false, true, false]);
});

it("the same seed gives the same mutations, another one others", () => {
  const run = (seed: number): string => {
    const random = new Random(seed);
    const material = { dictionary: [Uint8Array.of(1, 2)], other: () => Uint8Array.of(9, 9, 9), maxBytes: 64 };
    return Array.from({ length: 50 }, () => mutate(new Uint8Array(8), random, material).join()).join(" ");
  };
  expect(run(1)).toBe(run(1));
  expect(run(1)).not.toBe(run(2));
});

it("only errors with a code of ours are right answers", () => {
  expect(isCoded(new StoreError("PAGE_DAMAGED", "damaged"))).toBe(true);
  expect(isCoded(Object.assign(new TypeError("wrong"), { code: "TYPE_MISMATCH" }))).toBe(true);
  for (const error of [new TypeError("x is undefined"), new SyntaxError("JSON"), Object.assign(new RangeError("node's"), { code: "ERR_OUT_OF_RANGE" }), new PromiseBroken("WRONG_DATA", "x"), "text"]) expect(isCoded(error)).toBe(false);
  expect(isCoded(new StoreError("IO_FAILED", "reading failed", { cause: new VolumeError("EIO", "read") }))).toBe(true);
  expect(isCoded(new StoreError("IO_FAILED", "opening failed", { cause: new TypeError("x is undefined") }))).toBe(false);
  expect(() => codeOf(() => {
    throw new TypeError("x is undefined");
  })).toThrow(TypeError);
});

it("failures that differ only in numbers have one signature", () => {
  expect(signatureOf(new RangeError("offset 17"))).toBe(signatureOf(new RangeError("offset 4")));
  expect(signatureOf(new RangeError("offset 17"))).not.toBe(signatureOf(new TypeError("offset 17")));
});

it("unknown targets and numbers that are none are refused", () => {
  expect(() => readOptions(["--target", "nothing"], ["a"])).toThrow("there is no target nothing");
  expect(() => readOptions(["--seconds", "soon"], ["a"])).toThrow("--seconds needs a positive number");
  expect(readOptions(["--target", "a,b", "--seed", "7"], ["a", "b"])).toMatchObject({ targets: ["a", "b"], seed: 7, jobs: 1 });
});
