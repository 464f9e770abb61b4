import type { Session } from "../database/database.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { EncodedAppend } from "./encoded.ts";

/** What appends write besides their events, in the same transaction. */
export interface InlineProjections {
  /** What these appends change. Throws `InlineFailure`. */
  plan(appends: readonly EncodedAppend[]): InlinePlan;
}

export interface InlinePlan {
  /** They change nothing, and need no transaction of several statements. */
  readonly empty: boolean;
  /** The followers of the projections that it writes, so that nobody takes one of them from appends meanwhile. */
  readonly projections: readonly string[];
  /** How many documents change. */
  readonly documents: number;
  /** Locks and loads what will change: after the stream rows and the gate, before the floor. */
  lock(session: Session): Promise<void>;
  /**
   * Writes it, once the events are there. `written`: those of an append, where it was written now.
   *
   * @throws {@link InlineFailure} — then nothing of the transaction may be committed.
   */
  write(session: Session, written: (append: number) => readonly RecordedEvent[]): Promise<void>;
}

/** A projection could not take an event. `append` is the one to blame; undefined where that is not known. */
export class InlineFailure extends Error {
  readonly append: number | undefined;

  constructor(append: number | undefined, cause: unknown) {
    super("a projection failed", { cause });
    this.append = append;
  }
}
