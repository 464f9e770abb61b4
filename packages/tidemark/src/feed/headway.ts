/** So many times as fast as the log grows its reader comes to the end in at most the time that the log took to grow as long. */
const least = 2;

/** How fast a reader of the log comes forward, since it began. */
export class Headway {
  readonly #from: number;
  readonly #began = performance.now();
  #reached: number;

  /** @param from - Where it begins. */
  constructor(from: number) {
    this.#from = this.#reached = from;
  }

  reached(position: number): void {
    this.#reached = position;
  }

  /** @param growth - Of the log, in positions a second. */
  isEnough(growth: number): boolean {
    const seconds = (performance.now() - this.#began) / 1_000;
    // In less than a second, one page more or less is a large part of it.
    return seconds < 1 || this.#reached - this.#from >= least * growth * seconds;
  }
}
