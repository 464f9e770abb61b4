import { namedUuids } from "../arguments/named-uuid.ts";
import type { RecordedEvent } from "../model/event.ts";

/** Of this library's own; a change would lead timers of the past to no instance. */
const idOf = namedUuids("0b4e0c55-6a86-5d1a-8a43-58f0a4f4f1c2");
const mostBytes = 512;

/** What the streams of a process's own begin with. */
export function ownPrefix(process: string): string {
  return `${process}:`;
}

/**
 * The stream that the timers of an instance append to: `checkout:order-1`. Where that is too long for a stream, a hash stands for the
 * instance, whose name the events' metadata holds anyway.
 */
export function ownStream(process: string, instance: string): string {
  const streamId = ownPrefix(process) + instance;
  return Buffer.byteLength(streamId) <= mostBytes ? streamId : ownPrefix(process) + idOf(instance);
}

/**
 * The instance whose timer appended this event. Undefined: none of this process did. Metadata alone would not do, because a copy of such
 * an event has it, too.
 */
export function instanceOfTimer(process: string, { streamId, metadata }: RecordedEvent): string | undefined {
  const { process: by, instance } = metadata;
  if (by !== process || typeof instance !== "string") return undefined;
  return streamId === ownStream(process, instance) ? instance : undefined;
}
