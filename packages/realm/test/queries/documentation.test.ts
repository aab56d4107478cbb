import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import Realm from "../../src/index.ts";

const page = readFileSync(new URL("../../../../docs/query-language.md", import.meta.url), "utf8");

interface World {
  readonly schema: Realm.ObjectSchema[];
  fill(realm: Realm): void;
}

/** The blocks of the page in a language. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] as string);
}

const examples = blocks("rql").flatMap((block) => block.trim().split("\n")).map((line): [string, string] => {
  const at = line.lastIndexOf("->");
  return [line.slice(0, at).trim(), line.slice(at + 2).trim()];
});

let realm: Realm;

beforeAll(async () => {
  const [code] = blocks("js");
  const world = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code as string)}`)) as World;
  realm = new Realm({ path: "documentation.realm", inMemory: true, schema: world.schema });
  realm.write(() => {
    world.fill(realm);
  });
});

afterAll(() => {
  Realm.shutdown();
});

describe("docs/query-language.md", () => {
  it("has examples", () => {
    expect(examples.length).toBeGreaterThan(100);
  });

  it.each(examples)("%s", (query, names) => {
    expect(realm.objects<{ name: string }>("Person").filtered(query).map(({ name }) => name).join(", ")).toBe(names);
  });
});
