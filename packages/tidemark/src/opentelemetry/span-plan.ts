import type { Attributes, Context, Link, SpanKind } from "@opentelemetry/api";
import type { TracedOperations } from "../tracing/messages.ts";

/** What is measured of an operation that has ended. */
export interface Measured {
  /** How long it took, by the attributes that tell operations apart. */
  readonly duration: "append" | "read" | "handle" | "command" | undefined;
  /** What its events are counted as. */
  readonly counted?: "sent" | "consumed";
  /** Of operations alike the same object: it is what they are counted by. */
  readonly attributes: Attributes;
}

/** What an operation is told as. Of operations that come again and again it is the same object, made once. */
export interface Described {
  /** Without a stream's id. */
  readonly name: string;
  /** All that the span has when it starts, but for the tenant. */
  readonly attributes: Attributes;
  readonly measured: Measured;
}

/** How the operations of one channel become spans and metrics. */
export interface SpanPlan<Message> {
  readonly kind: SpanKind;
  describe(message: Message): Described;
  /** How many are counted as `measured` says. */
  events?(message: Message): number;
  links?(message: Message): Link[];
  /** The context that the span is in, where it is not the one of the caller. */
  parent?(message: Message): Context;
  /** Gives the context to what is appended. */
  carry?(message: Message, context: Context): void;
  /** Of an operation that succeeded. */
  ended?(message: Message): Attributes;
}

export type SpanPlans = { readonly [Channel in keyof TracedOperations]: SpanPlan<TracedOperations[Channel]> };
