import type { Call, Session } from "../database/database.ts";
import { DuplicateEventError } from "../errors/appending.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { SerializationFailureError } from "../errors/database.ts";
import type { Submit } from "./appender.ts";
import { batchCall } from "./append-call.ts";
import type { AppendCounters } from "./append-counters.ts";
import type { EncodedAppend } from "./encoded.ts";
import { isRepeatedId, isTakenVersion } from "./failure.ts";
import type { Gate } from "./gate.ts";
import { InlineFailure, type InlinePlan, type InlineProjections } from "./inline.ts";
import { type InlineAppend, inlineAppend } from "./inline-append.ts";
import type { Outcome } from "./outcome.ts";
import { tellRecorded } from "./recorded.ts";
import type { AppendStatements } from "./statements.ts";

export interface JoinedAppendSettings {
  readonly now: (() => Date) | undefined;
  readonly gate: Gate;
  readonly counters: AppendCounters;
  /** Called when it has written something. */
  readonly onWritten: () => void;
}

/**
 * Appends inside a transaction of the caller's: no batching, and the streams stay locked until they commit. A conflict is a verdict and leaves the transaction usable. The durability is the transaction's own.
 */
export function joinedAppend(session: Session, statements: AppendStatements, settings: JoinedAppendSettings): Submit {
  const submit: Submit = async (given, signal) => {
    signal?.throwIfAborted();
    const append = given instanceof Promise ? await given : given;
    const recordedAt = settings.now ? settings.now().toISOString() : null;
    const send = async (): Promise<Outcome | undefined> => {
      const { epoch, inline } = settings.gate;
      const batch = { recordedAt, durability: null, epoch };
      const plan = inline && planFor(inline, append);
      if (plan && !plan.empty) {
        const call = batchCall(statements.joined, [append], append.ownIds, batch);
        const inlined = { appends: [append], call, plan, settings: batch, lockMs: null };
        return session.alone((alone) => inSavepoint(alone, statements, inlined));
      }
      const call = batchCall(statements.joined, [append], append.ownIds, batch);
      return call.outcomes(await query(session, call, append, signal))[0];
    };
    let outcome = await send();
    while (outcome?.kind === "outdated") {
      await settings.gate.reload(session);
      outcome = await send();
    }
    if (!outcome || outcome.kind === "blocked") throw new TypeError("an append that waits is never blocked");
    if (outcome.kind !== "written") {
      settings.counters.rejectedInTransaction(outcome.error);
      throw outcome.error;
    }
    settings.counters.writtenInTransaction(outcome.repeated ? 0 : append.events);
    settings.onWritten();
    tellRecorded(append, outcome);
    return outcome.results;
  };
  // One that was not awaited may be a conflict, which no statement of it tells the transaction.
  return (append, signal) => session.enlist(submit(append, signal));
}

function planFor(inline: InlineProjections, append: EncodedAppend): InlinePlan {
  try {
    return inline.plan([append]);
  } catch (error) {
    throw error instanceof InlineFailure ? error.cause : error;
  }
}

/**
 * What a projection refuses is undone here, or its events would commit without it. Where a statement failed there is nothing to
 * undo: PostgreSQL lets nothing of the transaction commit.
 *
 * @param session - with the connection to itself: what anyone else wrote since the savepoint would be undone with it
 */
async function inSavepoint(session: Session, statements: AppendStatements, append: InlineAppend): Promise<Outcome | undefined> {
  await session.execute(["savepoint tidemark_append", statements.holdCommit]);
  try {
    const [outcome] = await inlineAppend(session, statements, append);
    await session.execute([statements.allowCommit, "release savepoint tidemark_append"]);
    return outcome;
  } catch (error) {
    await session.settled().catch(() => {});
    // Released as well: a caller may have a savepoint of this name, which the newer one would hide.
    await session.execute(["rollback to savepoint tidemark_append", "release savepoint tidemark_append"]).catch(() => {});
    const [failed] = append.appends;
    throw error instanceof InlineFailure ? error.cause : failed ? inTransaction(error, failed) : error;
  }
}

async function query(session: Session, { statement, values }: Call, append: EncodedAppend, signal: AbortSignal | undefined): ReturnType<Session["query"]> {
  try {
    return await session.query(statement, values, { signal });
  } catch (error) {
    throw inTransaction(error, append);
  }
}

/** What these refusals mean to a caller whose transaction they have aborted. */
function inTransaction(error: unknown, append: EncodedAppend): unknown {
  if (!isTidemarkError(error, "DATABASE")) return error;
  if (isRepeatedId(error)) {
    const event = append.parts.flatMap((part) => part.events.map(({ id }) => ({ id, streamId: part.streamId })))[0];
    return new DuplicateEventError(
      event?.id ?? "",
      event?.streamId ?? "",
      "written by another transaction at the same time; this transaction has to be rolled back",
      { cause: error },
    );
  }
  // Under REPEATABLE READ the version was read in an old snapshot, so that another append has the same one.
  const outdated = isTakenVersion(error);
  return outdated || error.sqlState === "40001" ? new SerializationFailureError(error.sqlState, { cause: error }) : error;
}
