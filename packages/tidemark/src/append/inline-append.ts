import { sendInTurn } from "../database/calls.ts";
import type { Call, Database, Exchange, Session } from "../database/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { AppendCall } from "./append-call.ts";
import { type BatchSettings, encodeStreams, separator } from "./batch.ts";
import type { EncodedAppend } from "./encoded.ts";
import type { InlinePlan } from "./inline.ts";
import type { Outcome } from "./outcome.ts";
import { recordedEvents } from "./recorded.ts";
import type { AppendStatements } from "./statements.ts";

/** Appends that write inline projections: stream rows and gate, documents, the append itself, then what the projections make of it. */
export interface InlineAppend {
  readonly appends: readonly EncodedAppend[];
  readonly plan: InlinePlan;
  readonly call: AppendCall;
  readonly settings: BatchSettings;
  /** How long a lock is waited for; null: as the session says, in a transaction that was open before. */
  readonly lockMs: number | null;
}

/**
 * The appends as a few statements of an open transaction. Where this throws, the transaction, or what it did since a savepoint, must
 * be rolled back.
 */
export async function inlineAppend(session: Session, statements: AppendStatements, append: InlineAppend): Promise<Outcome[]> {
  const { appends, plan, call } = append;
  const { statement, values } = enter(statements, append, false);
  const [entered] = await session.query(statement, values);
  if (entered?.["entered"] !== "true") return outdated(appends);
  if (!plan.load(await sendInTurn(session, plan.locks("each time")))) await plan.lockGone(session);
  const results = call.outcomes(await session.query(call.statement, call.values));
  await plan.write(session, writtenBy(results));
  return results;
}

/**
 * The appends as a transaction of two round trips, for plans that run no handler. The documents' evolution needs the events' positions,
 * so everything up to the append is sent before it, and all that writes documents after it. Undefined where the plan did not get all of its
 * documents, and has to lock them step by step.
 */
export async function inlineExchange(database: Database, statements: AppendStatements, append: InlineAppend): Promise<Outcome[] | undefined> {
  const { appends, plan, call } = append;
  const exchange: Exchange<Outcome[]> = {
    first: [enter(statements, append, true), ...plan.locks("kept"), call],
    second(answers) {
      if (!plan.load(answers.slice(1, -1))) throw new DocumentGone();
      const result = call.outcomes(answers.at(-1) ?? []);
      return { last: plan.writes(writtenBy(result)), result };
    },
  };
  try {
    return await database.exchange(exchange);
  } catch (error) {
    if (error instanceof DocumentGone) return undefined;
    if (isTidemarkError(error, "DATABASE") && error.sqlState === "TM007") return outdated(appends);
    throw error;
  }
}

/** @param must - Fails (TM007) where the projections' epoch is another one. */
function enter(statements: AppendStatements, { appends, plan, settings, lockMs }: InlineAppend, must: boolean): Call {
  const statement = lockMs === null ? statements.enterJoined : statements.enter;
  return { statement, values: [...encodeStreams(appends), settings.epoch, plan.projections.join(separator), lockMs, must] };
}

function outdated(appends: readonly EncodedAppend[]): Outcome[] {
  return appends.map(() => ({ kind: "outdated" }));
}

/** What each append wrote now. A projection that is not told of an event has lost it. */
function writtenBy(outcomes: readonly Outcome[]): (append: number) => readonly RecordedEvent[] {
  return (append) => {
    const outcome = outcomes[append];
    if (outcome?.kind !== "written" || outcome.repeated) return [];
    const events = recordedEvents(outcome);
    if (!events) throw new TypeError("the database did not say where all events are: does a trigger on the table events leave some out?");
    return events;
  };
}

/** A document was deleted while its row was waited for. */
class DocumentGone extends Error {}
