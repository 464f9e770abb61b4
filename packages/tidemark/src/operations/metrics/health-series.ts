import type { HealthReport, HealthStatus } from "../health/health-report.ts";
import type { SeriesName, SeriesSample } from "./series.ts";

/** Of `store.health()`, which asks the database. */
export const healthSeries: SeriesName = {
  name: "tidemark.health.status",
  kind: "gauge",
  unit: "{status}",
  help: "Each check of store.health(): 0 is ok, 1 degraded, 2 failing",
};

const worth: Readonly<Record<HealthStatus, number>> = { ok: 0, degraded: 1, failing: 2 };

export function healthSamples({ checks }: HealthReport): readonly SeriesSample[] {
  return checks.map(({ name, status }) => ({ value: worth[status], attributes: { "tidemark.check": name } }));
}
