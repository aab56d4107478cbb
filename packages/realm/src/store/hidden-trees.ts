/**
 * Trees that belong to no class and that the application does not see: what a replica keeps beside the objects, in their transactions.
 *
 * @module
 */

/** What the names of hidden trees begin with. */
export const HIDDEN_PREFIX = "sync/";

/** The tree by which a file is known to be a replica: whoever writes to it has to keep the others true. */
export const REPLICA_TREE: string = `${HIDDEN_PREFIX}meta`;

/** What the names of the trees begin with that are to take the place of classes' trees: the rest is the name of that tree. */
export const NEXT_PREFIX: string = `${HIDDEN_PREFIX}next/`;

/** Which classes have such trees. */
export const NEXT_CLASSES_TREE: string = `${NEXT_PREFIX}classes`;

/** True for trees that no class has. */
export function isHiddenTree(name: string): boolean {
  return name.startsWith(HIDDEN_PREFIX);
}
