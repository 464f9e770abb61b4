import type { Call, Session, TextRow } from "../database/database.ts";
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
  /** The followers of the projections that it writes, so that none of them is taken from appends meanwhile. */
  readonly projections: readonly string[];
  /** How many documents change. */
  readonly documents: number;
  /** A handler of the user's runs in the transaction, with statements that are not known before. */
  readonly runsHandlers: boolean;
  /**
   * What locks and loads the documents: to be sent after the stream rows and the gate, before the floor. `"kept"`: PostgreSQL may keep
   * the plans, as in an exchange.
   */
  locks(planning: "kept" | "each time"): readonly Call[];
  /** Takes the answers to `locks`. False where a document was deleted meanwhile and is not locked: then `lockGone`, or begin anew. */
  load(answers: readonly (readonly TextRow[])[]): boolean;
  lockGone(session: Session): Promise<void>;
  /**
   * What writes the documents, once the events are there; where no handler runs, that is all. `written`: those of an append, where it
   * was written now.
   *
   * @throws {@link InlineFailure} — then nothing of the transaction may be committed. So says a call that fails.
   */
  writes(written: (append: number) => readonly RecordedEvent[]): readonly Call[];
  /** The same, and runs handlers. Rejects as `writes` throws. */
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
