import type { EventLine } from "./reports.ts";

/** The versions of all projections. */
export interface ProjectionsReport {
  readonly at: number;
  readonly projections: readonly ProjectionLine[];
}

export interface ProjectionLine {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly state: string;
  readonly serving: boolean;
  readonly servedUntil: number | null;
  readonly position: number;
  readonly lagEvents: number;
  readonly lagMs: number;
  readonly error: string | null;
  /** The id of the event that is being tried again, or at which it stopped. */
  readonly failingEvent: string | null;
  readonly collection: string | null;
  readonly changedAt: number;
  /** Null where it was not built beside another version. */
  readonly build: BuildLine | null;
}

export interface BuildLine {
  readonly state: "building" | "checking" | "ready" | "failed";
  readonly swap: "auto" | "manual";
  readonly events: number;
  readonly total: number;
  readonly perSecond: number;
  readonly remainingMs: number | null;
  readonly startedAt: number;
  /** What hangs on the table of the version that serves, and keeps this one from serving. */
  readonly dependents: number;
}

/** Documents compared with a fold of the log. */
export type ProjectionCheckReport =
  | {
      readonly kind: "checked";
      readonly documents: number;
      readonly compared: number;
      readonly different: number;
      readonly differences: readonly DifferenceLine[];
    }
  /** The store that is looked at was opened without the definition. */
  | { readonly kind: "unknown"; readonly detail: string };

export interface DifferenceLine {
  readonly id: string;
  /** JSON text; null where there is none. */
  readonly stored: string | null;
  readonly folded: string | null;
}

export interface DocumentsPage {
  readonly collection: string;
  readonly documents: readonly DocumentLine[];
  /** Goes into `after` for the next page; null on the last one. */
  readonly next: string | null;
  /** Whether only ids may be asked for: a filter by a masked field would tell what it holds. */
  readonly onlyIds: boolean;
}

export interface DocumentLine {
  readonly id: string;
  /** How often it was written. */
  readonly version: number;
  readonly isDeleted: boolean;
  /** JSON text. */
  readonly data: string;
  readonly masked: boolean;
}

export interface DocumentReport {
  readonly document: DocumentLine;
  /** The stream that is named as the document is, with its newest events; null where there is none. */
  readonly stream: { readonly version: number; readonly events: readonly EventLine[] } | null;
}

/** A condition on documents: a path, an operator, and what it is compared with, as JSON. */
export type Condition = readonly [path: string, operator: string, value: unknown];

export const operators: readonly string[] = ["eq", "ne", "gt", "gte", "lt", "lte", "contains", "exists"];
