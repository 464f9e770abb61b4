import type { EventDocument, StreamLine } from "./reports.ts";

/** The state of a stream at one of its versions. */
export interface StatePage {
  readonly stream: StreamLine;
  /** 0: before the first event. */
  readonly version: number;
  /** The event of this version; null at 0. */
  readonly event: EventDocument | null;
  readonly state: StateReport;
}

export type StateReport =
  | {
      readonly kind: "state";
      /** JSON text. */
      readonly state: string;
      /** JSON text of the state at the version before; null at 0. */
      readonly before: string | null;
      readonly masked: boolean;
    }
  /** No decider folds streams of this category. */
  | { readonly kind: "no-decider"; readonly known: readonly string[] }
  /** The decider or the catalogue failed at an event. */
  | { readonly kind: "failed"; readonly detail: string; readonly version: number | null };
