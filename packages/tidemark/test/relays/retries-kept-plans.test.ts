import { defineRelay } from "tidemark";
import { rowsReadBeside } from "../support/kept-plans.ts";
import { append, eventually, expect, MemoryBroker, test } from "./test.ts";

const letters = 20_000;

/** Of other keys, and behind all others. */
const fill = (at: string): string => `
insert into ${at}.dead_letters (consumer, position, stream_id, key, event_id, state)
select 'relay' || chr(29) || 'out', 1000000 + n, 0, 'other-' || n, gen_random_uuid(), 'failed' from generate_series(1, $1::integer) as n`;

test("trying a dead letter of a relay again reads no more rows where many are aside", async ({ databaseUrl, schema, sql }) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["dead_letters"],
      fill,
      async start(store) {
        const broker = new MemoryBroker();
        // Whoever takes a shard reads all of its letters once. No lease ends while the test runs, however busy the machine is.
        const worker = store.createWorker({ relays: [defineRelay({ name: "out", to: broker })], leaseMs: 3_600_000, onError: () => undefined });
        await worker.start();
        return {
          async use(from, until) {
            for (let n = from; n < until; n += 5) {
              broker.refuses = ({ key }) => key !== "fine";
              // After many that are refused one after the other the relay would wait.
              await append(store, [`cart-${n}`, "fine"]);
              await worker.caughtUp();
              broker.refuses = () => false;
              const [first] = await store.readStream(`cart-${n}`).toArray();
              await store.deadLetters.retry({ consumer: "out", kind: "relay", position: first?.position ?? 0 });
              await eventually(() => expect(broker.positions(`cart-${n}`)).toHaveLength(1));
            }
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
