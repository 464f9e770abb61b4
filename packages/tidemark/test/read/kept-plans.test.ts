import { causedBy, type EventStore, type RecordedEvent } from "tidemark";
import { rowsReadBeside } from "../support/kept-plans.ts";
import { expect, test } from "../support/test.ts";

const others = 20_000;

/** Each of a stream of its own, and caused by something else. */
const fill = (at: string): string => `
with made as (
  insert into ${at}.streams (name) select 'other-' || n from generate_series(1, $1::integer) as n returning id
)
insert into ${at}.events (position, stream_id, version, id, recorded_at, type, data, metadata)
select nextval('${at}.events_position_seq'), id, 1, gen_random_uuid(), now(), 'Noted', '{}',
       jsonb_build_object('causationId', gen_random_uuid(), 'correlationId', gen_random_uuid())
  from made`;

/** An event that caused one, which caused another. */
async function appendChain(store: EventStore): Promise<readonly RecordedEvent[]> {
  const chain: RecordedEvent[] = [];
  for (const streamId of ["cart-1", "order-1", "parcel-1"]) {
    const cause = chain.at(-1);
    await store.appendToStream(streamId, [{ type: "Done", data: {}, metadata: cause ? causedBy(cause) : {} }], {
      onRecorded: (events) => void chain.push(...events),
    });
  }
  return chain;
}

test("reading events by their causes, their ids and their streams reads no more rows in a long log", async ({ databaseUrl, schema, sql }) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["events", "streams"],
      fill,
      async start(store) {
        await store.indexes.create("causation");
        const chain = await appendChain(store);
        const ids = chain.map(({ id }) => id);
        return {
          async use(from, until) {
            // This process learns of the log's length. The statement that asks for it has the plan of a short log once more, and looks at all events.
            await store.highWaterMark();
            for (let n = from; n < until; n++) {
              const { causes, effects, event } = await store.readCausation(ids[1] ?? "");
              expect([...causes, event, ...effects.map((effect) => effect.event)].map(({ id }) => id)).toEqual(ids);
              const { effects: cut } = await store.readCausation(ids[0] ?? "", { depth: 1 });
              expect(cut).toMatchObject([{ cut: true }]);
              for (const direction of ["forward", "backward"] as const)
                expect(await store.readCorrelation(ids[0] ?? "", { direction, limit: n % 2 === 0 ? 2 : 1_000 }).toArray()).toHaveLength(2);
              expect(await store.eventById(ids[2] ?? "")).toMatchObject({ streamId: "parcel-1" });
              expect(await store.readStream("order-1").toArray()).toHaveLength(1);
            }
          },
          async stop() {},
        };
      },
    });
  const [alone, beside] = [await readBeside(0), await readBeside(others)];
  expect(alone).toBeGreaterThan(100);
  // Each other look at all of them would be twenty thousand more.
  expect(beside - alone).toBeLessThan(2 * others);
});
