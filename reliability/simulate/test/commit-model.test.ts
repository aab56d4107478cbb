/**
 * The model says which commits a power cut may leave.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { CommitModel } from "../commit-model.ts";

function newModel(): CommitModel {
  return new CommitModel({ file: "a", number: 0, content: new Map(), key: "plain" });
}

const numbers = (model: CommitModel, position: number): number[] => model.allowedAt(position).map((node) => node.number);

describe("the commit model", () => {
  it("allows a commit from its start, and nothing else from its end", () => {
    const model = newModel();
    const node = model.propose(model.newestSure, new Map(), 10);
    model.promise(node, 20);
    expect([10, 11, 19, 20].map((position) => numbers(model, position))).toEqual([[0], [0, 1], [0, 1], [1]]);
  });

  it("allows one that was refused nowhere, and one that is unknown until somebody builds on another", () => {
    const model = newModel();
    model.refuse(model.propose(model.newestSure, new Map(), 10));
    expect(numbers(model, 15)).toEqual([0]);
    const unknown = model.propose(model.newestSure, new Map(), 20);
    expect(numbers(model, 25)).toEqual([0, 1]);
    model.buildOn(model.newestSure, 30);
    expect([numbers(model, 29), numbers(model, 30)]).toEqual([[0, 1], [0]]);
    expect(model.find("a", unknown.number)).toBeUndefined();
  });

  it("allows the old file or the new one while one is replaced", () => {
    const model = newModel();
    const next = model.proposeFile({ file: "b", number: 1, key: "key-1", parent: model.newestSure }, 5);
    expect(model.allowedAt(6).map((node) => node.file)).toEqual(["a", "b"]);
    model.promise(next, 9);
    expect(model.allowedAt(9).map((node) => node.file)).toEqual(["b"]);
    expect(model.allowedNow().map((node) => node.key)).toEqual(["key-1"]);
  });
});
