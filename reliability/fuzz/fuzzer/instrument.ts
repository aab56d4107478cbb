/**
 * Puts counters into JavaScript: one for every function, branch, loop and case, so that a run leaves a trace of where it was.
 *
 * Text is only inserted, never changed, and never a line break: positions in stack traces keep their lines.
 *
 * @module
 */
import { parse } from "acorn";
import type { Node } from "acorn";
import { GLOBAL_NAME } from "./runtime.ts";

/** Instrumented source, and what was found on the way. */
export interface Instrumented {
  readonly code: string;
  readonly branches: number;
  /** Strings and numbers that stand in the source: what code compares with is what inputs need. */
  readonly literals: readonly (string | number)[];
}

type AnyNode = Node & Record<string, unknown>;

const COUNTED_CONSTRUCTORS: ReadonlySet<string> = new Set(["Uint8Array", "Uint16Array", "Uint32Array", "Float64Array", "ArrayBuffer", "Array"]);

/** Collects insertions; those at one place come out in the order of `rank`. */
class Inserter {
  readonly #source: string;
  readonly #insertions: { at: number; rank: number; order: number; text: string }[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** What closes an inner node comes before what closes an outer one, and what opens an outer one before an inner one. */
  wrap(node: Node, before: string, after: string): void {
    const length = node.end - node.start;
    this.#add(node.start, 1_000_000_000 - length, before);
    this.#add(node.end, length - 1_000_000_000, after);
  }

  /** Right behind the brace that opens a block. */
  after(at: number, text: string): void {
    this.#add(at, 0, text);
  }

  #add(at: number, rank: number, text: string): void {
    this.#insertions.push({ at, rank, order: this.#insertions.length, text });
  }

  toString(): string {
    const sorted = this.#insertions.sort((a, b) => a.at - b.at || a.rank - b.rank || a.order - b.order);
    let result = "";
    let done = 0;
    for (const { at, text } of sorted) {
      result += this.#source.slice(done, at) + text;
      done = at;
    }
    return result + this.#source.slice(done);
  }
}

/**
 * Instruments a module.
 *
 * @param source - JavaScript of a module, types already taken out.
 * @param reserve - Gives the number of the module's first branch, once it is known how many there are.
 */
export function instrument(source: string, reserve: (count: number) => number): Instrumented {
  const tree = parse(source, { ecmaVersion: "latest", sourceType: "module" }) as unknown as AnyNode;
  const inserter = new Inserter(source);
  const literals = new Set<string | number>();
  let branches = 0;
  const hit = (): string => `__fz_h[__fz_b+${branches++}]++`;
  const step = "if(--__fz_f[0]<0)__fz_o();";

  const countStatement = (statement: AnyNode, extra = ""): void => {
    if (statement.type === "BlockStatement") inserter.after(statement.start + 1, `${hit()};${extra}`);
    else inserter.wrap(statement, `{${hit()};${extra}`, "}");
  };
  const countExpression = (expression: AnyNode): void => inserter.wrap(expression, `(${hit()},`, ")");

  const visit = (node: AnyNode): void => {
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression": {
        const body = node["body"] as AnyNode;
        if (body.type === "BlockStatement") countStatement(body, step);
        else inserter.wrap(body, `(${hit()},--__fz_f[0]<0&&__fz_o(),`, ")");
        break;
      }
      case "IfStatement": {
        countStatement(node["consequent"] as AnyNode);
        if (node["alternate"] === null) inserter.wrap(node["consequent"] as AnyNode, "", ` else{${hit()};}`);
        else countStatement(node["alternate"] as AnyNode);
        break;
      }
      case "ConditionalExpression":
        countExpression(node["consequent"] as AnyNode);
        countExpression(node["alternate"] as AnyNode);
        break;
      case "LogicalExpression":
        countExpression(node["right"] as AnyNode);
        break;
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
        countStatement(node["body"] as AnyNode, step);
        break;
      case "SwitchCase": {
        const [first] = node["consequent"] as AnyNode[];
        if (first !== undefined) inserter.wrap(first, `${hit()};`, "");
        break;
      }
      case "CatchClause":
        countStatement(node["body"] as AnyNode);
        break;
      case "NewExpression": {
        const [argument, ...others] = node["arguments"] as AnyNode[];
        const callee = node["callee"] as AnyNode;
        if (argument !== undefined && others.length === 0 && argument.type !== "SpreadElement" && COUNTED_CONSTRUCTORS.has(String(callee["name"]))) inserter.wrap(argument, "__fz_a(", ")");
        break;
      }
      case "Literal": {
        const { value } = node as { value?: unknown };
        if (typeof value === "string" || typeof value === "number") literals.add(value);
        break;
      }
    }
    for (const key of Object.keys(node)) visitChild(node[key]);
  };
  const visitChild = (child: unknown): void => {
    if (Array.isArray(child)) for (const each of child) visitChild(each);
    else if (typeof child === "object" && child !== null && typeof (child as AnyNode).type === "string") visit(child as AnyNode);
  };
  visit(tree);
  const first = reserve(branches);
  const preamble = `const __fz=globalThis.${GLOBAL_NAME},__fz_h=__fz.hits,__fz_f=__fz.fuel,__fz_o=__fz.outOfSteps,__fz_a=__fz.allocate,__fz_b=${first};`;
  return { code: preamble + inserter.toString(), branches, literals: [...literals] };
}
