import { randomUUID } from "node:crypto";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import pg from "pg";
import { defineConsumer, type EventStore, openEventStore } from "tidemark";
import { runSql } from "../databases.ts";
import { eventData, eventType } from "../payload.ts";
import { callInLoops, type Call } from "../sample.ts";
import type { Comparison, Contestant, Scenario, Setting } from "../scenario.ts";
import { openServerCpu, type ServerCpu } from "../server-cpu.ts";
import { processorShare } from "../processor-share.ts";

/** Of a stream. */
const eventsOfOne = 10;
/** In one transaction: more would keep a snapshot open for minutes. */
const atOnce = 500_000;
/** Measured: tables and indexes, and as much again for what checkpoints and vacuum write meanwhile. */
const bytesAnEvent = 1_400;
const pageRows = 1_000;

/** Events as appends would have left them: ten a stream, each with a tag that nine others have. */
const fill = `
with filled as (
  insert into tidemark.streams (tenant, name) select '', 'cart-' || n from generate_series($1::bigint, $2::bigint) as n
  returning id
), written as (
  insert into tidemark.events (position, stream_id, version, id, recorded_at, type, data, tags)
  select nextval('tidemark.events_position_seq'), id, version, gen_random_uuid(), clock_timestamp(), $3, $4::jsonb, array['cart:' || id]
    from filled cross join generate_series(1, ${eventsOfOne}) as version
  returning position, tags
)
insert into tidemark.event_tags (tag, position) select unnest(tags), position from written`;

interface Grown {
  readonly name: string;
  readonly events: number;
  readonly store: EventStore;
  readonly cpu: ServerCpu | undefined;
}

async function grow(setting: Setting, events: number): Promise<Grown> {
  const url = await setting.createDatabase();
  const store: EventStore = await openEventStore(url);
  setting.cleanup.defer(() => store.close());
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (let done = 0; done < events; done += atOnce) {
    setting.progress(`filling ${events.toLocaleString("en")} events: ${done.toLocaleString("en")}`);
    const until = Math.min(events, done + atOnce);
    await client.query(fill, [done / eventsOfOne + 1, until / eventsOfOne, eventType, JSON.stringify(eventData)]);
  }
  await client.end();
  await runSql(url, "vacuum analyze");
  await runSql(url, "checkpoint");
  return { name: `${events.toLocaleString("en")} events`, events, store, cpu: await openServerCpu(url) };
}

async function refuseWithoutSpace(events: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const needed = events * bytesAnEvent;
  if (bavail * bsize > needed) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(0)} GB`;
  throw new Error(
    `${events.toLocaleString("en")} events need about ${gigabytes(needed)} in ${tmpdir()}, where ${gigabytes(bavail * bsize)} are free. Give fewer with --events.`,
  );
}

/** Costs in stores of 10,000 events and of more, up to `most`. */
export function growth(most: number): Scenario {
  const sizes = [10_000, 1_000_000, 10_000_000, 100_000_000].filter((size) => size <= most);
  if (!sizes.includes(most)) sizes.push(most);
  return {
    number: 60,
    title: "Costs as the log grows",
    about: `The same calls in stores of different sizes, ${eventsOfOne} events a stream, each with a tag. The server's memory is its default, so that what does not fit is read from the system's cache or the disk.`,
    unit: "calls/s",
    async prepare(setting) {
      await refuseWithoutSpace(sizes.reduce((sum, size) => sum + size, 0));
      const grown: Grown[] = [];
      for (const size of sizes) grown.push(await grow(setting, size));
      const [smallest] = grown;
      if (!smallest) return [];
      const compare = (label: string, contestant: (store: Grown) => Contestant): Comparison => ({
        label,
        subject: smallest.name,
        contestants: grown.map(contestant),
        targets: [{ spreadAtMost: 1.3 }],
      });
      const calls = (label: string, callers: number, call: (store: Grown) => Promise<unknown>): Comparison =>
        compare(`${label}, ${callers === 1 ? "1 caller" : `${callers} callers`}`, (one) => ({
          name: one.name,
          measure: (seconds) =>
            callInLoops(
              callers,
              seconds,
              counted(() => call(one)),
            ),
        }));
      return [
        calls("append to a new stream", 1, ({ store }) => store.appendToStream(`new-${randomUUID()}`, [event], { expectedVersion: "no-stream" })),
        calls("append to a new stream", 100, ({ store }) => store.appendToStream(`new-${randomUUID()}`, [event], { expectedVersion: "no-stream" })),
        calls("append to a stream", 100, (one) => one.store.appendToStream(anyStream(one), [event])),
        calls("append on a condition", 10, appendOnCondition),
        // The appends before this made the few streams of the small store longer.
        calls("read ten events of a stream", 1, (one) => one.store.readStream(anyStream(one), { limit: eventsOfOne }).toArray()),
        calls(`read a page of ${pageRows.toLocaleString("en")}`, 1, readPage),
        {
          ...calls("stats", 1, ({ store }) => store.stats()),
          targets: grown.map(({ name }) => ({ of: name, medianAtMostMs: 300 })),
        },
        {
          ...calls("verify", 1, ({ store }) => store.verify()),
          targets: grown.map(({ name }) => ({ of: name, longestAtMostMs: 120_000 })),
        },
        ...(smallest.cpu ? [idleConsumers(grown)] : []),
      ];
    },
  };
}

const event = { type: eventType, data: eventData };

const anyStream = ({ events }: Grown): string => `cart-${1 + Math.floor((Math.random() * events) / eventsOfOne)}`;

function counted(call: () => Promise<unknown>): Call {
  return async () => {
    await call();
    return 1;
  };
}

function appendOnCondition({ store }: Grown): Promise<unknown> {
  const tag = `seat:${randomUUID()}`;
  return store.append([{ ...event, tags: [tag] }], { condition: { query: [{ types: [eventType], tags: [tag] }] } });
}

function readPage({ store, events }: Grown): Promise<unknown> {
  return store.readAll({ after: Math.floor(Math.random() * (events - pageRows)), limit: pageRows }).toArray();
}

const consumers = 100;
/** Whatever a measurement takes else: the share is small. */
const idleSeconds = 10;

function idleConsumers(grown: readonly Grown[]): Comparison {
  return {
    label: `${consumers} idle consumers, % of a core`,
    subject: grown[0]?.name ?? "",
    contestants: grown.map(({ name, store, cpu }) => ({
      name,
      async measure() {
        const worker = store.createWorker({
          consumers: Array.from({ length: consumers }, (_, n) => defineConsumer({ name: `idle-${n}`, startFrom: "end", handle: () => {} })),
        });
        await worker.start();
        await worker.caughtUp();
        try {
          return cpu ? await processorShare(idleSeconds, cpu) : { events: 0, seconds: 1, latencies: [] };
        } finally {
          await worker.stop();
        }
      },
    })),
    targets: grown.map(({ name }) => ({ of: name, atMost: 2 })),
  };
}
