import pg from "pg";
import { defineConsumer } from "tidemark";
import { rowsReadBeside } from "../support/kept-plans.ts";
import { eventually, expect, test } from "../support/test.ts";

const letters = 20_000;
/** Whoever takes a shard reads all of its letters once. No lease ends while the test runs, however busy the machine is. */
const leaseMs = 3_600_000;

/** Of other streams, and behind all others. */
const fill = (at: string): string => `
insert into ${at}.dead_letters (consumer, position, stream_id, event_id, state)
select 'mailer', 1000000 + n, 1000000 + n, gen_random_uuid(), 'failed' from generate_series(1, $1::integer) as n`;

/**
 * Moves one letter through a thousand lanes in one transaction, and removes it. The index by lane has several pages then, and that of positions, whose
 * entries are alike, has one: beside few letters, a plan that takes all of them by the key and sorts them seems the cheaper one.
 */
const widenLaneIndex = (at: string): string => `
do $$ begin
  insert into ${at}.dead_letters (consumer, position, stream_id, event_id, state) values ('mailer', 999999, 1, gen_random_uuid(), 'failed');
  for n in 1 .. 1000 loop
    update ${at}.dead_letters set stream_id = 999999 + n where position = 999999;
  end loop;
  delete from ${at}.dead_letters where position = 999999;
end $$`;

test("putting events aside, trying them again and discarding them reads no more rows where many are aside", async ({ databaseUrl, schema, sql }) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["dead_letters"],
      fill,
      async start(store) {
        let refuses = true;
        const handled = new Set<number>();
        const mailer = defineConsumer({
          name: "mailer",
          onFailure: "dead-letter",
          retry: { attempts: 1 },
          handle: ({ streamId, position }) => {
            if (refuses && streamId !== "fine") throw new Error("no mail");
            handled.add(position);
          },
        });
        const worker = store.createWorker({ consumers: [mailer], leaseMs, onError: () => undefined });
        await worker.start();
        await sql.query(widenLaneIndex(pg.escapeIdentifier(`${schema} ${count}`)));
        return {
          async use(from, until) {
            for (let n = from; n < until; n += 10) {
              refuses = true;
              const append = async (stream = `cart-${n}`): Promise<number> => (await store.appendToStream(stream, [{ type: "ItemAdded", data: {} }])).position;
              // After five that fail one after the other the shard would wait.
              await append("fine");
              // The second waits behind the first, and the third behind both.
              const [first, second, third] = [await append(), await append(), await append()];
              await worker.caughtUp();
              await store.deadLetters.discard({ consumer: "mailer", position: second });
              refuses = false;
              await store.deadLetters.retry({ consumer: "mailer", position: first });
              await eventually(() => expect([handled.has(first), handled.has(second), handled.has(third)]).toEqual([true, false, true]));
            }
          },
          stop: () => worker.stop(),
        };
      },
    });
  const [alone, beside] = [await readBeside(0), await readBeside(letters)];
  expect(alone).toBeGreaterThan(10);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(letters / 2);
});
