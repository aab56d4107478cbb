/**
 * Operations: a path and an action that go together.
 *
 * @module
 */
import type { Limits } from "../limits.ts";
import type { Action, BoxKind, BoxStep, Operation, PathStep } from "../operation.ts";
import { field, listOf, maybe, oneOf, record, refuse, yes, type Json, type Reading } from "./reading.ts";
import { elementId, stamp, type ValueReadings } from "./values.ts";

const KINDS = ["list", "set", "dict", "object"] as const;
const ACTS = ["create", "delete", "set", "inc", "unset", "insert", "remove", "move", "clear", "add", "drop"] as const;

/** Readings of operations within limits. */
export class OperationReadings {
  readonly #values: ValueReadings;
  readonly #limits: Limits;

  constructor(values: ValueReadings, limits: Limits) {
    this.#values = values;
    this.#limits = limits;
  }

  /** One operation. */
  readonly operation: Reading<Operation> = (value) => {
    const from = record(value);
    const operation: Operation = {
      type: field(from, "type", this.#values.name),
      pk: field(from, "pk", this.#values.primaryKey),
      h: field(from, "h", stamp),
      ...maybe(from, "id", stamp),
      ...maybe(from, "g", stamp),
      path: field(from, "path", listOf(this.#step, this.#limits.pathSteps)),
      do: field(from, "do", this.#action),
    };
    checkPath(operation);
    return operation;
  };

  readonly #step: Reading<PathStep> = (value) => {
    if (typeof value === "string") return this.#values.key(value);
    const from = record(value);
    const step: BoxStep = { at: field(from, "at", this.#values.key), box: field(from, "box", oneOf(KINDS)), ...maybe(from, "seen", stamp) };
    return step;
  };

  readonly #action: Reading<Action> = (value) => {
    const from = record(value);
    const act = field(from, "act", oneOf(ACTS));
    switch (act) {
      case "create":
      case "delete":
      case "unset":
      case "clear":
        return { act };
      case "set":
        return this.#set(from);
      case "inc":
        return { act, by: field(from, "by", this.#values.int) };
      case "insert":
        return { act, ...hangs(from), values: field(from, "values", listOf(this.#values.content, this.#limits.elementsPerOperation, 1)) };
      case "remove":
        return { act, elements: field(from, "elements", listOf(elementId, this.#limits.elementsPerOperation, 1)) };
      case "move":
        return { act, element: field(from, "element", elementId), ...hangs(from) };
      case "add":
      case "drop":
        return { act, value: field(from, "value", this.#values.value) };
    }
  };

  #set(from: Json): Action {
    const value = field(from, "value", this.#values.content);
    const fresh = maybe(from, "fresh", yes);
    if (fresh.fresh === true && (typeof value !== "object" || value === null || !("$new" in value))) return refuse("OPERATION_INVALID", "only a container can start anew");
    return { act: "set", value, ...maybe(from, "isDefault", yes), ...fresh };
  }
}

function hangs(from: Json): { readonly origin?: string; readonly side?: "left" } {
  const place = { ...maybe(from, "origin", elementId), ...maybe(from, "side", oneOf(["left"])) };
  return place.side !== undefined && place.origin === undefined ? refuse("OPERATION_INVALID", "the list itself has no left side") : place;
}

/** What an action does has to be possible where its path ends, and every container has to have places for what is in it. */
function checkPath({ path, do: { act } }: Operation): void {
  let inside: BoxKind | undefined;
  for (const [index, step] of path.entries()) {
    const isLast = index === path.length - 1;
    const name = typeof step === "string" ? step : step.at;
    if (inside === "set") refuse("OPERATION_INVALID", "nothing is inside a set");
    if (inside === "list") elementId(name);
    else if (inside !== "dict" && name === "") refuse("OPERATION_INVALID", "a property has a name");
    if (typeof step === "string" && !isLast) refuse("OPERATION_INVALID", "a path goes on only inside a container");
    if (isLast) checkEnd(step, inside, act);
    inside = typeof step === "string" ? undefined : step.box;
  }
  if (path.length === 0 && act !== "create" && act !== "delete") refuse("OPERATION_INVALID", `${act} needs a path`);
}

function checkEnd(step: PathStep, inside: BoxKind | undefined, act: Action["act"]): void {
  const box = typeof step === "string" ? undefined : step.box;
  const isRight =
    box === undefined
      ? act === "set" || act === "inc" || (act === "unset" && inside === "dict")
      : act === "clear"
        ? box !== "object"
        : box === "list"
          ? act === "insert" || act === "remove" || act === "move"
          : box === "set" && (act === "add" || act === "drop");
  if (!isRight) refuse("OPERATION_INVALID", `${act} is not possible where the path ends`);
}
