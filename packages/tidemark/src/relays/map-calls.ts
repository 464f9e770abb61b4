/**
 * Calls of a relay's `map` that have not settled. One of them that takes too long ends all: the batch has failed, and comes again. They share a timer and a
 * promise, because each message with its own would cost more than the rest.
 */
export class MapCalls {
  /** In the order in which they began. */
  readonly #calls = new Set<MapCall>();
  readonly #ended = Promise.withResolvers<never>();
  #isEnded = false;

  constructor() {
    // Most end well, with nobody who waits.
    this.#ended.promise.catch(() => {});
  }

  /** Rejects once they are ended from outside. */
  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  begin(position: number): MapCall {
    const call = new MapCall(position);
    this.#calls.add(call);
    return call;
  }

  settled(call: MapCall): void {
    this.#calls.delete(call);
  }

  /** The oldest of them, where it has taken longer. */
  late(timeoutMs: number): MapCall | undefined {
    const [oldest] = this.#calls;
    return oldest && performance.now() - oldest.beganAt > timeoutMs ? oldest : undefined;
  }

  end(reason: unknown): void {
    this.#isEnded = true;
    this.#ended.reject(reason);
    for (const call of this.#calls) call.abort(reason);
  }
}

export class MapCall {
  readonly position: number;
  readonly beganAt: number = performance.now();
  /** Made when it is asked for: most maps never do. */
  #abort: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  constructor(position: number) {
    this.position = position;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#aborted) this.#abort.abort(this.#aborted.reason);
    }
    return this.#abort.signal;
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#abort?.abort(reason);
  }
}
