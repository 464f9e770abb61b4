import type { Session } from "../database/database.ts";
import type { RecordedEvent } from "../model/event.ts";
import { type BatchSettings, encodeBatch, separator } from "./batch.ts";
import type { EncodedAppend } from "./encoded.ts";
import type { InlinePlan } from "./inline.ts";
import type { Outcome } from "./outcome.ts";
import { recordedEvents } from "./recorded.ts";
import type { AppendStatements } from "./statements.ts";

export interface InlineAppend {
  readonly appends: readonly EncodedAppend[];
  readonly checkIds: boolean;
  readonly plan: InlinePlan;
  readonly settings: BatchSettings;
  /** How long a lock is waited for; null: as the session says. */
  readonly lockMs: number | null;
  /** Whether claims of conditions are waited for, too. */
  readonly waits: boolean;
}

/**
 * Appends that write inline projections, as a few statements of an open transaction: stream rows and gate, documents, the append
 * itself, and once it is there and has its positions, what the projections make of it. Where this throws, the transaction, or
 * what it did since a savepoint, must be rolled back.
 */
export async function inlineAppend(session: Session, statements: AppendStatements, append: InlineAppend): Promise<Outcome[]> {
  const { appends, plan, settings } = append;
  const { values, outcomes } = encodeBatch(appends, append.checkIds, settings);
  const [entered] = await session.query(statements.enter, [...values.slice(0, 4), settings.epoch, plan.projections.join(separator), append.lockMs]);
  if (entered?.["entered"] !== "true") return appends.map(() => ({ kind: "outdated" }));
  await plan.lock(session);
  const [row] = await session.query(append.waits ? statements.joined : statements.inline, values);
  const results = outcomes(row ?? {});
  await plan.write(session, (index) => writtenBy(results[index]));
  return results;
}

/** What an append wrote now. A projection that is not told of an event has lost it. */
function writtenBy(outcome: Outcome | undefined): readonly RecordedEvent[] {
  if (outcome?.kind !== "written" || outcome.repeated) return [];
  const events = recordedEvents(outcome);
  if (!events) throw new TypeError("append_many did not say where all events are: does a trigger on the table events leave some out?");
  return events;
}
