import { type BackgroundPace, sliceMs } from "../../feed/background-pace.ts";
import { Headway } from "../../feed/headway.ts";

/** Keeps a version out of the way of appends while its handler is replayed events. One for a follower. */
export class ReplayPace {
  readonly #background: Pick<BackgroundPace, "rest">;
  /** When the work began that no rest has followed; undefined where the last events were not replayed. */
  #since: number | undefined;
  /** Since events are replayed. */
  #headway: Headway | undefined;

  constructor(background: Pick<BackgroundPace, "rest">) {
    this.#background = background;
  }

  /**
   * Rests if it is time to. Call it before a batch has a transaction, which is not to stay open meanwhile. Returns what to call after the batch.
   *
   * @param position - Of the batch's first event.
   */
  async begin(position: number, signal: AbortSignal): Promise<(replaying: boolean) => void> {
    this.#headway ??= new Headway(position);
    this.#headway.reached(position);
    const since = this.#since;
    if (since !== undefined && performance.now() - since >= sliceMs) {
      await this.#background.rest(since, signal, this.#headway);
      this.#since = undefined;
    }
    const began = performance.now();
    return (replaying) => {
      this.#since = replaying ? (this.#since ?? began) : undefined;
      if (!replaying) this.#headway = undefined;
    };
  }
}
