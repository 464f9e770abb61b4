import type { CountLine, EventLine } from "./reports.ts";

/** What a store holds of each tenant, and what its tables take. */
export interface TenantsReport {
  readonly at: number;
  /** Whether the pages of every tenant can be opened. If not, `tenants` is empty. */
  readonly all: boolean;
  /** Those with the most events, the largest first. */
  readonly tenants: readonly TenantLine[];
  /** How many of the newest events were looked at for `newest` of a tenant. */
  readonly looked: number;
  readonly mark: number;
  /** Of the log; null in an empty one. */
  readonly oldest: EventLine | null;
  readonly newest: EventLine | null;
  readonly tables: readonly TableLine[];
  readonly bytes: number;
}

export interface TenantLine extends CountLine {
  /** `""` is the store itself. */
  readonly name: string;
  /** Its share of the log's table and indexes, by the number of its events. */
  readonly bytes: number;
  /** Its newest event; null where it is none of the newest of the log. */
  readonly newest: EventLine | null;
}

export interface TableLine {
  readonly name: string;
  /** Estimated; 0 where PostgreSQL has not analysed it yet. */
  readonly rows: number;
  readonly bytes: number;
  readonly indexBytes: number;
}
