import type { RecordedEvent } from "../model/event.ts";
import { errorDetails } from "../database/error-details.ts";
import type { ShardState } from "./shard.ts";

/** What a heartbeat tells beside the state. */
export interface StatusDetails {
  readonly error: { readonly code: string | null; readonly message: string };
  readonly event?: { readonly position: number; readonly id: string; readonly streamId: string };
  readonly attempt?: number;
  /** Until the next try. The database makes a time of it: clocks differ. */
  readonly retryInMs?: number;
}

/** How a shard's work goes, for heartbeats. */
export class ShardStatus {
  readonly #changed: () => void;
  #state: ShardState = "starting";
  #details: StatusDetails | undefined;
  #retryAt = 0;

  /** @param changed - Called when an observer should soon see it. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get details(): StatusDetails | undefined {
    if (this.#details?.retryInMs === undefined) return this.#details;
    return { ...this.#details, retryInMs: Math.max(0, Math.round(this.#retryAt - performance.now())) };
  }

  get state(): ShardState {
    return this.#state;
  }

  /** The shard goes over into another state, without an error. */
  enter(state: ShardState): void {
    if (state === this.#state) return;
    const [from, to] = [this.#state, state];
    this.#state = state;
    if (state !== "retrying" && state !== "failed") this.#details = undefined;
    // A shard may fall behind and catch up many times a second.
    if (from !== "catching-up" && from !== "live") this.#changed();
    else if (to !== "catching-up" && to !== "live") this.#changed();
  }

  retrying(error: unknown, tried?: { readonly event: RecordedEvent; readonly attempt: number }, waitMs?: number): void {
    this.#fail("retrying", error, tried, waitMs);
  }

  failed(error: unknown, tried?: { readonly event: RecordedEvent; readonly attempt: number }): void {
    this.#fail("failed", error, tried);
  }

  #fail(state: "retrying" | "failed", error: unknown, tried?: { readonly event: RecordedEvent; readonly attempt: number }, waitMs?: number): void {
    const { code, message } = errorDetails(error);
    this.#retryAt = performance.now() + (waitMs ?? 0);
    this.#details = {
      error: { code, message },
      ...(tried && { event: { position: tried.event.position, id: tried.event.id, streamId: tried.event.streamId }, attempt: tried.attempt }),
      ...(waitMs !== undefined && { retryInMs: waitMs }),
    };
    this.#state = state;
    this.#changed();
  }
}
