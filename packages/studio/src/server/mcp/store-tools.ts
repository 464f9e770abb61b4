import type { Call } from "../api/call.ts";
import { doctor, overview, stats } from "../api/overview.ts";
import * as schemas from "./schemas.ts";
import { list, object, oneOf, orNull, text, time, whole } from "./schemas.ts";
import type { JsonSchema, ReadingTool } from "./tool.ts";

async function health(call: Call): Promise<unknown> {
  const { at, mark, newest, blockers, health: report } = await overview(call);
  return { at, mark, newest, blockers, ...report };
}

/** Questions about the store as a whole. */
export const storeTools: readonly ReadingTool[] = [
  {
    name: "health",
    title: "Health",
    description: "Tells how the store is: its checks, the high-water mark, the newest event, and what holds readers back.",
    parameters: {},
    read: health,
    report: object({ at: time, mark: whole, newest: orNull(schemas.eventLine), blockers: list({ type: "object" }), ...propertiesOf(schemas.health) }),
    rows: "blockers",
    more: "The other blockers are like these.",
  },
  {
    name: "doctor",
    title: "Doctor",
    description: "Looks for what is wrong or will be: settings, indexes, sizes, roles. Each finding says why it matters and which command mends it.",
    parameters: {},
    read: doctor,
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
    parameters: {},
    read: stats,
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

function propertiesOf({ properties }: JsonSchema): Readonly<Record<string, JsonSchema>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by object()
  return properties as Readonly<Record<string, JsonSchema>>;
}
