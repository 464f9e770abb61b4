import type { Call } from "../api/call.ts";
import { event } from "../api/event.ts";
import { log } from "../api/log.ts";
import { state } from "../api/state.ts";
import { stream, streams } from "../api/streams.ts";
import { direction, limit, parameter, position, several, some } from "./parameters.ts";
import * as schemas from "./schemas.ts";
import { list, object, oneOf, orNull, text, whole } from "./schemas.ts";
import type { ReadingTool } from "./tool.ts";

/** The tree of causes and effects alone. */
async function why(call: Call): Promise<unknown> {
  const { event: found, causation } = await event(call);
  const { data: _data, metadata: _metadata, ...line } = found;
  return { event: line, causation };
}

/** Questions about what happened. */
export const eventTools: readonly ReadingTool[] = [
  {
    name: "search_streams",
    title: "Search streams",
    description: "Lists streams of events by the beginning of their id or by category, in the order of their ids.",
    parameters: {
      prefix: parameter(some, 'The beginning of the ids, such as "order-7".'),
      category: parameter(some, 'The part of the id before the first "-".'),
      after: parameter(some, "Continue after this stream id: next of the answer before."),
      limit,
    },
    read: streams,
    report: object({ streams: list(schemas.streamLine), next: orNull(text) }),
    rows: "streams",
    more: "Ask again with after set to the last streamId shown, or with a smaller limit.",
  },
  {
    name: "read_stream",
    title: "Read a stream",
    description: "Reads the events of one stream, such as one order or one account, with what they say.",
    parameters: {
      streamId: parameter(some, "The stream's id.", "id"),
      fromVersion: parameter(position, "The lowest version to read.", "from"),
      toVersion: parameter(position, "The highest version to read.", "to"),
      direction,
      limit,
    },
    required: ["streamId"],
    read: stream,
    report: object({ stream: schemas.streamLine, events: list(schemas.eventDocument) }),
    rows: "events",
    more: "Ask for the versions after the last one shown, for fewer events, or for one event with get_event.",
  },
  {
    name: "read_log",
    title: "Read the log",
    description: "Reads events of all streams in the order in which they were stored, filtered by types, categories, tags and the beginning of stream ids.",
    parameters: {
      after: parameter(position, "Only events above this position."),
      until: parameter(position, "Only events at or below this position."),
      types: parameter(several, "Any of these event types.", "type"),
      categories: parameter(several, "Any of these categories.", "category"),
      tags: parameter(several, "All of these tags.", "tag"),
      prefix: parameter(some, "The beginning of stream ids."),
      direction,
      limit,
    },
    read: log,
    report: object({ events: list(schemas.eventDocument) }),
    rows: "events",
    more: "Ask for positions after the last one shown, or for fewer events.",
  },
  {
    name: "get_event",
    title: "Get an event",
    description: "Shows one event by its id: what it says, what the application's catalogue makes of it, what caused it, and what it caused.",
    parameters: { id: parameter(some, "The event's id, a UUID.") },
    required: ["id"],
    read: event,
    report: object({
      event: schemas.eventDocument,
      decoded: { description: "What the catalogue makes of it; null where that is the same." },
      causation: { type: "object" },
      previous: orNull(text),
      next: orNull(text),
    }),
    more: "Read the database for the whole event: tidemark read shows it.",
  },
  {
    name: "state_at",
    title: "State at a version",
    description:
      "Shows what the events of a stream come to at one of its versions, and at the one before, by the application's decider for the stream's category.",
    parameters: {
      streamId: parameter(some, "The stream's id.", "id"),
      version: parameter(position, "The version. The last unless given; 0 is the state before the first event."),
    },
    required: ["streamId"],
    read: state,
    report: object({
      stream: schemas.streamLine,
      version: whole,
      event: orNull(schemas.eventDocument),
      state: object({ kind: oneOf("state", "no-decider", "failed") }),
    }),
    more: "Read the events with read_stream to see how it came about.",
  },
  {
    name: "why",
    title: "Why did this happen",
    description: "Shows why an event came to be: the events that caused it, up to the first, and the tree of those that it caused.",
    parameters: { id: parameter(some, "The event's id, a UUID.") },
    required: ["id"],
    read: why,
    report: object({ event: schemas.eventLine, causation: { type: "object" } }),
    more: "Ask for the causes and effects of one of the events shown.",
  },
];
