import pg from "pg";
import { startServer, type Version } from "@tidemark/servers";
import { openEventStore, type EventStore, type Projection } from "tidemark";
import { appendMeetings } from "./append-meetings.ts";
import { conditionMeetings } from "./condition-meetings.ts";
import { countingProjection, documentMeetings } from "./document-meetings.ts";
import { leaseMeetings } from "./lease-meetings.ts";
import { liveMeetings } from "./live-meetings.ts";
import { markMeetings } from "./mark-meetings.ts";
import type { Meeting, Place } from "./meeting.ts";
import { orderMeetings } from "./order-meetings.ts";
import { ordersOf } from "./orders.ts";
import { swapMeetings } from "./swap-meetings.ts";
import { Session } from "./session.ts";
import { installStops, type Stop } from "./stops.ts";

export interface Explored {
  readonly name: string;
  readonly promise: string;
  /** Orders that were run to their end. */
  readonly orders: number;
  /** Orders that cannot be: somebody would go on while waiting for another. */
  readonly impossible: number;
  /** Orders in which somebody waited. */
  readonly waits: number;
  readonly anomalies: readonly string[];
}

const schema = "interleavings";
const shared: readonly Projection[] = [countingProjection];
/** Longer than what goes on in the background of a store holds anybody up. */
const patienceMs = 5_000;
export const meetings: readonly Meeting[] = [
  ...appendMeetings,
  ...orderMeetings,
  ...conditionMeetings,
  ...documentMeetings,
  ...markMeetings,
  ...leaseMeetings,
  ...liveMeetings,
  ...swapMeetings,
];

/** Runs each meeting in every order that locks allow. */
export async function explore(chosen: readonly Meeting[], version: Version, progress: (text: string) => void): Promise<Explored[]> {
  await using server = await startServer({ version, settings: { fsync: "off" } });
  const explored: Explored[] = [];
  const groups = Map.groupBy(chosen, ({ projections = shared }) => projections);
  for (const [projections, meetings] of groups) explored.push(...(await exploreGroup(await server.createDatabase(), projections, meetings, progress)));
  return explored;
}

async function exploreGroup(
  url: string,
  projections: readonly Projection[],
  chosen: readonly Meeting[],
  progress: (text: string) => void,
): Promise<Explored[]> {
  const openOwn = (): Promise<EventStore> => openEventStore(url, { schema, projections, pool: { max: 1 } });
  await using known = await openOwn();
  await using stranger = await openEventStore(url, { schema, logger: { debug() {}, info() {}, warn() {}, error: console.error } });
  const control = new pg.Client({ connectionString: url });
  // Where something else fails, its server goes first.
  control.on("error", () => undefined);
  await control.connect();
  await control.query("create table public.handled (consumer text not null, fence bigint not null)");
  const place: Place = {
    schema: pg.escapeIdentifier(schema),
    stranger,
    known,
    query: async (text, values = []) => (await control.query<Record<string, unknown>>(text, [...values])).rows,
  };
  const stops = new Map(chosen.flatMap((meeting) => meeting.stops ?? []).map((stop): [string, Stop] => [stop.function, stop]));
  await installStops(place.query, place.schema, [...stops.values()]);
  const sessions = await Promise.all([0, 1, 2].map(() => Session.open(url, openOwn)));
  try {
    const explored: Explored[] = [];
    for (const [index, meeting] of chosen.entries()) {
      progress(meeting.name);
      explored.push(await exploreMeeting(meeting, `m${index}`, { place, control, sessions }));
    }
    return explored;
  } finally {
    await Promise.all([control.end(), ...sessions.map((session) => session.close())]);
  }
}
interface Stage {
  readonly place: Place;
  readonly control: pg.Client;
  readonly sessions: readonly Session[];
}

async function exploreMeeting(meeting: Meeting, prefix: string, stage: Stage): Promise<Explored> {
  let [orders, impossible, waits] = [0, 0, 0];
  const anomalies: string[] = [];
  for (const order of ordersOf(meeting.steps)) {
    const key = `${prefix}o${orders + impossible}`;
    const { possible, waited, anomaly } = await runOrder(meeting, order, key, stage);
    if (possible) orders++;
    else impossible++;
    if (waited) waits++;
    if (anomaly !== undefined) anomalies.push(`${order.join("")}: ${anomaly}`);
  }
  return { name: meeting.name, promise: meeting.promise, orders, impossible, waits, anomalies };
}

interface Run {
  readonly possible: boolean;
  readonly waited: boolean;
  readonly anomaly?: string | undefined;
}

async function runOrder(meeting: Meeting, order: readonly number[], key: string, { place, control, sessions }: Stage): Promise<Run> {
  const scene = await meeting.prepare(key, place);
  const left = scene.actors.map((steps) => [...steps]);
  const actors = sessions.slice(0, scene.actors.length);
  let waited = false;
  let possible = true;
  for (const actor of order) {
    const session = actors[actor];
    const step = left[actor]?.shift();
    if (!session || !step || session.failed) continue;
    if (session.waiting) {
      // Unless nobody can go on: those who have steps left wait for each other.
      possible = actors.every((other, index) => other.waiting || other.failed || left[index]?.length === 0);
      break;
    }
    await session.take(step, control);
    waited ||= session.waiting;
    // Who waited for this step may go on, before anybody takes another.
    for (const other of actors) if (other.waiting) await other.settle(control);
  }
  if (possible) for (const session of actors) await session.outlast(patienceMs);
  const stuck = possible && actors.some((session) => session.waiting);
  const outcomes = actors.map((session) => [...session.outcomes]);
  const anomaly = !possible ? undefined : stuck ? "somebody waits for ever" : await scene.judge(outcomes);
  for (const session of actors) await session.reset();
  return { possible, waited, anomaly };
}
