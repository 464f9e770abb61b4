import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { type EventStore, openEventStore } from "tidemark";
import { runSql } from "../databases.ts";
import { eventData, eventType } from "../payload.ts";
import { processorShare } from "../processor-share.ts";
import { callInLoops, type Sample } from "../sample.ts";
import type { Contestant, Scenario, Setting } from "../scenario.ts";
import { openServerCpu } from "../server-cpu.ts";

const dueEachSecond = 1_000;

/** Timers as `schedule` would have left them: $1 of them, from $2 seconds from now on, so many a second. */
const fill = `
insert into tidemark.timers (key, stream, event_id, type, data, due_at)
select gen_random_uuid()::text, 'reminder-' || n % 1000, gen_random_uuid(), $3, $4::jsonb, clock_timestamp() + $2::float8 * interval '1 second' + n * interval '1 second' / $5::float8
  from generate_series(1, $1::integer) as n`;

async function query<Row extends pg.QueryResultRow>(url: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** @param pending - Timers that wait for a day and longer. */
async function openStore(setting: Setting, pending: number): Promise<{ readonly url: string; readonly store: EventStore }> {
  const url = await setting.createDatabase();
  const store: EventStore = await openEventStore(url);
  setting.cleanup.defer(() => store.close());
  if (pending > 0) {
    setting.progress(`filling ${pending.toLocaleString("en")} timers`);
    await query(url, fill, [pending, 86_400, eventType, JSON.stringify(eventData), 1]);
    await runSql(url, "vacuum analyze");
    await runSql(url, "checkpoint");
  }
  return { url, store };
}

const million = (quick: boolean): number => (quick ? 100_000 : 1_000_000);

export const setTimers: Scenario = {
  number: 51,
  title: "Set a timer",
  about: "Each call sets a timer under a key of its own, an hour from now, in a store without timers and in one where many wait.",
  unit: "timers/s",
  async prepare(setting) {
    const contestants: { readonly name: string; readonly store: EventStore }[] = [];
    for (const pending of [0, million(setting.quick)]) {
      contestants.push({ name: pending === 0 ? "none pending" : `${pending.toLocaleString("en")} pending`, store: (await openStore(setting, pending)).store });
    }
    const set = async (store: EventStore): Promise<number> => {
      await store.schedule(`reminder-${Math.floor(Math.random() * 1_000)}`, { type: eventType, data: eventData }, { key: randomUUID(), in: 3_600_000 });
      return 1;
    };
    return [1, 10].map((callers) => ({
      label: callers === 1 ? "1 caller" : `${callers} callers`,
      subject: "none pending",
      contestants: contestants.map(({ name, store }) => ({ name, measure: (seconds) => callInLoops(callers, seconds, () => set(store)) })),
      targets: [{ spreadAtMost: 1.3 }],
    }));
  },
};

/** How late each of them was, by the database's clock. */
const lateness = `
select (extract(epoch from e.recorded_at - (e.metadata -> 'timer' ->> 'dueAt')::timestamptz) * 1000)::float8 as late
  from tidemark.events as e where e.position > $1`;

async function fire(url: string, seconds: number): Promise<Sample> {
  const [before] = await query<{ position: string }>(url, "select coalesce(max(position), 0)::text as position from tidemark.events");
  const count = Math.ceil(seconds) * dueEachSecond;
  await query(url, fill, [count, 1, eventType, JSON.stringify(eventData), dueEachSecond]);
  const due = "select count(*)::integer as left from tidemark.timers where due_at < clock_timestamp() + interval '1 hour'";
  await pause(1_000 + seconds * 1_000);
  while (((await query<{ left: number }>(url, due))[0]?.left ?? 0) > 0) await pause(50);
  const latencies = (await query<{ late: number }>(url, lateness, [before?.position])).map(({ late }) => late);
  if (latencies.length !== count) throw new Error(`Of ${count} timers, ${latencies.length} fired.`);
  return { events: count, seconds: count / dueEachSecond, latencies };
}

export const fireTimers: Scenario = {
  number: 52,
  title: "Fire timers",
  about: `${dueEachSecond.toLocaleString("en")} timers are due each second, for 1,000 streams, while many wait. The time is from the moment a timer is due until its event is recorded, by the database's clock. The rate is that of the timers that were set.`,
  unit: "timers/s",
  async prepare(setting) {
    const contestant = async (workers: number): Promise<Contestant> => {
      const { url, store } = await openStore(setting, million(setting.quick));
      for (let n = 0; n < workers; n++) {
        const own: EventStore = n === 0 ? store : await openEventStore(url);
        if (n > 0) setting.cleanup.defer(() => own.close());
        const worker = own.createWorker({ timers: true });
        await worker.start();
        setting.cleanup.defer(() => worker.stop());
      }
      return { name: workers === 1 ? "1 worker" : `${workers} workers`, measure: (seconds) => fire(url, seconds) };
    };
    const contestants = [await contestant(1), await contestant(4)];
    return [
      {
        label: `${dueEachSecond.toLocaleString("en")} due a second`,
        subject: "1 worker",
        contestants,
        targets: contestants.flatMap(({ name }) => [
          { of: name, medianAtMostMs: 100 },
          { of: name, p99AtMostMs: 250 },
        ]),
      },
    ];
  },
};

export const idleTimers: Scenario = {
  number: 53,
  title: "Timers that are not due",
  about:
    "A worker fires timers of a store in which many wait and none is due. Counted is the processor time of the client's process and all of the server's, for 60 s.",
  unit: "% of a core",
  async prepare(setting) {
    const { url, store } = await openStore(setting, million(setting.quick));
    const cpu = await openServerCpu(url);
    if (!cpu) {
      setting.progress("left out: the server's processes cannot be seen from here");
      return [];
    }
    const idleSeconds = setting.quick ? 10 : 60;
    const baseline = await processorShare(idleSeconds, cpu);
    const worker = store.createWorker({ timers: true });
    await worker.start();
    setting.cleanup.defer(() => worker.stop());
    // One measurement is long enough to be its own median.
    let measured: Promise<Sample> | undefined;
    return [
      {
        label: "client and server",
        subject: "waiting timers",
        contestants: [
          { name: "nothing", measure: async () => baseline },
          { name: "waiting timers", measure: () => (measured ??= processorShare(idleSeconds, cpu)) },
        ],
        targets: [{ of: "waiting timers", atMost: 1 }],
      },
    ];
  },
};
