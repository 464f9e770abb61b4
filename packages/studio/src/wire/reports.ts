/** What the browser asks for and gets, as JSON: times are milliseconds since 1970. It imports nothing, because both sides know it. */
export interface OverviewReport {
  /** The database's answer came at this time of the server. */
  readonly at: number;
  readonly mark: number;
  /** The newest event at or below the mark; null in an empty log. */
  readonly newest: EventLine | null;
  readonly blockers: readonly BlockerLine[];
  readonly followers: readonly FollowerLine[];
  readonly health: { readonly status: "ok" | "degraded" | "failing"; readonly checks: readonly CheckLine[] };
}

export interface BlockerLine {
  readonly pid: number | null;
  readonly transaction: string | null;
  readonly application: string;
  readonly query: string;
  readonly heldForMs: number;
  readonly events: number;
}

export interface FollowerLine {
  readonly kind: "consumer" | "projection" | "process" | "relay";
  readonly name: string;
  readonly version: number | null;
  readonly tenant: string;
  readonly state: string;
  readonly position: number;
  readonly lagEvents: number;
  readonly lagMs: number;
  readonly deadLetters: number;
  readonly error: string | null;
}

export interface CheckLine {
  readonly name: string;
  readonly status: "ok" | "degraded" | "failing";
  readonly value: number | string | null;
  readonly limit: number | string | null;
  readonly advice: string | null;
}

export interface DoctorReport {
  readonly at: number;
  readonly findings: readonly FindingLine[];
}

export interface FindingLine {
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  readonly what: string;
  readonly why: string;
  readonly mend: string;
}

export interface StatsReport {
  readonly at: number;
  readonly events: CountLine;
  readonly streams: CountLine | null;
  readonly types: readonly (CountLine & { readonly name: string })[];
  readonly categories: readonly (CountLine & { readonly name: string })[];
  readonly days: readonly (CountLine & { readonly name: string })[];
  /** `tenant` is null where the pages of one tenant are shown, and no others. */
  readonly largestStreams: readonly { readonly streamId: string; readonly events: number; readonly tenant: string | null }[];
  readonly bytes: number;
}

export interface CountLine {
  readonly count: number;
  readonly estimated: boolean;
}

export interface StreamsPage {
  readonly streams: readonly StreamLine[];
  /** Goes into `after` for the next page; null on the last one. */
  readonly next: string | null;
}

export interface StreamLine {
  readonly streamId: string;
  readonly category: string;
  readonly version: number;
  readonly createdAt: number | null;
  readonly lastPosition: number | null;
}

export interface StreamPage {
  readonly stream: StreamLine;
  readonly events: readonly EventDocument[];
}

/** An event without what it says. */
export interface EventLine {
  readonly id: string;
  readonly type: string;
  readonly streamId: string;
  readonly version: number;
  readonly position: number;
  readonly recordedAt: number;
}

/** An event as it is stored. */
export interface EventDocument extends EventLine {
  readonly category: string;
  readonly schemaVersion: number;
  readonly tenant: string;
  readonly tags: readonly string[];
  /** JSON text: a number in it may be larger than JavaScript can hold. */
  readonly data: string;
  /** JSON text. */
  readonly metadata: string;
  /** Whether something in it was masked. */
  readonly masked: boolean;
}

export interface EventPage {
  readonly event: EventDocument;
  /** What the application's catalogue makes of it, JSON text; null where that is the same, or there is no catalogue. */
  readonly decoded: { readonly type: string; readonly schemaVersion: number; readonly data: string } | { readonly error: string } | null;
  readonly causation: CausationReport;
  /** The versions beside it in its stream. */
  readonly previous: string | null;
  readonly next: string | null;
  /** The PostgreSQL schema, for the SQL to copy. */
  readonly schema: string;
}

export type CausationReport =
  | { readonly kind: "indexes-missing"; readonly command: string }
  | {
      readonly kind: "tree";
      readonly causes: readonly EventLine[];
      readonly causesCut: boolean;
      readonly effects: readonly EffectLine[];
      readonly complete: boolean;
    };

export interface EffectLine {
  readonly event: EventLine;
  readonly effects: readonly EffectLine[];
  readonly cut: boolean;
}

export interface LogPage {
  readonly events: readonly EventDocument[];
}

/** Why a call was refused or failed: RFC 9457. */
export interface ProblemReport {
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly code: string;
}
