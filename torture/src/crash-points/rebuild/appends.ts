import { setTimeout as delay } from "node:timers/promises";
import type { EventStore } from "tidemark";
import { type Happened, streams } from "./definitions.ts";

/** Appends one event after the other, to one stream after the other. None may fail. */
export class Appends {
  #store: EventStore;
  #over = false;
  #done = 0;
  readonly #failures: string[] = [];
  readonly #running: Promise<void>;

  constructor(store: EventStore) {
    this.#store = store;
    this.#running = this.#run();
  }

  /** Goes on with another store. Resolves when the one before has nothing in flight. */
  async use(store: EventStore): Promise<void> {
    this.#store = store;
    const done = this.#done;
    while (this.#done <= done + 1 && !this.#over) await delay(5);
  }

  /** Returns what failed, and what went wrong if nothing was appended. */
  async end(): Promise<readonly string[]> {
    this.#over = true;
    await this.#running;
    return this.#done === 0 ? ["nothing was appended"] : this.#failures;
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#over; n++) {
      const event: Happened = { type: "Happened", data: { place: n } };
      try {
        await this.#store.appendToStream(streams[n % streams.length] ?? streams[0], [event]);
      } catch (error) {
        this.#failures.push(`an append failed: ${String(error)}`);
      }
      this.#done++;
      await delay(10);
    }
  }
}
