import { expect, it } from "vitest";
import Realm from "../../src/index.ts";
import { forEachMode } from "../support/modes.ts";

const schema: Realm.ObjectSchema[] = [
  { name: "Dog", properties: { name: "string", age: "int", weight: "double?", born: "date?", owner: "Owner?" } },
  { name: "Owner", properties: { name: "string", dogs: "Dog[]", words: "string[]", numbers: "int?[]", links: "Dog<>" } },
];
type Dog = Realm.Object & { name: string; age: number; weight: number | null };
type Owner = Realm.Object & { dogs: Realm.List<Dog>; words: Realm.List<string>; numbers: Realm.List<number | null>; links: Realm.Set<Dog> };

forEachMode((mode) => {
  const open = () => {
    const realm = new Realm(mode.config({ schema }));
    const owner = realm.write(() => realm.create<Owner>("Owner", { name: "Ann", dogs: [["c", 3], ["a", 1], ["b", 2]].map(([name, age]) => ({ name, age })), words: ["x", "y", "z", "y"], numbers: [3, null, 1] } as never)) as Owner;
    return { realm, owner, dogs: realm.objects<Dog>("Dog"), words: owner.words };
  };

  it("[R-6.1] lists and results read like arrays", () => {
    const { words, owner, dogs } = open();
    const plain = ["x", "y", "z", "y"];
    expect([words.length, words[0], words[9], words.at(-1), words.at(9), 1 in words, 9 in words, words[-1]]).toEqual([4, "x", undefined, "y", undefined, true, false, undefined]);
    expect([[...words], [...words.keys()], [...words.values()], [...words.entries()]]).toEqual([plain, [...plain.keys()], plain, [...plain.entries()]]);
    expect([words.map((word, index) => word + index), words.filter((word) => word === "y"), words.find((word) => word > "x"), words.findIndex((word) => word === "z"), words.some((word) => word === "q"), words.every((word) => word < "{")]).toEqual([["x0", "y1", "z2", "y3"], ["y", "y"], "y", 2, false, true]);
    expect([words.reduce((sum, word) => sum + word), words.reduce((sum, word) => sum + word.length, 0), words.reduceRight((sum, word) => sum + word, "")]).toEqual(["xyzy", 4, "yzyx"]);
    expect([words.includes("z"), words.indexOf("y"), words.indexOf("y", 2), words.indexOf("y", -1), words.lastIndexOf("y"), words.lastIndexOf("y", 2), words.indexOf("q")]).toEqual([true, 1, 3, 3, 3, 1, -1]);
    expect([words.slice(1, 3), words.concat(["q"], words), words.join("-"), words.flatMap((word) => [word, word]).length, words.flat(), words.toString()]).toEqual([["y", "z"], [...plain, "q", ...plain], "x-y-z-y", 8, plain, "x,y,z,y"]);
    const visited: unknown[] = [];
    words.forEach((word, index, collection) => visited.push([word, index, collection.length]));
    expect(visited.length).toBe(4);
    expect(() => { (words as unknown as Record<string, string>)["-1"] = "q"; }).toThrow("Cannot set item at negative index -1");
    expect([dogs.map((dog) => dog.name), owner.dogs.map((dog) => dog.name), dogs.find((dog) => dog.age === 2)!.name, dogs.indexOf(owner.dogs[2]!)]).toEqual([["c", "a", "b"], ["c", "a", "b"], "b", 2]);
    expect([Object.keys(words), JSON.stringify(words)]).toEqual([["0", "1", "2", "3"], JSON.stringify(plain)]);
  });

  it("[R-6.1] iterators walk over what was there when they began", () => {
    const { realm, owner, dogs } = open();
    const seen: string[] = [];
    realm.write(() => { for (const dog of dogs) { seen.push(dog.name); realm.create("Dog", { name: "new", age: 9 }); } });
    realm.write(() => { for (const word of owner.words) if (owner.words.length < 20) owner.words.push(`${word}!`); });
    expect([seen, dogs.length, owner.words.length]).toEqual([["c", "a", "b"], 6, 8]);
  });

  it("[R-6.2] collections tell what they hold", () => {
    const { realm, owner, dogs } = open();
    expect([dogs.type, dogs.optional, dogs.isEmpty(), dogs.isValid(), dogs.filtered("age > 1").description()]).toEqual(["object", false, false, true, "age > 1"]);
    expect([owner.words.type, owner.words.optional, owner.numbers.type, owner.numbers.optional, owner.dogs.type, owner.words.isEmpty(), owner.words.isValid()]).toEqual(["string", false, "int", true, "object", false, true]);
    expect(realm.objects("Dog").filtered("age > 100").isEmpty()).toBe(true);
  });

  it("[R-6.3] min, max, sum and avg take numbers and dates, and are empty for nothing", () => {
    const { realm, owner, dogs } = open();
    expect([dogs.min("age"), dogs.max("age"), dogs.sum("age"), dogs.avg("age"), owner.numbers.sum(), owner.numbers.avg(), owner.numbers.min()]).toEqual([1, 3, 6, 2, 4, 2, 1]);
    realm.write(() => dogs.update("born", new Date(5)));
    expect([dogs.min("born"), dogs.max("born")]).toEqual([new Date(5), new Date(5)]);
    const wide = new Realm(mode.config({ path: mode.path("wide.realm"), schema: [{ name: "W", properties: { d: "decimal128[]", m: "mixed[]", b: "int[]" } }], integers: "exact" }));
    const { d, m, b } = wide.write(() => wide.create<{ d: Realm.List; m: Realm.List; b: Realm.List }>("W", { d: ["1.10", "2.20", "-3"].map((text) => Realm.BSON.Decimal128.fromString(text)), m: [1, "x", 2.5, null, [9]], b: [2n ** 60n, 1] }));
    expect([d.min(), d.max(), d.sum(), d.avg()].map(String)).toEqual(["-3", "2.20", "0.30", "0.10"]);
    expect([m.min(), m.max(), m.sum(), m.avg(), b.sum(), b.max()]).toEqual([1, 2.5, 3.5, 1.75, 2n ** 60n + 1n, 2n ** 60n]);
    const none = dogs.filtered("age > 100");
    expect([none.min("age"), none.max("age"), none.sum("age"), none.avg("age"), dogs.min("weight")]).toEqual([undefined, undefined, 0, undefined, undefined]);
    expect(() => dogs.min("name")).toThrow("Operation 'min' not supported for string property");
    expect(() => dogs.sum("born")).toThrow("Operation 'sum' not supported for date property");
    expect(() => dogs.avg("nope")).toThrow("Property 'nope' does not exist on 'Dog' objects");
    expect(() => owner.words.max()).toThrow("Operation 'max' not supported for string");
    expect(() => dogs.min(undefined as never)).toThrow("needs the name of a property");
  });

  it("[R-6.4] filtered gives live results of results, lists and sets, with arguments, again and again", () => {
    const { realm, owner, dogs } = open();
    const old = dogs.filtered("age > $0", 1);
    const both = old.filtered("name == $0 OR name == $1", "b", "z");
    expect([old.length, both.map((dog) => dog.name), owner.dogs.filtered("age < 3").map((dog) => dog.name), owner.links.filtered("age > 0").length]).toEqual([2, ["b"], ["a", "b"], 0]);
    realm.write(() => { owner.links.add(dogs[0]!); realm.create("Dog", { name: "z", age: 5 }); });
    expect([old.length, both.length, owner.links.filtered("age > 0").length]).toEqual([3, 2, 1]);
    expect(() => dogs.filtered("nope == 1")).toThrow("'Dog' has no property 'nope'");
    expect(() => dogs.filtered("age ==")).toThrow(Realm.QueryError);
    expect(() => owner.words.filtered("TRUEPREDICATE")).toThrow("Filtering non-object Lists and Results is not yet implemented.");
  });

  it("[R-6.5] sorting takes names, directions, lists of both, and paths over links", () => {
    const { realm, owner, dogs } = open();
    const names = (results: Realm.Results<Dog>) => results.map((dog) => dog.name).join("");
    expect([names(dogs.sorted("name")), names(dogs.sorted("name", true)), names(dogs.sorted(["name", true])), names(dogs.sorted([["age", true], "name"])), names(owner.dogs.sorted("age"))]).toEqual(["abc", "cba", "cba", "cba", "abc"]);
    expect([[...owner.words.sorted()], [...owner.words.sorted(true)], [...owner.numbers.sorted()]]).toEqual([["x", "y", "y", "z"], ["z", "y", "y", "x"], [null, 1, 3]]);
    realm.write(() => dogs.forEach((dog, index) => { (dog as unknown as Record<string, unknown>)["owner"] = realm.create("Owner", { name: `o${9 - index}` }); }));
    expect(names(dogs.sorted("owner.name"))).toBe("bac");
    expect(() => dogs.sorted("nope")).toThrow("Cannot sort on key path 'nope'");
    expect(() => dogs.sorted(5 as never)).toThrow("Expected 'descriptor' to be a string or an array, got a number");
  });

  it("[R-6.6] [R-6.7] [R-6.8] results are live, snapshots are not, update writes all", () => {
    const { realm, dogs } = open();
    const old = dogs.filtered("age > 1");
    const frozen = old.snapshot();
    realm.write(() => { old.update("age", 0); expect([old.length, frozen.length, frozen[0]!.age]).toEqual([0, 2, 0]); });
    realm.write(() => realm.delete(frozen[0]));
    expect([frozen.length, frozen[0], frozen[1]!.name, dogs.length]).toEqual([2, null, "b", 2]);
    expect(() => { (dogs as unknown as unknown[])[0] = dogs[1]; }).toThrow("Modifying a Results collection is not supported");
    expect(() => { (dogs as unknown as unknown[]).length = 0; }).toThrow("Cannot assign to read only property 'length'");
    expect(() => dogs.update("age", 5)).toThrow("Cannot modify managed objects outside of a write transaction.");
    realm.write(() => {
      expect(() => dogs.update("nope" as never, 5)).toThrow("Property 'nope' does not exist on 'Dog' objects");
      expect(() => dogs.update("age", "x")).toThrow("Expected 'age' to be a number or bigint, got a string");
    });
  });

  it("[R-6.9] lists change like arrays, and refuse what does not fit", () => {
    const { realm, owner } = open();
    const { words, dogs } = owner;
    for (const change of [() => words.push("q"), () => words.pop(), () => words.splice(0, 1), () => { words[0] = "q"; }, () => words.move(0, 1)]) expect(change).toThrow("Cannot modify managed objects outside of a write transaction.");
    realm.write(() => {
      expect([words.push("a", "b"), words.pop(), words.shift(), words.unshift("1", "2"), words.splice(-2, 1, "s", "t"), words.splice(1, 0)]).toEqual([6, "b", "x", 6, ["y"], []]);
      expect([...words]).toEqual(["1", "2", "y", "z", "s", "t", "a"]);
      words.move(0, 2);
      words.swap(0, 1);
      words.remove(6);
      words[0] = "first";
      words[words.length] = "last";
      expect([...words]).toEqual(["first", "2", "1", "z", "s", "t", "last"]);
      for (const far of [() => words.remove(7), () => words.move(0, 9), () => words.swap(9, 0)]) expect(far).toThrow("Index cannot be greater than the size of the list.");
      for (const below of [() => words.remove(-1), () => words.move(-1, 0)]) expect(below).toThrow("Index cannot be smaller than 0.");
      expect(() => { words[20] = "q"; }).toThrow(RangeError);
      expect(() => words.push(5 as never)).toThrow("Expected 'words[7]' to be a string, got a number");
      expect(() => dogs.push(5 as never)).toThrow("Expected 'dogs[3]' to be an object, got a number");
      expect(() => dogs.push(null as never)).toThrow("Expected 'dogs[3]' to be an object, got null");
      expect(() => dogs.push(owner as never)).toThrow("Expected 'dogs[3]' to be an object of type 'Dog', got an object of type 'Owner'");
      (owner as unknown as Record<string, unknown>)["words"] = words;
      (owner as unknown as Record<string, unknown>)["dogs"] = dogs;
      expect([words.length, dogs.length]).toEqual([7, 3]);
      (owner as unknown as Record<string, unknown>)["words"] = ["n"];
      expect(() => { (owner as unknown as Record<string, unknown>)["words"] = 5; }).toThrow("Expected 'words' to be an array, got a number");
      words.removeAll();
      expect([words.length, words.pop(), words.shift()]).toEqual([0, undefined, undefined]);
    });
  });

  it("[R-6.12] collections are instances of their classes, which cannot be made", () => {
    const { owner, dogs } = open();
    expect([owner.words instanceof Realm.List, owner.words instanceof Realm.OrderedCollection, owner.words instanceof Realm.Collection, dogs instanceof Realm.Results, dogs instanceof Realm.Collection, owner.links instanceof Realm.Set, owner.links instanceof Realm.OrderedCollection]).toEqual([true, true, true, true, true, true, true]);
    for (const Class of [Realm.List, Realm.Set, Realm.Dictionary, Realm.Results, Realm.Counter]) expect(() => new (Class as unknown as new () => unknown)()).toThrow("Illegal constructor");
  });

  it("[R-6.13] collections of a deleted object are invalid", () => {
    const { realm, owner, dogs } = open();
    const { words, links } = owner;
    const derived = owner.dogs.filtered("age > 0");
    realm.write(() => realm.delete(owner));
    expect([words.isValid(), links.isValid(), derived.isValid(), dogs.isValid()]).toEqual([false, false, false, true]);
    expect(() => words[0]).toThrow("List is no longer valid");
    expect(() => derived.length).toThrow("Access to invalidated Results objects");
  });

  it("for await gives the event loop its turn while it walks", async () => {
    const { realm, dogs } = open();
    realm.write(() => { for (let index = 0; index < 2000; index++) realm.create("Dog", { name: "n", age: index }); });
    let [turns, sum] = [0, 0];
    const timer = setInterval(() => turns++, 0);
    for await (const dog of dogs) {
      sum += dog.age;
      const until = performance.now() + 0.05;
      while (performance.now() < until);
    }
    clearInterval(timer);
    expect(sum).toBe(1999000 + 6);
    expect(turns).toBeGreaterThan(2);
  });
});
