/**
 * What a simulation reports: that the engine did something that the model forbids.
 *
 * @module
 */

/** The engine broke a promise, or failed without a reason. The message says how; the caller adds the seed. */
export class SimulationFailure extends Error {
  override readonly name = "SimulationFailure";
}

/** @throws {SimulationFailure} always. */
export function fail(message: string, cause?: unknown): never {
  throw new SimulationFailure(message, { cause });
}
