import pg from "pg";
import { defineRelay } from "tidemark";
import { rowsReadBeside } from "../support/kept-plans.ts";
import { append, expect, MemoryBroker, test } from "./test.ts";

const letters = 20_000;
const follower = "'relay' || chr(29) || 'out'";

/** Of other keys, and behind all others. */
const fill = (at: string): string => `
insert into ${at}.dead_letters (consumer, position, stream_id, key, event_id, state)
select ${follower}, 1000000 + n, 0, 'other-' || n, gen_random_uuid(), 'failed' from generate_series(1, $1::integer) as n`;

/** Moves one letter through a thousand lanes and removes it, which leaves an index by lane that is wider than that of positions. */
const widenLaneIndex = (at: string): string => `
do $$ begin
  insert into ${at}.dead_letters (consumer, position, stream_id, key, event_id, state) values (${follower}, 999999, 0, 'moved', gen_random_uuid(), 'failed');
  for n in 1 .. 1000 loop
    update ${at}.dead_letters set key = 'moved-' || n where position = 999999;
  end loop;
  delete from ${at}.dead_letters where position = 999999;
end $$`;

test("putting messages aside behind others of their key reads no more rows where many are aside", async ({ databaseUrl, schema, sql }) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["dead_letters"],
      fill,
      async start(store) {
        const broker = new MemoryBroker();
        broker.refuses = ({ key, event }) => key !== "fine" && event.version === 1;
        // Whoever takes a shard reads all of its letters once. No lease ends while the test runs, however busy the machine is.
        const worker = store.createWorker({ relays: [defineRelay({ name: "out", to: broker })], leaseMs: 3_600_000, onError: () => undefined });
        await worker.start();
        await sql.query(widenLaneIndex(pg.escapeIdentifier(`${schema} ${count}`)));
        return {
          async use(from, until) {
            for (let n = from; n < until; n += 10) {
              // The second waits behind the first. After many that are refused one after the other the relay would wait.
              await append(store, [`cart-${n}`, "fine"], 2);
              await worker.caughtUp();
            }
            expect(broker.positions("fine")).toHaveLength(until / 5);
          },
          stop: () => worker.stop(),
        };
      },
    });
  const [alone, beside] = [await readBeside(0), await readBeside(letters)];
  expect(alone).toBeGreaterThan(4);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(letters / 2);
});
