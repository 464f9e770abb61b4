import type { EventStore } from "tidemark";

/** So many requests read at once: however many look, most connections of a pool are left to the application. */
const readAtOnce = 4;

const ofStores = new WeakMap<EventStore, Turns>();

/** The turns in which a store is read: the same for all that serve it in this process, the studio and the MCP server. */
export function turnsOf(store: EventStore): Turns {
  const turns = ofStores.get(store) ?? new Turns(readAtOnce);
  ofStores.set(store, turns);
  return turns;
}

/** Lets so many at once, in the order in which they came, and each for as long as somebody waits for it. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** @throws The signal's reason, where it is aborted before its turn. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      const begin = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(begin);
    });
  }

  /** To the next, if there is one. */
  #pass(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
