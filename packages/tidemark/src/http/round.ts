/** So many at once; then the process answers others. */
const together = 256;

/** Visits many, again whenever it is asked to: some at once, the others after whatever else the process has to do. */
export class Round<T> {
  readonly #all: ReadonlySet<T>;
  readonly #visit: (one: T, now: number) => void;
  #left: T[] = [];
  #asked = false;
  #going = false;

  constructor(all: ReadonlySet<T>, visit: (one: T, now: number) => void) {
    this.#all = all;
    this.#visit = visit;
  }

  /** Each is visited from now on at least once. The first are at once. */
  ask(): void {
    this.#asked = true;
    if (!this.#going) this.#go();
  }

  #go(): void {
    if (this.#left.length === 0 && this.#asked) {
      this.#asked = false;
      this.#left = [...this.#all].toReversed();
    }
    this.#going = true;
    const now = performance.now();
    for (const one of this.#left.splice(-together).toReversed()) this.#visit(one, now);
    this.#going = this.#asked || this.#left.length > 0;
    if (this.#going) setImmediate(() => this.#go());
  }
}
