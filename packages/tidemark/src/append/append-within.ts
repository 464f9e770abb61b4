import type { Session } from "../database/database.ts";
import { batchCall } from "./append-call.ts";
import type { BatchSettings } from "./batch.ts";
import type { EncodedAppend } from "./encoded.ts";
import type { Gate } from "./gate.ts";
import { inlineAppend } from "./inline-append.ts";
import type { Outcome } from "./outcome.ts";
import type { AppendStatements } from "./statements.ts";

/** How appends are written in a transaction of the library's own. */
export interface WithinSettings extends Omit<BatchSettings, "epoch"> {
  /** Look the ids up first: they may be in the log. */
  readonly checkIds: boolean;
  /** Wait for claims too, as long as `lock_timeout` says; otherwise an append that cannot have them is `blocked`. */
  readonly wait: boolean;
}

/**
 * Writes several appends in a transaction of the library's own, in this order, with the inline projections that they concern. The outcome
 * of each; where one is `outdated`, none was written. Where this throws, the transaction must be rolled back.
 *
 * @throws {@link InlineFailure} — a projection could not take an event.
 */
export async function appendWithin(
  session: Session,
  { statements, gate }: { readonly statements: AppendStatements; readonly gate: Gate },
  appends: readonly EncodedAppend[],
  { checkIds, wait, ...settings }: WithinSettings,
): Promise<Outcome[]> {
  const { epoch, inline } = gate;
  const batch: BatchSettings = { ...settings, epoch };
  const call = batchCall(wait ? statements.joined : statements.inline, appends, checkIds, batch);
  const plan = inline?.plan(appends);
  if (plan && !plan.empty) return await inlineAppend(session, statements, { appends, plan, call, settings: batch, lockMs: null });
  return call.outcomes(await session.query(call.statement, call.values));
}
