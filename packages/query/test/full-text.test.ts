import { describe, expect, it } from "vitest";
import { meetsTerms, QueryError, wordsOf } from "../src/index.ts";
import { parseTerms } from "../src/full-text.ts";

describe("words", () => {
  it.each([
    ["The quick, brown fox", ["the", "quick", "brown", "fox"]],
    ["don't e-mail co2", ["don", "t", "e", "mail", "co2"]],
    ["Café CAFÉ cafe\u0301", ["cafe"]],
    ["Ångström ångström", ["ångstrom"]],
    ["Straße Œuvre Þór Øre Æon ðe", ["straße", "œuvre", "þor", "øre", "æon", "ðe"]],
    ["Прага Ёлка", ["прага", "елка"]],
    ["東京 タワー", ["東京", "タワー"]],
    ["İstanbul", ["istanbul"]],
    ["٣ ½ x²", ["٣", "½", "x²"]],
    ["  ...  ", []],
    ["", []],
    ["x".repeat(100), ["x".repeat(60)]],
  ])("of %j", (text, words) => {
    expect([...wordsOf(text)].sort()).toEqual([...words].sort());
  });
});

describe("terms", () => {
  it("are words, exclusions and beginnings, each once", () => {
    expect(parseTerms("Dog -CATS café* dog \"quoted\" -'x'")).toEqual({
      included: [{ word: "dog", isPrefix: false }, { word: "cafe", isPrefix: true }, { word: "quoted", isPrefix: false }],
      excluded: ["cats", "x"],
    });
  });

  it.each([
    ["", "Missing search token"],
    [" - * ", "Missing search token"],
    ["a-b", "Non alphanumeric characters not allowed inside search word"],
    ["dog -Dog", "You can't include and exclude the same token"],
  ])("%j is refused", (text, message) => {
    expect(() => parseTerms(text)).toThrow(QueryError);
    expect(() => parseTerms(text)).toThrow(message);
  });

  it.each([
    ["dog cat", "A cat, a DOG", true],
    ["dog cat", "A dog", false],
    ["do*", "A dog", true],
    ["dog*", "do", false],
    ["-cat", "A dog", true],
    ["-cat", null, true],
    ["dog", null, false],
    ["dog -ca", "dog cat", true],
    ["tokyo", "東京", false],
  ])("%j of %j: %s", (terms, text, expected) => {
    expect(meetsTerms(text, parseTerms(terms))).toBe(expected);
  });
});
