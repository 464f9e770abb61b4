import type { EventDocument, ProblemReport } from "./reports.ts";

/** What a browser wants to see of the log's tail. */
export interface TailFilter {
  /** Any of these; empty for all. */
  readonly types: readonly string[];
  readonly category: string | undefined;
  /** The beginning of the stream's name. */
  readonly prefix: string;
}

/** One message of the tail. Without events it says that the studio is still there. */
export interface TailMessage {
  /** How many events before these do not come, because the browser or the page was too slow for them; at least so many. */
  readonly skipped: number;
  readonly events: readonly EventDocument[];
  /** The last message: why nothing more comes. */
  readonly problem?: ProblemReport;
}
