import type { CodecOptions } from "../../src/catalogue/create-codec.ts";
import { createCodec } from "../../src/catalogue/create-codec.ts";
import type { DecodeOptions, EventCodec } from "../../src/catalogue/event-codec.ts";
import { defineEvents } from "../../src/catalogue/define-events.ts";
import { categoryOf, type RecordedEvent } from "../../src/model/event.ts";

/** An event as the log gives it. */
export function storedEvent(type: string, data: unknown, { schemaVersion = 1, ...rest }: Partial<RecordedEvent> = {}): RecordedEvent {
  const streamId = rest.streamId ?? "cart-1";
  return {
    type,
    data,
    metadata: { actorId: "ada" },
    tags: ["sku:tea"],
    id: "0192f0c1-0000-7000-8000-000000000001",
    streamId,
    category: categoryOf(streamId),
    version: 3,
    position: 17,
    recordedAt: new Date("2026-11-20T10:00:00Z"),
    schemaVersion,
    tenant: "",
    ...rest,
  };
}

/** The codec of a catalogue whose definitions no compiler has seen. */
export function codecOf(definitions: unknown, options?: CodecOptions): EventCodec {
  return createCodec(define(definitions), options);
}

/** `defineEvents` as a program without types calls it. */
// oxlint-disable-next-line typescript/no-explicit-any -- wrong definitions on purpose
export function define(definitions: any): ReturnType<typeof defineEvents> {
  return defineEvents(definitions);
}

/** What a stored event is to a reader. */
export function decoded(codec: EventCodec, event: RecordedEvent, options: DecodeOptions = {}): RecordedEvent[] {
  const into: RecordedEvent[] = [];
  codec.decoder(options).decode?.(event, into);
  return into;
}

/** The type, version and data of each part, which is what most tests are about. */
export function read(codec: EventCodec, event: RecordedEvent, options: DecodeOptions = {}): unknown[] {
  return decoded(codec, event, options).map(({ type, schemaVersion, data, part }) => [`${type} ${schemaVersion}`, data, ...(part === undefined ? [] : [part])]);
}
