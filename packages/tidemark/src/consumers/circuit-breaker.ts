/**
 * Tells a poisonous event from a broken world. Where one event after the other fails for good it is the world (a service
 * that is down, a deployment gone wrong), and to park them all would park the log.
 */
export class CircuitBreaker {
  readonly #limit: number;
  #failedInARow = 0;

  /** @param limit - So many events failed for good in a row; undefined: no limit. */
  constructor(limit: number | undefined) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the next event that fails must be held, rather than given up. */
  get open(): boolean {
    return this.#failedInARow >= this.#limit;
  }

  succeeded(): void {
    this.#failedInARow = 0;
  }

  /** An event was given up. */
  gaveUp(): void {
    this.#failedInARow++;
  }
}
