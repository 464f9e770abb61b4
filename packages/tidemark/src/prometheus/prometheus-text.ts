import { checkBoolean } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { healthSamples, healthSeries } from "../operations/metrics/health-series.ts";
import { prometheusName } from "../operations/metrics/prometheus-name.ts";
import { type SeriesSample, type SeriesName, series } from "../operations/metrics/series.ts";
import { storeAttributes } from "../operations/metrics/store-attributes.ts";
import type { EventStore } from "../store/event-store.ts";
import { tracedPlaceOf } from "../tracing/traced-store.ts";
import { loadClient, type PrometheusClient } from "./client.ts";

/**
 * Options of `prometheusText`.
 *
 * @example
 * ```ts
 * const options: PrometheusOptions = { health: true };
 * ```
 */
export interface PrometheusOptions {
  /**
   * Also looks at the database, as `store.health()` does with its own limits: `tidemark_health_status` has each check, and tells of consumers
   * that no process runs. That costs a few statements. @defaultValue false
   */
  readonly health?: boolean;
}

const shape = { health: checkBoolean };

/**
 * Tells `store.metrics()` in the text format of Prometheus. Serve it with the content type `text/plain; version=0.0.4; charset=utf-8`. It asks
 * the database nothing, unless `health` says so.
 *
 * Names and labels are those that OpenTelemetry's exporters give the same series, so that the dashboards and alerts of this package suit both.
 *
 * @throws {@link InvalidArgumentError} — an option is unknown or invalid.
 * @throws {@link MissingDependencyError} — `@prometheus-io/client` is not installed.
 *
 * @example
 * ```ts
 * const text = await prometheusText(store);
 * ```
 */
export async function prometheusText(store: EventStore, options?: PrometheusOptions): Promise<string> {
  const { health = false } = checkOptions(options, shape);
  const client = await loadClient();
  const registry = new client.Registry();
  const traced = tracedPlaceOf(store)?.store;
  const common = labelsOf(traced ? storeAttributes(traced) : {});
  const metrics = store.metrics();
  for (const one of series) addSeries(client, registry, one, one.samples(metrics), common);
  if (health) addSeries(client, registry, healthSeries, healthSamples(await store.health()), common);
  return await registry.metrics();
}

/** A counter of theirs begins at 0 here at each call, and is raised once. */
function addSeries(
  client: PrometheusClient,
  registry: InstanceType<PrometheusClient["Registry"]>,
  one: SeriesName,
  samples: readonly SeriesSample[],
  common: Labels,
): void {
  const labelled = samples.map(({ value, attributes = {} }) => ({ value, labels: { ...common, ...labelsOf(attributes) } }));
  if (labelled.length === 0) return;
  const labelNames = [...new Set(labelled.flatMap(({ labels }) => Object.keys(labels)))];
  const configuration = { name: prometheusName(one), help: one.help, labelNames, registers: [registry] };
  if (one.kind === "counter") {
    const counter = new client.Counter(configuration);
    for (const { labels, value } of labelled) counter.inc(labels, value);
  } else {
    const gauge = new client.Gauge(configuration);
    for (const { labels, value } of labelled) gauge.set(labels, value);
  }
}

type Labels = Readonly<Record<string, string>>;

function labelsOf(attributes: Readonly<Record<string, string>>): Labels {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.replaceAll(/\W/g, "_"), value]));
}
