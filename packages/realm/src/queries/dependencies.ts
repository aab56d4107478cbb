/**
 * Whether a condition looks beyond the object that it is asked of.
 *
 * @module
 */
import type { CheckedOperand, CheckedPath, CheckedPredicate } from "@holdfast/query";

/** True if another object's change can make the condition true or false of an object. */
export function readsOtherRows(predicate: CheckedPredicate): boolean {
  switch (predicate.kind) {
    case "truth":
      return false;
    case "not":
      return readsOtherRows(predicate.operand);
    case "and":
    case "or":
      return predicate.operands.some(readsOtherRows);
    case "compare":
    case "string":
      return operandReadsOthers(predicate.left) || operandReadsOthers(predicate.right);
    case "in":
      return leadsToOthers(predicate.left);
    case "fullText":
      return leadsToOthers(predicate.path);
    case "geoWithin":
      return true;
  }
}

function operandReadsOthers(operand: CheckedOperand): boolean {
  switch (operand.kind) {
    case "value":
    case "values":
      return false;
    case "path":
      return leadsToOthers(operand);
    case "typeOf":
      return leadsToOthers(operand.path);
    case "arithmetic":
      return operandReadsOthers(operand.left) || operandReadsOthers(operand.right);
    case "count":
      return operand.of === "backlinks" || leadsToOthers(operand.path);
    case "aggregate":
      return operand.property !== undefined || leadsToOthers(operand.path);
    case "subquery":
      return true;
  }
}

/** A link itself stands in the object; what it leads to, and who links here, does not. */
function leadsToOthers({ steps }: CheckedPath): boolean {
  return steps.length > 1 || steps.some((step) => step.kind === "backlinks");
}
