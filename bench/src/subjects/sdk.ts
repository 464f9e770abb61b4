import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** Registers OpenTelemetry's SDK as an application does: all spans are recorded. Its exporters drop what they get. */
export function registerSdk(): MeterProvider {
  const exporter = {
    export: (_exported: unknown, done: (result: { readonly code: number }) => void): void => done({ code: 0 }),
    shutdown: async (): Promise<void> => {},
    forceFlush: async (): Promise<void> => {},
    selectAggregationTemporality: (): AggregationTemporality => AggregationTemporality.CUMULATIVE,
  };
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: 100_000, maxExportBatchSize: 2_048, scheduledDelayMillis: 200 })] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 10_000 })] });
}
