import type { Attributes, Context, Histogram, Meter } from "@opentelemetry/api";
import { db, errorType, messaging, tidemark } from "./attributes.ts";
import { CountedEvents } from "./counted-events.ts";
import { Kept } from "./kept.ts";
import type { Measured } from "./span-plan.ts";

/** Upper ends of histograms' buckets, in seconds: an SDK's own are meant for milliseconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long operations take, and how many events they are of. */
export class OperationMetrics {
  readonly #durations: Readonly<Record<NonNullable<Measured["duration"]>, Histogram>>;
  readonly #counts: Readonly<Record<NonNullable<Measured["counted"]>, CountedEvents>>;
  /** Of operations that failed, by what failed and how. */
  readonly #failed = new WeakMap<Attributes, Kept<Attributes>>();

  constructor(meter: Meter) {
    const histogram = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: [...buckets] } });
    const counted = (name: string, description: string): CountedEvents => new CountedEvents(meter.createCounter(name, { description, unit: "{message}" }));
    this.#durations = {
      append: histogram(messaging.duration, "How long appends, timers and checkpoints take"),
      read: histogram(db.duration, "How long readings and transactions take"),
      handle: histogram(messaging.processDuration, "How long handlers take"),
      command: histogram(tidemark.commandDuration, "How long commands take, with all attempts"),
    };
    this.#counts = { sent: counted(messaging.sent, "Events that were appended"), consumed: counted(messaging.consumed, "Events that handlers were given") };
  }

  /** @param failure - Its type. Undefined: it succeeded. */
  record({ duration, counted, attributes }: Measured, failure: string | undefined, events: number, seconds: number, context: Context): void {
    const told = failure === undefined ? attributes : this.#failedAs(attributes, failure);
    if (duration !== undefined) this.#durations[duration].record(seconds, told, context);
    if (counted !== undefined) this.#counts[counted].add(events, told);
  }

  /** Gives the meter what was counted since the last time. */
  tellCounts(): void {
    this.#counts.sent.tell();
    this.#counts.consumed.tell();
  }

  #failedAs(attributes: Attributes, failure: string): Attributes {
    const known = this.#failed.get(attributes) ?? new Kept<Attributes>();
    this.#failed.set(attributes, known);
    return known.of(failure, () => Object.freeze({ ...attributes, [errorType]: failure }));
  }
}
