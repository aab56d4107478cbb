/**
 * How much of everything one end may ask of the other. Both ends refuse what is beyond.
 *
 * @module
 */

/** The limits of version 1; lengths of texts are in UTF-16 code units. */
export interface Limits {
  /** One frame, as UTF-8. */
  readonly frameBytes: number;
  /** Nesting of JSON in a frame. */
  readonly depth: number;
  readonly transactionsPerFrame: number;
  readonly operationsPerTransaction: number;
  readonly rowsPerFrame: number;
  /** A string or binary value, as JSON. */
  readonly valueLength: number;
  /** Names of classes and properties, keys of dictionaries, primary keys. */
  readonly nameLength: number;
  /** Elements in one insert or remove. */
  readonly elementsPerOperation: number;
  /** Steps of a path: containers within containers. */
  readonly pathSteps: number;
  readonly queries: number;
  readonly queryLength: number;
  readonly tokenLength: number;
  readonly resumeLength: number;
  readonly classes: number;
  readonly propertiesPerClass: number;
}

/** What holds unless an end was configured otherwise. */
export const LIMITS: Limits = {
  frameBytes: 16 * 1024 * 1024,
  depth: 1024,
  transactionsPerFrame: 1000,
  operationsPerTransaction: 100_000,
  rowsPerFrame: 100_000,
  valueLength: 16 * 1024 * 1024,
  nameLength: 1024,
  elementsPerOperation: 10_000,
  pathSteps: 101,
  queries: 1000,
  queryLength: 16_384,
  tokenLength: 16_384,
  resumeLength: 4096,
  classes: 1000,
  propertiesPerClass: 1000,
};
