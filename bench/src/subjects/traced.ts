import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { StoreOptions } from "tidemark";
import { instrument } from "tidemark/opentelemetry";
import { openTidemark, type TidemarkSubject } from "./tidemark.ts";

/** Tidemark as an application has it that registers OpenTelemetry's SDK: all spans are recorded. Its exporters drop what they get. */
export async function openTraced(url: string, options?: StoreOptions): Promise<TidemarkSubject> {
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
  const meterProvider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 10_000 })] });
  const subject = await openTidemark(url, options);
  const instrumentation = instrument(subject.store, { meterProvider });
  return {
    ...subject,
    async close() {
      instrumentation.stop();
      await meterProvider.shutdown();
      await subject.close();
    },
  };
}
