import type { SeriesName } from "./series.ts";

/** What a series is called in Prometheus: as OpenTelemetry's own exporters call it. */
export function prometheusName({ name, unit, kind }: Pick<SeriesName, "name" | "unit" | "kind">): string {
  const suffix = unit === "s" ? "_seconds" : unit === "1" && kind === "gauge" ? "_ratio" : "";
  return `${name.replaceAll(/[^a-zA-Z0-9_:]/g, "_")}${suffix}${kind === "counter" ? "_total" : ""}`;
}
