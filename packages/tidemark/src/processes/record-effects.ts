import { encodeAppend, type PartPath } from "../append/encode.ts";
import type { EncodeSettings } from "../append/append-totals.ts";
import type { EncodedEvent } from "../append/encoded.ts";
import { shapeAppends } from "../append/shape-appends.ts";
import { encodeJson } from "../arguments/json.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import { stampEvent } from "../commands/metadata.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventMetadata, NewEvent } from "../model/event.ts";
import type { EncodedTimer, NewTimer } from "../timers/encode-timer.ts";
import type { TimerWrites } from "../timers/timer-writes.ts";
import { checkEffects } from "./check-effects.ts";
import { derivedId, type EffectOrigin } from "./derived-id.ts";
import type { AppendEffect, CommandEffect, Effect, TimerEffect } from "./effect.ts";
import { ownStream } from "./own-stream.ts";

/** A command or an append as it is stored until it is issued. */
export interface RecordedCommand {
  readonly input: number;
  readonly path: readonly number[];
  readonly kind: "command" | "append";
  readonly stream: string | null;
  /** Of a command: `{ command, metadata }`. Of an append: `{ events }`. */
  readonly payload: unknown;
}

/** An event of an append as it is stored until it is issued: checked, with its id, and with its data in the catalogue's stored form. */
export interface RecordedEventPayload {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
}

/** What an input, or a refusal, leads to, ready to be written. */
export interface Reaction {
  /** As they were returned: what issues them needs their functions. */
  readonly effects: readonly Effect[];
  readonly commands: readonly RecordedCommand[];
  /** The last word on each key: to be set, or `undefined` to be cancelled. The owner is filled in once the instance has an id. */
  readonly timers: ReadonlyMap<string, EncodedTimer | undefined>;
  readonly completes: boolean;
}

/** Where effects come from: the input, and before their own places those of the refused command, if there is one. */
export interface Cause extends EffectOrigin {
  /** The input's number in the instance, from 1. */
  readonly input: number;
}

export interface RecordingTools {
  readonly codec: EventCodec;
  readonly settings: EncodeSettings;
  readonly timers: { encode(timer: NewTimer, path: string): ReturnType<TimerWrites["encode"]> };
  /** The types of event that the process takes in. */
  readonly handles: readonly string[];
}

/**
 * Checks what `react` or `orElse` returned, completely, and turns it into what is stored: what this accepts can be issued later.
 *
 * @param name - `react` or `orElse`, for errors.
 * @throws {@link InvalidArgumentError}, {@link EventTooLargeError}, {@link UnknownEventTypeError}, {@link EventValidationError}
 */
export async function recordEffects(tools: RecordingTools, returned: unknown, cause: Cause, name: "react" | "orElse"): Promise<Reaction> {
  const effects = checkEffects(returned, name);
  const commands: RecordedCommand[] = [];
  const timers = new Map<string, EncodedTimer | undefined>();
  for (const [index, effect] of effects.entries()) {
    const origin = { ...cause, path: [...cause.path, index] };
    const path = `${name}[${index}]`;
    switch (effect.effect) {
      case "command":
        commands.push(commandOf(effect, origin, path));
        break;
      case "append":
        commands.push(await appendOf(tools, effect, origin, path));
        break;
      case "timer":
        timers.set(effect.key, await timerOf(tools, effect, origin, path));
        break;
      case "cancel-timer":
        timers.set(effect.key, undefined);
        break;
      case "complete":
    }
  }
  return { effects, commands, timers, completes: effects.some(({ effect }) => effect === "complete") };
}

function commandOf({ streamId, command }: CommandEffect, { input, path, metadata }: Cause, at: string): RecordedCommand {
  const payload: unknown = JSON.parse(encodeJson({ command, metadata }, at));
  return { input, path, kind: "command", stream: streamId ?? null, payload };
}

async function appendOf({ codec, settings }: RecordingTools, { streamId, events }: AppendEffect, origin: Cause, at: string): Promise<RecordedCommand> {
  const pathTo: PartPath = (_part, field) => (field === "" ? at : `${at}.${field}`);
  let event = 0;
  const createId = (): string => derivedId(origin, event++);
  const given = [{ streamId, events: events.map((one) => stampEvent(asNew(one), [origin.metadata])) }];
  const shaped = codec.encode ? await shapeAppends(given, codec.encode, pathTo) : { appends: given, versions: undefined };
  const { appends, versions } = shaped;
  const encoded = encodeAppend("", appends, { eventBytes: settings.eventBytes, createId, ...(versions && { schemaVersions: versions }) }, pathTo);
  const payload = { events: encoded.parts.flatMap((part) => part.events.map(payloadOf)) };
  return { input: origin.input, path: origin.path, kind: "append", stream: streamId, payload };
}

function payloadOf({ id, type, data, metadata, tags, schemaVersion }: EncodedEvent): RecordedEventPayload {
  return {
    id,
    type,
    data: JSON.parse(data),
    metadata: metadata === "" ? {} : JSON.parse(metadata),
    tags: tags === "" ? [] : tags.split("\u001f"),
    schemaVersion,
  };
}

async function timerOf(
  { timers, handles }: RecordingTools,
  { key, due, event }: TimerEffect,
  { process, instance, metadata }: Cause,
  at: string,
): Promise<EncodedTimer> {
  const given = asNew(event);
  if (!handles.includes(given.type))
    throw new InvalidArgumentError(
      `${at}.event.type`,
      `is ${JSON.stringify(given.type)}, which the process does not handle: it would never hear of it. Add it to handles`,
    );
  const own = { ...given, metadata: { ...given.metadata, ...metadata, process, instance } };
  const when = due.in === undefined ? { at: due.at } : { in: due.in };
  return await timers.encode({ owner: 0, key, streamId: ownStream(process, instance), event: own, due: when }, `${at}.event`);
}

/** An event that was read, as one to write: a copy of it is caused by the input, not by what had caused the event itself. */
function asNew(event: NewEvent): NewEvent {
  if (typeof event !== "object" || event === null || !("position" in event) || !("recordedAt" in event)) return event;
  const { type, data, tags } = event;
  const { causationId: _ofTheOriginal, ...metadata } = event.metadata ?? {};
  return { type, data, metadata, ...(tags && { tags }) };
}
