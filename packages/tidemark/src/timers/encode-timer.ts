import { checkDate, wholeNumber } from "../arguments/checks.ts";
import { checkEventType, checkStreamId, checkTimerKey } from "../arguments/names.ts";
import { AppendTotals, type EncodeSettings } from "../append/append-totals.ts";
import { encodeEvent, readEvent } from "../append/encode-event.ts";
import type { EncodedEvent } from "../append/encoded.ts";
import { asAtCall } from "../append/shape-appends.ts";
import type { EventCodec, StoredShape } from "../catalogue/event-codec.ts";
import type { NewEvent } from "../model/event.ts";

/** A hundred years. */
const longestMs = 3_155_760_000_000;

/** When a timer is due: so many milliseconds after it is set, by the database's clock, or at a time. */
export type Due = { readonly in: number } | { readonly at: Date };

/** A timer to be set. */
export interface NewTimer {
  /** 0: the application. Otherwise the id of a process instance. */
  readonly owner: number;
  readonly key: string;
  readonly streamId: string;
  readonly event: NewEvent;
  readonly due: Due;
}

/** A timer that was checked, as text: what PostgreSQL takes, and what the event will be. */
export interface EncodedTimer {
  readonly owner: number;
  readonly key: string;
  readonly streamId: string;
  readonly event: EncodedEvent;
  /** Milliseconds: from the moment it is set if `relative`, otherwise since 1970. */
  readonly due: number;
  readonly relative: boolean;
}

/** How events become text: by the catalogue and the limits of the store. */
export interface TimerEncoding {
  readonly codec: EventCodec;
  readonly settings: EncodeSettings;
}

export const checkDelay: (value: unknown, path: string) => number = wholeNumber(0, longestMs);

/**
 * Checks a timer completely, so that its event can be appended when it is due. A promise where a schema of the catalogue is asynchronous.
 *
 * @param path - Of the event in the caller's arguments.
 * @throws {@link InvalidArgumentError}, {@link EventTooLargeError}, {@link UnknownEventTypeError}, {@link EventValidationError}
 */
export function encodeTimer({ codec, settings }: TimerEncoding, timer: NewTimer, path: string): EncodedTimer | Promise<EncodedTimer> {
  const at = (field: string): string => `${path}${field}`;
  const { owner, due } = timer;
  const place = { owner, key: checkTimerKey(timer.key, "key"), streamId: checkStreamId(timer.streamId, "streamId"), ...encodeDue(due) };
  if (!codec.encode) return { ...place, event: encodeEvent(timer.event, new AppendTotals(settings), at) };
  const given = readEvent(timer.event, at);
  const type = checkEventType(given.type, at(".type"));
  const finish = ({ data, schemaVersion }: StoredShape, parts: object): EncodedTimer => ({
    ...place,
    event: encodeEvent({ ...parts, type, data }, new AppendTotals({ ...settings, schemaVersions: [schemaVersion] }), at),
  });
  const { metadata, id, tags } = given;
  const shape = codec.encode(type, given.data, () => at(".data"));
  if (!(shape instanceof Promise)) return finish(shape, { metadata, id, tags });
  // The caller may change them while the schema looks at the data.
  const copied = { metadata: asAtCall(metadata), id, tags: Array.isArray(tags) ? [...tags] : tags };
  return shape.then((known) => finish(known, copied));
}

function encodeDue(due: Due): Pick<EncodedTimer, "due" | "relative"> {
  return "in" in due ? { due: checkDelay(due.in, "in"), relative: true } : { due: checkDate(due.at, "at").getTime(), relative: false };
}
