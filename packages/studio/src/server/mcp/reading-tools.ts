import type { Call } from "../api/call.ts";
import { event } from "../api/event.ts";
import { letters } from "../api/letters.ts";
import { log } from "../api/log.ts";
import { doctor, overview, stats } from "../api/overview.ts";
import { mostRows } from "../api/parameters.ts";
import { processes, processInstance } from "../api/processes.ts";
import { state } from "../api/state.ts";
import { stream, streams } from "../api/streams.ts";
import { timers } from "../api/timers.ts";
import * as schemas from "./schemas.ts";
import { described, list, object, oneOf, orNull, text, time, whole } from "./schemas.ts";
import type { JsonSchema, ReadingTool, ToolParameter } from "./tool.ts";

const limit: ToolParameter = { schema: { type: "integer", minimum: 1, maximum: mostRows, description: `The most rows. 50 unless given.` } };
const direction: ToolParameter = { schema: { ...oneOf("forward", "backward"), description: 'Oldest or newest first. "forward" unless given.' } };

function parameter(schema: JsonSchema, description: string, sentAs?: string): ToolParameter {
  return { schema: described(schema, description), ...(sentAs !== undefined && { sentAs }) };
}

const position = { type: "integer", minimum: 0 };
const some = { type: "string", minLength: 1, maxLength: 1_024 };
const several = { type: "array", items: some, maxItems: 50 };
const nothing = { parameters: {} };

/** The tree of causes and effects alone. */
async function why(call: Call): Promise<unknown> {
  const { event: found, causation } = await event(call);
  const { data: _data, metadata: _metadata, ...line } = found;
  return { event: line, causation };
}

/** Who follows the log, and how far: a part of the overview. */
async function followers(call: Call): Promise<unknown> {
  const { at, mark, followers: all } = await overview(call);
  const kind = call.query.get("kind");
  return { at, mark, followers: all.filter((each) => kind === null || each.kind === kind) };
}

async function health(call: Call): Promise<unknown> {
  const { at, mark, newest, blockers, health: report } = await overview(call);
  return { at, mark, newest, blockers, ...report };
}

/** All questions. None of them changes anything. */
export const readingTools: readonly ReadingTool[] = [
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
    route: streams,
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
    route: stream,
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
    route: log,
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
    route: event,
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
    route: state,
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
    route: why,
    report: object({ event: schemas.eventLine, causation: { type: "object" } }),
    more: "Ask for the causes and effects of one of the events shown.",
  },
  {
    name: "list_followers",
    title: "Who is late",
    description: "Lists consumers, projections, processes and relays: their state, how far behind the log they are, and their dead letters.",
    parameters: { kind: parameter(oneOf("consumer", "projection", "process", "relay"), "Only these.") },
    route: followers,
    report: object({ at: time, mark: whole, followers: list(schemas.follower) }),
    rows: "followers",
    more: "Ask for one kind.",
  },
  {
    name: "list_dead_letters",
    title: "Dead letters",
    description:
      "Lists events that a consumer could not handle or a relay could not publish, each with its error. Parked ones wait behind a failed one of their stream.",
    parameters: {
      consumer: parameter(some, "The name of a consumer or a relay."),
      state: parameter(oneOf("failed", "parked", "skipped"), "Only these."),
      after: parameter(position, "Only letters after this position."),
      limit,
    },
    route: letters,
    report: object({
      letters: list(
        object({
          consumer: text,
          kind: oneOf("consumer", "relay"),
          position: whole,
          state: text,
          retryRequested: schemas.flag,
          attempts: whole,
          error: orNull(object({ code: orNull(text), message: text, stack: orNull(text) })),
          parkedAt: time,
          event: schemas.eventDocument,
        }),
      ),
    }),
    rows: "letters",
    more: "Ask for the letters of one consumer after the last position shown, or for fewer.",
  },
  {
    name: "list_process_instances",
    title: "Instances of processes",
    description: "Lists instances of processes, such as the check-out of one order, and where they stand. A parked one waits for somebody to retry it.",
    parameters: {
      name: parameter(some, "The process's name."),
      status: parameter(oneOf("running", "completed", "cancelled", "parked"), "Only these."),
      after: parameter(position, "Only instances after this number."),
      limit,
    },
    route: processes,
    report: object({ instances: list(instanceSchema()), next: orNull(whole), versions: list({ type: "object" }) }),
    rows: "instances",
    more: "Ask for those after the last number shown.",
  },
  {
    name: "get_process_instance",
    title: "One instance of a process",
    description: "Shows one instance of a process: its inputs, the commands that it issued or waits to issue, its timers, and its last error.",
    parameters: { name: parameter(some, "The process's name."), id: parameter(some, "The instance's id."), limit },
    required: ["name", "id"],
    route: processInstance,
    report: object({
      instance: instanceSchema(),
      state: text,
      masked: schemas.flag,
      inputs: list({ type: "object" }),
      commands: list({ type: "object" }),
      timers: list({ type: "object" }),
    }),
    rows: "inputs",
    more: "Ask with a smaller limit, which shows the latest inputs and commands.",
  },
  {
    name: "list_timers",
    title: "Timers",
    description: "Lists events that wait until they are due, by due time. A parked one has failed too often.",
    parameters: { dueBefore: parameter({ type: "integer", minimum: 0 }, "Only those due before this time, in milliseconds since 1970."), limit },
    route: timers,
    report: object({
      timers: list(
        object({
          key: text,
          streamId: text,
          type: text,
          dueAt: time,
          cron: orNull(text),
          timeZone: orNull(text),
          attempts: whole,
          parked: schemas.flag,
          error: orNull(text),
        }),
      ),
      next: orNull(object({ dueAt: time, key: text })),
    }),
    rows: "timers",
    more: "Ask for those due before an earlier time, or for fewer.",
  },
  {
    name: "health",
    title: "Health",
    description: "Tells how the store is: its checks, the high-water mark, the newest event, and what holds readers back.",
    ...nothing,
    route: health,
    report: object({ at: time, mark: whole, newest: orNull(schemas.eventLine), blockers: list({ type: "object" }), ...propertiesOf(schemas.health) }),
    rows: "blockers",
    more: "The other blockers are like these.",
  },
  {
    name: "doctor",
    title: "Doctor",
    description: "Looks for what is wrong or will be: settings, indexes, sizes, roles. Each finding says why it matters and which command mends it.",
    ...nothing,
    route: doctor,
    report: object({
      at: time,
      findings: list(object({ code: text, severity: oneOf("error", "warning", "info"), what: text, why: text, mend: text })),
    }),
    rows: "findings",
    more: "Mend these first; tidemark doctor shows all.",
  },
  {
    name: "stats",
    title: "Statistics",
    description: "Counts events by type, category and day, and streams; the largest streams; bytes. Estimates are marked.",
    ...nothing,
    route: stats,
    report: object({
      at: time,
      events: schemas.count,
      streams: orNull(schemas.count),
      types: list(schemas.namedCount),
      categories: list(schemas.namedCount),
      days: list(schemas.namedCount),
      largestStreams: list(object({ streamId: text, events: whole })),
      bytes: whole,
    }),
    rows: "types",
    more: "tidemark stats shows all.",
  },
];

function instanceSchema(): JsonSchema {
  return object({
    name: text,
    id: text,
    number: whole,
    version: whole,
    status: text,
    inputs: whole,
    handled: whole,
    late: whole,
    error: orNull(text),
    createdAt: time,
    updatedAt: time,
    endedAt: orNull(time),
  });
}

function propertiesOf({ properties }: JsonSchema): Readonly<Record<string, JsonSchema>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by object()
  return properties as Readonly<Record<string, JsonSchema>>;
}
