import type { FollowerMetrics } from "../../runtime/follower-metrics.ts";
import type { ListenerState } from "../../feed/feed-metrics.ts";
import type { DurationMetrics } from "../../counters/durations.ts";
import type { StoreMetrics } from "./store-metrics.ts";

/** One value of a series, by what tells it from the others. */
export interface SeriesSample {
  readonly value: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * A series that monitoring gets, by OpenTelemetry's rules for names: `tidemark.append.events` is `tidemark_append_events_total` to Prometheus.
 * A counter only rises while a store is open.
 */
export interface SeriesName {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  /** `"s"`, `"1"` for a ratio; in braces, what is counted. */
  readonly unit: string;
  readonly help: string;
}

/** A series over `store.metrics()`. */
export interface Series extends SeriesName {
  /** Of metrics that cannot tell a value yet: none. */
  samples(metrics: StoreMetrics): readonly SeriesSample[];
}

type Valued = number | null | undefined;

/** One value, where there is one. */
function only(value: Valued): readonly SeriesSample[] {
  return value == null || !Number.isFinite(value) ? [] : [{ value }];
}

/** One value for each word. */
function by(attribute: string, values: Readonly<Record<string, number>>): readonly SeriesSample[] {
  return Object.entries(values).map(([word, value]) => ({ value, attributes: { [attribute]: word } }));
}

function seconds(ms: Valued): Valued {
  return ms == null ? ms : ms / 1_000;
}

function gauge(name: string, unit: string, help: string, samples: Series["samples"]): Series {
  return { name, kind: "gauge", unit, help, samples };
}

function counter(name: string, unit: string, help: string, samples: Series["samples"]): Series {
  return { name, kind: "counter", unit, help, samples };
}

/** Mean, p99 and longest of the last one to two minutes. */
function durations(name: string, what: string, of: (metrics: StoreMetrics) => DurationMetrics): readonly Series[] {
  return [
    gauge(`${name}.mean`, "s", `Mean time of ${what}, over the last one to two minutes`, (metrics) => only(seconds(of(metrics).meanMs))),
    gauge(`${name}.p99`, "s", `Time that 99 of 100 of ${what} take at most, over the last one to two minutes`, (metrics) => only(seconds(of(metrics).p99Ms))),
  ];
}

const pool: readonly Series[] = [
  gauge("db.client.connection.count", "{connection}", "Connections of the pool, by state", ({ pool: { idle, inUse } }) =>
    by("db.client.connection.state", { idle, used: inUse }),
  ),
  gauge("db.client.connection.max", "{connection}", "The most connections of the pool", ({ pool: { max } }) => only(max)),
  gauge("db.client.connection.pending_requests", "{request}", "Calls that wait for a connection", ({ pool: { waiting } }) => only(waiting)),
  counter("db.client.connection.timeouts", "{timeout}", "Calls that got no connection in time", ({ pool: { timeouts } }) => only(timeouts)),
  gauge("tidemark.pool.utilization", "1", "Share of the pool in use, over the last one to two minutes", ({ pool: { utilization } }) => only(utilization)),
  ...durations("tidemark.pool.acquisition", "waits for a connection", ({ pool: { acquisition } }) => acquisition),
];

const appends: readonly Series[] = [
  counter("tidemark.append.calls", "{call}", "Appends that were answered, by outcome", ({ appends: { calls, conflicts, failed, unknownOutcomes } }) =>
    by("tidemark.outcome", { written: calls - conflicts - failed, conflict: conflicts, failed: failed - unknownOutcomes, unknown: unknownOutcomes }),
  ),
  counter("tidemark.append.events", "{event}", "Events written, without those of transactions", ({ appends: { events } }) => only(events)),
  counter("tidemark.append.batches", "{batch}", "Batches of appends that were sent", ({ appends: { batches } }) => only(batches.sent)),
  counter("tidemark.append.retries", "{batch}", "Batches of appends that were sent again", ({ appends: { retries } }) => only(retries)),
  gauge("tidemark.append.queued", "{call}", "Appends that wait for their turn", ({ appends: { queued } }) => only(queued)),
  gauge("tidemark.append.blocked", "{call}", "Appends that wait for another transaction", ({ appends: { blocked } }) => only(blocked)),
  ...durations("tidemark.append.duration", "appends", ({ appends: { duration } }) => duration),
  counter("tidemark.append.joined.calls", "{call}", "Appends inside transactions, which may be rolled back", ({ appends: { inTransactions } }) =>
    only(inTransactions.calls),
  ),
  counter("tidemark.append.joined.events", "{event}", "Events written inside transactions", ({ appends: { inTransactions } }) => only(inTransactions.events)),
];

const log: readonly Series[] = [
  counter("tidemark.read.events", "{event}", "Events read, by who asked", ({ reads, followed }) =>
    by("tidemark.reader", { call: reads.events, follower: followed.events }),
  ),
  gauge("tidemark.mark.position", "{position}", "The high-water mark, as this process last read it", ({ mark: { position, readAgoMs } }) =>
    only(readAgoMs === null ? null : position),
  ),
  gauge("tidemark.mark.age", "s", "Since the high-water mark was last seen to rise", ({ mark: { movedAgoMs } }) => only(seconds(movedAgoMs))),
  gauge("tidemark.mark.blockers", "{transaction}", "Open appends that held the mark back at the last look", ({ mark: { heldBy } }) => only(heldBy?.length)),
  ...durations("tidemark.mark.reading", "readings of the mark", ({ mark: { reading } }) => reading),
  gauge("tidemark.listener.state", "{listener}", "1 for the state that the listening connection is in", ({ listener }) =>
    by("tidemark.state", Object.fromEntries(listenerStates.map((state) => [state, state === listener.state ? 1 : 0]))),
  ),
  counter("tidemark.listener.losses", "{loss}", "How often the listening connection was lost", ({ listener: { losses } }) => only(losses)),
  counter("tidemark.skipped.events", "{event}", "Events of types that the catalogue does not know", ({ skipped: { times } }) => only(times)),
];

const listenerStates: readonly ListenerState[] = ["off", "connecting", "listening", "deaf"];

/** Whatever follows the log here, with the attributes that name it. */
function each(samples: (follower: FollowerMetrics) => readonly SeriesSample[]): Series["samples"] {
  return ({ consumers, projections, processes, relays }) =>
    Object.entries({ consumer: consumers, projection: projections, process: processes, relay: relays }).flatMap(([kind, followers]) =>
      followers.flatMap((follower) => {
        const { name, version, tenant } = follower;
        const named = {
          "tidemark.follower.kind": kind,
          "tidemark.follower.name": name,
          ...(version !== null && { "tidemark.follower.version": `${version}` }),
          ...(tenant !== "" && { "tidemark.tenant": tenant }),
        };
        return samples(follower).map(({ value, attributes }) => ({ value, attributes: { ...named, ...attributes } }));
      }),
    );
}

const followers: readonly Series[] = [
  gauge(
    "tidemark.follower.position",
    "{position}",
    "Where a consumer, projection, process or relay is",
    each(({ position }) => only(position)),
  ),
  gauge(
    "tidemark.follower.lag.events",
    "{position}",
    "Positions between it and the mark",
    each(({ lag, position }) => only(position === null ? null : lag.events)),
  ),
  gauge(
    "tidemark.follower.lag.time",
    "s",
    "How long it has been behind the mark",
    each(({ lag, position }) => only(position === null ? null : seconds(lag.ms))),
  ),
  gauge(
    "tidemark.follower.drain.time",
    "s",
    "Until it has caught up, at the pace of the last minute",
    each(({ drainMs }) => only(seconds(drainMs))),
  ),
  counter(
    "tidemark.follower.events",
    "{event}",
    "Events that it was given, by what became of them",
    each(({ handled, retried, parked }) => by("tidemark.outcome", { handled, retried, parked })),
  ),
  gauge(
    "tidemark.follower.shards",
    "{shard}",
    "Its shards that this process holds, by state",
    each(({ shards }) =>
      Object.entries(Object.groupBy(shards, ({ state }) => state)).map(([state, of]) => ({ value: of?.length ?? 0, attributes: { "tidemark.state": state } })),
    ),
  ),
  gauge(
    "tidemark.follower.handling.mean",
    "s",
    "Mean time of its handler's calls that were awaited",
    each(({ handling }) => only(seconds(handling.meanMs))),
  ),
  gauge(
    "tidemark.follower.handling.p99",
    "s",
    "Time that 99 of 100 of those calls take at most",
    each(({ handling }) => only(seconds(handling.p99Ms))),
  ),
];

/** All that `store.metrics()` tells to monitoring. */
export const series: readonly Series[] = [
  gauge("tidemark.store.open.time", "s", "How long the store has been open", ({ openForMs }) => only(seconds(openForMs))),
  ...pool,
  ...appends,
  ...log,
  ...followers,
];
