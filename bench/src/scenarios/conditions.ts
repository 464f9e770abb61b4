import { randomUUID } from "node:crypto";
import { type BoundaryDecider, type Decider, type Event, type EventStore, executeCommand, handleCommand, openEventStore } from "tidemark";
import { runSql } from "../databases.ts";
import { eventData, eventType } from "../payload.ts";
import type { Comparison, Contestant, Scenario, Setting, Target } from "../scenario.ts";
import { openDcb } from "../subjects/dcb-es.ts";
import { contestant, openOnNewDatabase } from "../subjects/open.ts";

/** One event a stream, each with a tag that ten others have and one that no other has, as appends would have left them. */
const fill = (events: number): string => `
with filled as (
  insert into tidemark.streams (tenant, name) select '', 'seat-' || n from generate_series(1, ${events}) as n
  returning id
), written as (
  insert into tidemark.events (position, stream_id, version, id, recorded_at, type, data, tags)
  select nextval('tidemark.events_position_seq'), id, 1, gen_random_uuid(), clock_timestamp(), 'ItemAdded', '{"quantity": 1}',
         array['seat:' || id, 'course:' || id % ${events / 10}]
    from filled
  returning position, tags
)
insert into tidemark.event_tags (tag, position) select unnest(tags), position from written;
vacuum analyze`;

async function openStore(setting: Setting, events: number): Promise<EventStore> {
  const url = await setting.createDatabase();
  const store: EventStore = await openEventStore(url);
  setting.cleanup.defer(() => store.close());
  if (events > 0) {
    setting.progress(`filling ${events.toLocaleString("en")} tagged events`);
    for (const statement of fill(events).split(/;\s*/)) await runSql(url, statement);
  }
  return store;
}

/** A seat that nobody has yet, in one of many courses; conditional: nobody may have it. */
async function takeSeat(store: EventStore, courses: number, conditional: boolean): Promise<number> {
  const seat = `seat:${randomUUID()}`;
  const event = { type: eventType, data: eventData, tags: [seat, `course:${Math.floor(Math.random() * courses)}`] };
  await store.append([event], conditional ? { condition: { query: [{ types: [eventType], tags: [seat] }] } } : {});
  return 1;
}

export const appendOnConditions: Scenario = {
  number: 19,
  title: "Append on a condition",
  about:
    "One event with two tags to a new stream, on the condition that no event of its type has the first of them, beside the same without a condition: with a million tagged events, and in an empty store.",
  async prepare(setting) {
    const events = setting.quick ? 100_000 : 1_000_000;
    const [full, empty] = [await openStore(setting, events), await openStore(setting, 0)];
    const large = `${events.toLocaleString("en")} events`;
    const take = (name: string, store: EventStore, callers: number, conditional: boolean): Contestant =>
      contestant(name, callers, () => takeSeat(store, events / 10, conditional));
    const beside = (callers: number): Target[] => [{ against: "without a condition", atLeast: callers < 100 ? 0.5 : 0.8 }];
    return [1, 10, 100].flatMap((callers): Comparison[] => [
      {
        label: `${large}, ${callers} callers`,
        subject: "on a condition",
        contestants: [take("on a condition", full, callers, true), take("without a condition", full, callers, false)],
        targets: beside(callers),
      },
      {
        label: `on a condition, ${callers} callers`,
        subject: large,
        contestants: [take(large, full, callers, true), take("empty store", empty, callers, true)],
        targets: [{ spreadAtMost: 1.3 }],
      },
    ]);
  },
};

export const appendOnConditionsBesidePeer: Scenario = {
  number: 21,
  title: "Append on a condition, beside @dcb-es",
  about:
    "One event with two tags, on the condition that no event of its type has the first of them, in a store that was empty. @dcb-es: its default options and a pool of ten connections.",
  async prepare(setting) {
    const store = await openStore(setting, 0);
    const dcb = setting.withPeers ? await openOnNewDatabase(setting, openDcb) : undefined;
    return [1, 10, 100].map((callers): Comparison => ({
      label: `${callers} callers`,
      subject: "Tidemark",
      contestants: [
        contestant("Tidemark", callers, () => takeSeat(store, 1_000, true)),
        ...(dcb ? [contestant("@dcb-es", callers, () => dcb.append([`seat:${randomUUID()}`, `course:${Math.floor(Math.random() * 1_000)}`]))] : []),
      ],
      targets: [],
    }));
  },
};

type Counted = Event<"Counted", { readonly by: number }>;

const onStream: Decider<number, number, Counted> = {
  initialState: () => 0,
  evolve: (count, { data }) => count + data.by,
  decide: (by) => [{ type: "Counted", data: { by } }],
};

/** The same decision, by what carries a tag. */
function onTag(tag: string): BoundaryDecider<number, number, Counted> {
  return {
    query: [{ types: ["Counted"], tags: [tag] }],
    initialState: () => 0,
    evolve: (count, { data }) => count + data.by,
    decide: (by) => [{ type: "Counted", data: { by }, tags: [tag] }],
  };
}

/** A thing that everybody decides on is left after so many events: their number would be what is measured. */
const eventsOfOne = 200;
const patient = { retry: { attempts: 1_000 } };

export const decideOnOneTag: Scenario = {
  number: 20,
  title: "Everybody decides on one thing",
  about: `All callers read, decide and append to the same thing, a stream at its expected version or a tag on a condition, and decide again where they lost; every ${eventsOfOne} events it is another thing.`,
  unit: "commands/s",
  async prepare(setting) {
    const [byTag, byStream] = [await openStore(setting, 0), await openStore(setting, 0)];
    let done = 0;
    const one = (): string => `thing-${Math.floor(done++ / eventsOfOne)}`;
    return [1, 10, 100].map((callers): Comparison => ({
      label: `${callers} callers`,
      subject: "one tag",
      contestants: [
        contestant("one tag", callers, async () => (await executeCommand(byTag, onTag(one()), 1, patient)).events.length),
        contestant("one stream", callers, async () => (await handleCommand(byStream, onStream, one(), 1, patient)).events.length),
      ],
      targets: [{ against: "one stream", atLeast: 0.5 }],
    }));
  },
};
