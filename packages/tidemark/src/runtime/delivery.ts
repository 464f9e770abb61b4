import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { FollowedEvent } from "../feed/follow.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Belongs } from "./partition.ts";

/** What a message says of an event that cannot be decoded. */
export const notTriedAgain = "It was not tried again: it cannot be decoded until the code changes.";

/** A stored event on its way to a handler. One that the feed gave is a delivery as it is: where nothing decodes, none is made. */
export interface Delivery extends FollowedEvent {
  /** What it is to the handler. Undefined: itself. */
  readonly parts?: readonly RecordedEvent[];
  /** Why it cannot be decoded. Then it is handled alone, and fails before the handler is called. */
  readonly undecodable?: { readonly error: unknown } | undefined;
}

/**
 * What of a batch is something to the handler. What became nothing is passed like an event that the filter left out, and so is what
 * belongs to other shards.
 */
export function deliveries(events: readonly FollowedEvent[], decode: EventDecoder["decode"], belongs?: Belongs): readonly Delivery[] {
  return decode || belongs ? events.map((followed) => delivery(followed, decode, belongs)).filter((made) => !isNothing(made)) : events;
}

export function delivery({ event, stream }: FollowedEvent, decode: EventDecoder["decode"], belongs?: Belongs): Delivery {
  if (!decode) return belongs && !belongs(event) ? { event, stream, parts: [] } : { event, stream };
  const parts: RecordedEvent[] = [];
  try {
    decode(event, parts);
    return { event, stream, parts: belongs ? parts.filter(belongs) : parts, undecodable: undefined };
  } catch (error) {
    return { event, stream, parts: [], undecodable: { error } };
  }
}

/** Whether it is handled without the handler. */
export function isNothing({ parts, undecodable }: Delivery): boolean {
  return parts?.length === 0 && undecodable === undefined;
}

/** What a group is to the handler, in order. */
export function eventsOf(group: readonly Delivery[]): readonly RecordedEvent[] {
  if (group[0]?.parts === undefined) return group.map(({ event }) => event);
  return group.flatMap(({ event, parts }) => parts ?? event);
}

/** A delivery as messages and decisions about a failure take it: its first part, or as it is stored. */
export function firstOf({ event, parts }: Delivery): RecordedEvent {
  return parts?.[0] ?? event;
}
