import type { Call, TextRow, Value } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { firstSchemaVersion } from "../model/recorded-event.ts";
import { type BatchSettings, conditionValues, encodeBatch, expectedNumber, separator } from "./batch.ts";
import type { EncodedAppend, EncodedEvent } from "./encoded.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { PendingAppend } from "./pending-append.ts";
import { asSingles, decodeSingles, encodeSingles, type Single } from "./singles.ts";
import type { AppendStatement, AppendStatements } from "./statements.ts";

/** A batch as one statement, and the way back from its answer. */
export interface AppendCall extends Call {
  /** The outcome of each append, in the order of the batch. */
  outcomes(rows: readonly TextRow[]): Outcome[];
}

/** A batch that needs no more than one of the lean functions; undefined for any other. */
export function leanCall(statements: AppendStatements, batch: readonly PendingAppend[], settings: BatchSettings): AppendCall | undefined {
  const singles = asSingles(batch);
  if (!singles) return undefined;
  const [first, ...others] = singles;
  const [event, ...moreEvents] = first?.part.events ?? [];
  if (first && event && others.length === 0 && moreEvents.length === 0) return oneCall(statements, first, event, settings);
  const { values, versioned } = encodeSingles(singles, settings);
  return {
    statement: versioned ? statements.singles.versioned : statements.singles,
    values,
    outcomes: ([row = {}]) => decodeSingles(row, singles),
  };
}

function oneCall(statements: AppendStatements, { part, condition }: Single, event: EncodedEvent, { recordedAt, durability, epoch }: BatchSettings): AppendCall {
  const values: Value[] = [
    part.tenant,
    part.streamId,
    expectedNumber(part.expected),
    event.id,
    event.type,
    event.data,
    event.metadata === "" ? null : event.metadata,
    event.tags === "" ? null : event.tags,
    recordedAt,
    durability,
    epoch,
  ];
  const statement = condition ? statements.oneIf : statements.one;
  if (condition) values.push(...conditionValues([condition]).slice(1));
  const versioned = event.schemaVersion !== firstSchemaVersion;
  if (versioned) values.push(event.schemaVersion);
  return {
    statement: versioned ? statement.versioned : statement,
    values,
    outcomes([row]) {
      const [verdict, version, last, at, failed] = (row?.["answer"] ?? "").split(separator);
      const detail: readonly (string | null)[] | undefined = failed === undefined ? undefined : JSON.parse(failed);
      const position = toSafeInteger(last);
      const written = { positions: [position], first: 0, recordedAt: Number(at) };
      return [outcomeOf([{ part, verdict: toSafeInteger(verdict), version: toSafeInteger(version), position, written }], detail)];
    },
  };
}

/** Any batch, for one of the statements that take the parameters of `append_batch`. */
export function batchCall(statement: AppendStatement, appends: readonly EncodedAppend[], checkIds: boolean, settings: BatchSettings): AppendCall {
  const { values, versioned, outcomes } = encodeBatch(appends, checkIds, settings);
  return { statement: versioned ? statement.versioned : statement, values, outcomes: ([row = {}]) => outcomes(row) };
}
