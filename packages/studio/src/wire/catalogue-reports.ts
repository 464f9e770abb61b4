import type { CountLine } from "./reports.ts";

/** The types of events that are stored. */
export interface CatalogueReport {
  readonly at: number;
  /** The most frequent first: 100 at most. */
  readonly types: readonly (CountLine & { readonly name: string })[];
}

/** Stored events, read with the application's catalogue. */
export type CatalogueCheckReport =
  | {
      readonly kind: "checked";
      readonly position: number;
      readonly checked: number;
      readonly failed: number;
      readonly types: readonly CheckedTypeLine[];
      readonly examples: readonly string[];
    }
  /** The store was opened without a catalogue. */
  | { readonly kind: "no-catalogue" };

export interface CheckedTypeLine {
  readonly type: string;
  readonly schemaVersion: number;
  readonly count: number;
  readonly checked: number;
  readonly failed: number;
  readonly problems: readonly ProblemLine[];
}

export interface ProblemLine {
  readonly eventId: string;
  readonly message: string;
}
