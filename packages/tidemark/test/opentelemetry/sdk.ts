import { context, propagation, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** A span as tests look at it. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

function finished(span: ReadableSpan): FinishedSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    links: span.links.map(({ context: to }) => ({ traceId: to.traceId, spanId: to.spanId })),
    attributes: span.attributes,
    failed: span.status.code === SpanStatusCode.ERROR,
  };
}

/** The real SDK, registered in this process until it is disposed. */
export class Sdk implements AsyncDisposable {
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics: InMemoryMetricExporter;
  readonly #reader: PeriodicExportingMetricReader;

  constructor() {
    this.tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: this.#spans })] });
    trace.setGlobalTracerProvider(this.tracerProvider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }));
    this.#metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    this.#reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 });
    this.meterProvider = new MeterProvider({ readers: [this.#reader] });
  }

  spans(): readonly FinishedSpan[] {
    return this.#spans.getFinishedSpans().map(finished);
  }

  named(name: string): readonly FinishedSpan[] {
    return this.spans().filter((span) => span.name === name);
  }

  /** The data points of each metric now, by its name. */
  async metrics(): Promise<ReadonlyMap<string, readonly { readonly value: unknown; readonly attributes: Readonly<Record<string, unknown>> }[]>> {
    this.#metrics.reset();
    await this.#reader.forceFlush();
    const scopes = this.#metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return new Map(
      scopes.flatMap(({ metrics }) =>
        metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.map(({ value, attributes }) => ({ value, attributes }))] as const),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.meterProvider.shutdown();
    await this.tracerProvider.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  }
}
