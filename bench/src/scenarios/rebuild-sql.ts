import { defineProjection, openEventStore, type Projection } from "tidemark";
import { eventType } from "../payload.ts";
import type { Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";
import { filled } from "./projections.ts";

/** A row a stream, changed by each event: one statement for each batch. */
function counts(name: string, version: number): Projection {
  const table = `public.${name}_${version}`;
  return defineProjection({
    name,
    version,
    mode: "async",
    handles: [eventType],
    setup: async (tx) => void (await tx.query(`create table ${table} (stream text primary key, events integer not null)`)),
    handleBatch: async (events, tx) => {
      const text = `
insert into ${table} as t
select s.stream, pg_catalog.count(*) from pg_catalog.unnest($1::text[]) as s (stream) group by s.stream
    on conflict (stream) do update set events = t.events + excluded.events`;
      await tx.query(text, [events.map(({ streamId }) => streamId)]);
    },
  });
}

/** Has a worker of its own follow the projection to the end of the log. */
async function follow(url: string, projection: Projection): Promise<Sample> {
  const began = performance.now();
  await using store = await openEventStore(url, { projections: [projection] });
  await using worker = store.createWorker({ onError: (error) => console.error(error) });
  await worker.start();
  await worker.caughtUp();
  const events = worker.counts().reduce((sum, { handled }) => sum + handled, 0);
  return { events, seconds: (performance.now() - began) / 1_000, latencies: [] };
}

export const rebuildSql: Scenario = {
  number: 31,
  title: "Rebuild a read model of one's own SQL from 200,000 events",
  about:
    "10,000 rows, one a stream, in batches. Catch-up: a new projection's first version follows the log from its beginning. Rebuild: another version does, beside the one that serves. Each with a worker of its own.",
  async prepare(setting) {
    const events = setting.quick ? 20_000 : 200_000;
    const url = await filled(setting, events, events / 20);
    await follow(url, counts("served", 1));
    let [fresh, version] = [0, 1];
    return [
      {
        label: "one projection",
        subject: "rebuild",
        contestants: [
          { name: "catch-up", measure: () => follow(url, counts(`fresh_${++fresh}`, 1)) },
          { name: "rebuild", measure: () => follow(url, counts("served", ++version)) },
        ],
        targets: [{ against: "catch-up", atLeast: 0.9 }],
      },
    ];
  },
};
