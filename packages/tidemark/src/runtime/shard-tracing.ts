import type { RecordedEvent } from "../model/event.ts";
import { handledEvent } from "../tracing/handled-event.ts";
import type { Following } from "../tracing/messages.ts";
import { committing, done, handling } from "../tracing/operations.ts";
import type { TracedPlace } from "../tracing/traced-store.ts";
import type { CallFailure } from "./call-handler.ts";
import type { Follower } from "./follower.ts";
import type { HeldShard } from "./shard.ts";

type Called = Promise<CallFailure | undefined> | CallFailure | undefined;

/** Makes operations of what the work on one shard does. */
export class ShardTracing {
  readonly #place: TracedPlace;
  readonly #following: Following;

  constructor(place: TracedPlace, { kind, owner, ownerVersion }: Follower, { shard }: HeldShard) {
    this.#place = place;
    this.#following = { kind: kind.name, name: owner, ...(ownerVersion !== undefined && { version: ownerVersion }), shard };
  }

  /** One call of the handler. Of those that do nothing there are a million a second: where nobody listens, nothing is made for them. */
  call({ events, attempt }: { readonly events: readonly RecordedEvent[]; readonly attempt: number }, work: () => Called): Called {
    if (!handling.isTraced) return work();
    return handling.traceCall<CallFailure | undefined>(
      this.#place,
      () => ({ ...this.#following, attempt, events: events.map(handledEvent) }),
      work,
      (failure) => (failure ? { error: failure.error } : done()),
    );
  }

  /** The checkpoint moves, with what handlers wrote. */
  commit(position: number, work: () => Promise<void>): Promise<void> {
    return committing.trace(this.#place, () => ({ ...this.#following, position }), work, done);
  }
}
