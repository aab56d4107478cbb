/**
 * What Holdfast's sync ends say to each other: messages, their bytes, stamps and the merge rules. Knows neither end.
 *
 * @module
 */
export {};
