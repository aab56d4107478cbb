import { QueryError } from "@holdfast/query";
import { expect, it } from "vitest";
import { parseRemembered } from "../../src/queries/parsed-queries.ts";

it("a text is parsed once, among the last two hundred and if it is short; a refused one each time", () => {
  const first = parseRemembered("age > $0");
  expect(parseRemembered("age > $0")).toBe(first);
  expect(parseRemembered("age > $1")).not.toBe(first);
  for (let index = 0; index < 200; index++) parseRemembered(`age == ${index}`);
  expect(parseRemembered("age > $0")).not.toBe(first);
  expect(parseRemembered("age > $0")).toEqual(first);
  const long = `name == '${"x".repeat(600)}'`;
  expect(parseRemembered(long)).not.toBe(parseRemembered(long));
  for (let each = 0; each < 2; each++) expect(() => parseRemembered("age >")).toThrow(QueryError);
});
