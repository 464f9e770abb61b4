import type { Attributes, Context, Link, SpanKind } from "@opentelemetry/api";
import type { TracedOperations } from "../tracing/messages.ts";

/** What is measured of an operation that has ended. */
export interface Measured {
  /** How long it took, by the attributes that tell operations apart. */
  readonly duration: "append" | "read" | "handle" | "command" | undefined;
  /** What its events are counted as. */
  readonly count?: { readonly as: "sent" | "consumed"; readonly events: number };
  readonly attributes: Attributes;
}

/** How the operations of one channel become spans and metrics. */
export interface SpanPlan<Message> {
  readonly kind: SpanKind;
  /** No name holds a stream's id. */
  name(message: Message): string;
  attributes(message: Message): Attributes;
  links?(message: Message): Link[];
  /** The context that the span is in, where it is not the one of the caller. */
  parent?(message: Message): Context;
  /** Gives the context to what is appended. */
  carry?(message: Message, context: Context): void;
  /** Of an operation that succeeded. */
  ended?(message: Message): Attributes;
  measured(message: Message): Measured;
}

export type SpanPlans = { readonly [Channel in keyof TracedOperations]: SpanPlan<TracedOperations[Channel]> };
