import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import { checkBoolean, oneOf } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/**
 * Options of `instrument`.
 *
 * @example
 * ```ts
 * const options: InstrumentOptions = { handlerParent: "event" };
 * ```
 */
export interface InstrumentOptions {
  /** Makes the spans. @defaultValue the one that is registered with `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider;
  /** Makes the metrics. @defaultValue the one that is registered with `@opentelemetry/api` */
  readonly meterProvider?: MeterProvider;
  /**
   * Of which trace the span of a handler is that is called with one event. `"link"`: of a trace of its own, linked to the append, as the
   * conventions have it. `"event"`: of the trace of the append. Batches are always linked. @defaultValue "link"
   */
  readonly handlerParent?: "link" | "event";
  /** Whether spans have the ids of streams as attributes. Names and metrics never have. @defaultValue false */
  readonly streamIds?: boolean;
}

/** With defaults. */
export interface ValidInstrumentOptions {
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;
  readonly handlerParent: "link" | "event";
  readonly streamIds: boolean;
}

const shape = {
  tracerProvider: (value: unknown, path: string): TracerProvider => {
    if (isTracerProvider(value)) return value;
    throw new InvalidArgumentError(path, `must be a TracerProvider of OpenTelemetry, not ${describeValue(value)}`);
  },
  meterProvider: (value: unknown, path: string): MeterProvider => {
    if (isMeterProvider(value)) return value;
    throw new InvalidArgumentError(path, `must be a MeterProvider of OpenTelemetry, not ${describeValue(value)}`);
  },
  handlerParent: oneOf("link", "event"),
  streamIds: checkBoolean,
};

export function checkInstrumentOptions(options: unknown): ValidInstrumentOptions {
  const { tracerProvider, meterProvider, handlerParent = "link", streamIds = false } = checkOptions(options, shape);
  return { tracerProvider, meterProvider, handlerParent, streamIds };
}

function isTracerProvider(value: unknown): value is TracerProvider {
  return isRecord(value) && typeof value["getTracer"] === "function";
}

function isMeterProvider(value: unknown): value is MeterProvider {
  return isRecord(value) && typeof value["getMeter"] === "function";
}
