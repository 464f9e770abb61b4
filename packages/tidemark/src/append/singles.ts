import type { TextRow } from "../database/database.ts";
import { type Batch, type BatchSettings, conditionValues, detailOf, expectedNumber, kindOf, list, numbers, separator } from "./batch.ts";
import { firstSchemaVersion } from "../model/recorded-event.ts";
import { byBytes } from "./byte-order.ts";
import type { EncodedCondition } from "./condition.ts";
import type { EncodedEvent, EncodedPart } from "./encoded.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { PendingAppend } from "./pending-append.ts";
import { verdicts } from "../schema/codes.ts";

/** An append of events to one stream, whose ids need not be looked up. */
export interface Single {
  readonly part: EncodedPart;
  readonly key: string;
  readonly condition: EncodedCondition | undefined;
  /** Its place in the batch. */
  readonly index: number;
}

/** The batch as such appends, each to a stream of its own, in the order in which streams are locked; undefined where one is not. */
export function asSingles(batch: readonly PendingAppend[]): readonly Single[] | undefined {
  const singles: Single[] = [];
  for (const [index, pending] of batch.entries()) {
    const [part, ...others] = pending.append.parts;
    const [key] = pending.keys;
    if (!part || key === undefined || others.length > 0 || pending.events === 0 || pending.checkIds) return undefined;
    singles.push({ part, key, condition: pending.append.condition, index });
  }
  singles.sort((a, b) => byBytes(a.key, b.key));
  return singles.some((single, index) => single.key === singles[index - 1]?.key) ? undefined : singles;
}

/** The parameters of `append_singles`. */
export function encodeSingles(singles: readonly Single[], { recordedAt, durability, epoch }: BatchSettings): Pick<Batch, "values" | "versioned"> {
  const expected = singles.map(({ part }) => expectedNumber(part.expected));
  const tenant = singles[0]?.part.tenant ?? "";
  const events = singles.flatMap(({ part }) => part.events);
  const oneEach = events.length === singles.length;
  const joined = (text: (event: EncodedEvent) => string): string => events.map(text).join(separator);
  const joinedIfAny = (text: (event: EncodedEvent) => string): string | null => (events.some((event) => text(event) !== "") ? joined(text) : null);
  const versioned = events.some(({ schemaVersion }) => schemaVersion !== firstSchemaVersion);
  const values = [
    tenant,
    singles.every(({ part }) => part.tenant === tenant) ? null : singles.map(({ part }) => part.tenant).join(separator),
    singles.map(({ part }) => part.streamId).join(separator),
    list(expected.map(kindOf)),
    list(expected),
    oneEach ? null : list(singles.flatMap(({ part }, n) => part.events.map(() => n + 1))),
    oneEach ? null : list(singles.flatMap(({ part }) => part.events.map((_event, place) => place + 1))),
    list(events.map(({ id }) => id)),
    joined(({ type }) => type),
    joined(({ data }) => data),
    joinedIfAny(({ metadata }) => metadata),
    joinedIfAny(({ tags }) => tags),
    recordedAt,
    durability,
    epoch,
    ...conditionValues(singles.map(({ condition }) => condition)),
    ...(versioned ? [list(events.map(({ schemaVersion }) => schemaVersion))] : []),
  ];
  return { values, versioned };
}

/** The outcomes in the order of the batch. */
export function decodeSingles(row: TextRow, singles: readonly Single[]): Outcome[] {
  const given = numbers(row["verdicts"]);
  const heads = numbers(row["heads"]);
  const positions = numbers(row["positions"]);
  const detail = detailOf(row);
  const outcomes: Outcome[] = [];
  const recordedAt = Number(row["recorded_at"]);
  let first = 0;
  for (const [n, { part, index }] of singles.entries()) {
    const verdict = given[n] ?? verdicts.written;
    const head = heads[n] ?? 0;
    const events = verdict === verdicts.written ? part.events.length : 0;
    const position = events > 0 ? (positions[first + events - 1] ?? Number.NaN) : 0;
    outcomes[index] = outcomeOf([{ part, verdict, version: head + events, position, written: { positions, first, recordedAt } }], detail[n + 1]);
    first += events;
  }
  return outcomes;
}
