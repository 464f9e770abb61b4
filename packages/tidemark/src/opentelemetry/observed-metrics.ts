import type { Attributes, BatchObservableCallback, Meter, Observable } from "@opentelemetry/api";
import { type Series, series } from "../operations/metrics/series.ts";
import type { StoreMetrics } from "../operations/metrics/store-metrics.ts";

/** Tells `store.metrics()` whenever an exporter collects, and calls `collecting` before. Returns what ends that. */
export function observeMetrics(meter: Meter, metrics: () => StoreMetrics, common: Attributes, collecting: () => void): () => void {
  const observed = series.map((one) => ({ one, instrument: instrumentOf(meter, one) }));
  const observe: BatchObservableCallback = (result) => {
    collecting();
    const now = metrics();
    for (const { one, instrument } of observed)
      for (const { value, attributes } of one.samples(now)) result.observe(instrument, value, { ...common, ...attributes });
  };
  const instruments = observed.map(({ instrument }) => instrument);
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}

function instrumentOf(meter: Meter, { name, kind, unit, help }: Series): Observable {
  const options = { description: help, unit };
  return kind === "counter" ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options);
}
