import { defineRelay } from "tidemark";
import { expect, MemoryBroker, test } from "../relays/test.ts";
import { rowsReadBeside } from "../support/kept-plans.ts";

const published = 20_000;

/** In front of all others, so that the relay has passed them. */
const fill = (at: string): string => `
insert into ${at}.outbox (position, id, topic, key, payload)
select -n, gen_random_uuid(), 'mail', 'a', '{}' from generate_series(1, $1::integer) as n`;

test("publishing messages in transactions, and relaying them, reads no more rows where many were published", async ({ databaseUrl, schema, sql }) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["outbox"],
      fill,
      async start(store) {
        const broker = new MemoryBroker();
        const worker = store.createWorker({ relays: [defineRelay({ name: "out", source: "outbox", to: broker })] });
        await worker.start();
        return {
          async use(from, until) {
            for (let n = from; n < until; n++) {
              const id = crypto.randomUUID();
              // The second is the same message.
              for (const repeated of [false, true])
                expect(await store.transaction((tx) => tx.publish({ id, topic: "mail", key: `key-${n}`, payload: { n } }))).toMatchObject({ repeated });
              await worker.caughtUp();
            }
            expect(new Set(broker.stored.map(({ id }) => id)).size).toBe(until);
          },
          stop: () => worker.stop(),
        };
      },
    });
  const [alone, beside] = [await readBeside(0), await readBeside(published)];
  expect(alone).toBeGreaterThan(60);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(published / 2);
});
