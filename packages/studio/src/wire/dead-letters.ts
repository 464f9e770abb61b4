import type { EventDocument } from "./reports.ts";

/** The events that consumers and relays gave up on, by why. */
export interface DeadLettersReport {
  readonly groups: readonly LetterGroup[];
  /** Whether there are more letters than were looked at. */
  readonly more: boolean;
}

export interface LetterGroup {
  readonly kind: "consumer" | "relay";
  readonly consumer: string;
  /** The message of the error, with `…` where letters differ. */
  readonly cause: string;
  readonly code: string | null;
  readonly count: number;
  /** How many wait behind them. */
  readonly parked: number;
  /** The first of them. */
  readonly letters: readonly LetterLine[];
}

export interface LetterLine {
  readonly position: number;
  readonly state: "failed" | "parked" | "skipped";
  readonly streamId: string;
  readonly type: string;
  readonly attempts: number;
  readonly retryRequested: boolean;
  readonly parkedAt: number;
}

export interface LetterError {
  readonly code: string | null;
  readonly message: string;
  readonly stack: string | null;
}

export interface LetterPage {
  readonly kind: "consumer" | "relay";
  readonly consumer: string;
  readonly letter: LetterLine;
  readonly event: EventDocument;
  readonly error: LetterError | null;
  readonly decodeError: string | null;
  /** Those of its stream that wait behind it. */
  readonly parked: readonly LetterLine[];
}

/** Letters one by one, with their events. */
export interface LettersPage {
  readonly letters: readonly (Omit<LetterLine, "streamId" | "type"> & {
    readonly kind: "consumer" | "relay";
    readonly consumer: string;
    readonly error: LetterError | null;
    readonly event: EventDocument;
  })[];
}
