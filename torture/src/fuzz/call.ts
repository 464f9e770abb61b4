import type { EventStore } from "tidemark";
import type { Random } from "../random.ts";
import type { Model, ModelEvent } from "./model.ts";
import type { Target } from "./target.ts";

/** One of several callers who use the store at the same time. */
export interface Actor {
  readonly name: string;
  readonly target: Target;
  /** The target's. */
  readonly store: EventStore;
  readonly random: Random;
  /** Its own streams: nobody else appends to them. */
  readonly model: Model;
  /** Its streams in the target's other store. */
  readonly copied: Model;
  stream(): string;
  /** All that `stream()` may give now; others after a while, so that a long run's streams stay short. */
  streams(): readonly string[];
  /** A tag that other callers use, too; another one after a while. */
  sharedTag(): string;
  /** A tag that no other caller uses. */
  ownTag(): string;
  /** Events that no other call has made. */
  events(most?: number): readonly ModelEvent[];
}

/** A call of the public API. */
export interface Call {
  readonly name: string;
  /** Makes the call, brings the model up to date, and tells what was not as the model says. */
  run(actor: Actor): Promise<string | undefined>;
}

/** What a call came to. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

export async function outcomeOf<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error };
  }
}

/** Thrown by callbacks of the fuzzer's own: it has to come back as it is. */
export class OwnError extends Error {
  override readonly name = "OwnError";
}

export function newEvents(events: readonly ModelEvent[]): { type: string; data: { n: number } }[] {
  return events.map(({ type, n }) => ({ type, data: { n } }));
}
