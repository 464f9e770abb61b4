import type { TextRow, Value } from "../database/database.ts";
import { type BatchSettings, expectedNumber, kindOf, list, numbers, separator } from "./batch.ts";
import { byBytes } from "./byte-order.ts";
import type { EncodedEvent, EncodedPart } from "./encoded.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { PendingAppend } from "./pending-append.ts";

/** An append of one event to one stream, whose id need not be looked up. */
export interface Single {
  readonly part: EncodedPart;
  readonly event: EncodedEvent;
  readonly key: string;
  /** Its place in the batch. */
  readonly index: number;
}

/** The batch as such appends, each to a stream of its own, in the order in which streams are locked; undefined where one is not. */
export function asSingles(batch: readonly PendingAppend[]): readonly Single[] | undefined {
  const singles: Single[] = [];
  for (const [index, pending] of batch.entries()) {
    const [part] = pending.append.parts;
    const [event] = part?.events ?? [];
    const [key] = pending.keys;
    if (!part || !event || key === undefined || pending.append.parts.length > 1 || pending.events > 1 || pending.checkIds) return undefined;
    singles.push({ part, event, key, index });
  }
  singles.sort((a, b) => byBytes(a.key, b.key));
  return singles.some((single, index) => single.key === singles[index - 1]?.key) ? undefined : singles;
}

/** The parameters of `append_singles`. */
export function encodeSingles(singles: readonly Single[], { recordedAt, durability }: BatchSettings): readonly Value[] {
  const joined = (text: (single: Single) => string): string => singles.map(text).join(separator);
  const anyOf = (text: (single: Single) => string): string | null => (singles.some((single) => text(single) !== "") ? joined(text) : null);
  const expected = singles.map(({ part }) => expectedNumber(part.expected));
  const tenant = singles[0]?.part.tenant ?? "";
  return [
    tenant,
    singles.every(({ part }) => part.tenant === tenant) ? null : joined(({ part }) => part.tenant),
    joined(({ part }) => part.streamId),
    list(expected.map(kindOf)),
    list(expected),
    list(singles.map(({ event }) => event.id)),
    joined(({ event }) => event.type),
    joined(({ event }) => event.data),
    anyOf(({ event }) => event.metadata),
    anyOf(({ event }) => event.tags),
    recordedAt,
    durability,
  ];
}

/** The outcomes in the order of the batch. */
export function decodeSingles(row: TextRow, singles: readonly Single[]): Outcome[] {
  const verdicts = numbers(row["verdicts"]);
  const heads = numbers(row["heads"]);
  const positions = numbers(row["positions"]).values();
  const outcomes: Outcome[] = [];
  for (const [n, { part, index }] of singles.entries()) {
    const verdict = verdicts[n] ?? 0;
    const head = heads[n] ?? 0;
    const written = verdict === 0;
    outcomes[index] = outcomeOf(
      [{ part, verdict, version: written ? head + 1 : head, position: written ? (positions.next().value ?? Number.NaN) : 0 }],
      undefined,
    );
  }
  return outcomes;
}
