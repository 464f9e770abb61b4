import type { Context, Counter, Histogram, Meter } from "@opentelemetry/api";
import { messaging, db, tidemark } from "./attributes.ts";
import type { Measured } from "./span-plan.ts";

/** Upper ends of histograms' buckets, in seconds: an SDK's own are meant for milliseconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long operations take, and how many events they are of. */
export class OperationMetrics {
  readonly #durations: Readonly<Record<NonNullable<Measured["duration"]>, Histogram>>;
  readonly #counts: Readonly<Record<"sent" | "consumed", Counter>>;

  constructor(meter: Meter) {
    const histogram = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: [...buckets] } });
    const counter = (name: string, description: string): Counter => meter.createCounter(name, { description, unit: "{message}" });
    this.#durations = {
      append: histogram(messaging.duration, "How long appends, timers and checkpoints take"),
      read: histogram(db.duration, "How long readings and transactions take"),
      handle: histogram(messaging.processDuration, "How long handlers take"),
      command: histogram(tidemark.commandDuration, "How long commands take, with all attempts"),
    };
    this.#counts = { sent: counter(messaging.sent, "Events that were appended"), consumed: counter(messaging.consumed, "Events that handlers were given") };
  }

  record({ duration, count, attributes }: Measured, seconds: number, context: Context): void {
    if (duration === undefined && !count) return;
    if (duration !== undefined) this.#durations[duration].record(seconds, attributes, context);
    if (count && count.events > 0) this.#counts[count.as].add(count.events, attributes, context);
  }
}
