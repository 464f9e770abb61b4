import type { Call } from "../api/call.ts";
import { letters } from "../api/letters.ts";
import { overview } from "../api/overview.ts";
import { processes, processInstance } from "../api/processes.ts";
import { timers } from "../api/timers.ts";
import { limit, parameter, position, some } from "./parameters.ts";
import * as schemas from "./schemas.ts";
import { list, object, oneOf, orNull, text, time, whole } from "./schemas.ts";
import type { JsonSchema, ReadingTool } from "./tool.ts";

/** Who follows the log, and how far: a part of the overview. */
async function followers(call: Call): Promise<unknown> {
  const { at, mark, followers: all } = await overview(call);
  const kind = call.query.get("kind");
  return { at, mark, followers: all.filter((each) => kind === null || each.kind === kind) };
}

/** Questions about who follows the log, and what waits. */
export const followerTools: readonly ReadingTool[] = [
  {
    name: "list_followers",
    title: "Who is late",
    description: "Lists consumers, projections, processes and relays: their state, how far behind the log they are, and their dead letters.",
    parameters: { kind: parameter(oneOf("consumer", "projection", "process", "relay"), "Only these.") },
    read: followers,
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
    read: letters,
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
    read: processes,
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
    read: processInstance,
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
    read: timers,
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
