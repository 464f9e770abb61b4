/**
 * A number of things, counted or estimated.
 *
 * @example
 * ```ts
 * const shown = ({ count, estimated }: StatsCount): string => `${estimated ? "about " : ""}${count}`;
 * ```
 */
export interface StatsCount {
  readonly count: number;
  /** Whether it was estimated from a sample and from what PostgreSQL keeps, which is exact to some percent only. */
  readonly estimated: boolean;
}

/**
 * How many events have something in common: a type, a category, a tenant, a day.
 *
 * @example
 * ```ts
 * const busiest = (days: readonly StatsShare[]): StatsShare | undefined => days.toSorted((a, b) => b.count - a.count)[0];
 * ```
 */
export interface StatsShare extends StatsCount {
  readonly name: string;
}

/**
 * What a store holds, and what it takes on disk.
 *
 * @example
 * ```ts
 * const { events, types }: StoreStats = await store.stats({ days: 7 });
 * console.debug(events.count, types[0]?.name);
 * ```
 */
export interface StoreStats {
  readonly events: StatsCount;
  /** Those with events. Null: of one tenant in a large store, nobody knows without counting them all. */
  readonly streams: StatsCount | null;
  /** By type, the most frequent first: 100 at most. Estimated, rare ones may be missing. */
  readonly types: readonly StatsShare[];
  /** The same by category. */
  readonly categories: readonly StatsShare[];
  /** The same by tenant; the store itself is `""`. */
  readonly tenants: readonly StatsShare[];
  /** The events recorded on each of the last days, in UTC, the oldest first: `"2026-11-29"`. Days without events are there. */
  readonly days: readonly StatsShare[];
  /** The streams with the most events: 10 at most. Estimated, others may be as large; how many events one has is exact. */
  readonly largestStreams: readonly StatsStream[];
  /** Every table of the schema, the largest first; those of read models, too. The same for all tenants. */
  readonly tables: readonly StatsTable[];
  /** Every index of the schema, the largest first. The same for all tenants. */
  readonly indexes: readonly StatsIndex[];
  /** What all tables and indexes take on disk. */
  readonly bytes: number;
}

/**
 * A stream, by its size.
 *
 * @example
 * ```ts
 * const line = ({ tenant, streamId, events }: StatsStream): string => `${tenant}/${streamId}: ${events}`;
 * ```
 */
export interface StatsStream {
  readonly streamId: string;
  readonly tenant: string;
  readonly events: number;
}

/**
 * A table on disk.
 *
 * @example
 * ```ts
 * const whole = ({ bytes, indexBytes }: StatsTable): number => bytes + indexBytes;
 * ```
 */
export interface StatsTable {
  readonly name: string;
  /** As PostgreSQL estimates it; 0 where it was never analysed. */
  readonly rows: number;
  /** With what stands outside of it (TOAST), without its indexes. */
  readonly bytes: number;
  readonly indexBytes: number;
}

/**
 * An index on disk.
 *
 * @example
 * ```ts
 * const idle = (indexes: readonly StatsIndex[]): readonly StatsIndex[] => indexes.filter(({ scans }) => scans === 0);
 * ```
 */
export interface StatsIndex {
  readonly name: string;
  readonly table: string;
  readonly bytes: number;
  /** How often a statement used it, on this server, since its statistics were reset. */
  readonly scans: number;
}
