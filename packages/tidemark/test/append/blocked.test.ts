import { added, describe, eventually, expect, lockStream, test, times } from "./test.ts";

const p99 = (latencies: readonly number[]): number => latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0;

/** The middle one of ten slices, in the order in which appends ended: a machine that stands still once spoils one slice, and a lock all. */
function usualP99(latencies: readonly number[]): number {
  const size = Math.ceil(latencies.length / 10);
  return times(10, (n) => p99(latencies.slice(n * size, (n + 1) * size))).toSorted((a, b) => a - b)[5] ?? 0;
}

/** Appends of one caller a stream, one after the other, for as long as `goOn` says. Returns how long each took. */
async function busy(append: (stream: number) => Promise<unknown>, streams: number, goOn: (done: number) => boolean): Promise<number[]> {
  const latencies: number[] = [];
  await Promise.all(
    times(streams, async (n) => {
      while (goOn(latencies.length)) {
        const before = performance.now();
        await append(n);
        latencies.push(performance.now() - before);
      }
    }),
  );
  return latencies;
}

describe("a stream that another transaction holds", () => {
  test("delays nobody but its own appends, which are written in order when it is free", async ({ store, openStore, schema, client, sql, q, log }) => {
    // The same appends at the same time, where nobody holds a stream: what slows the machine down slows both.
    const control = await openStore({ schema: `${schema} control` });
    for (const each of [store, control]) await each.appendToStreams(times(99, (n) => ({ streamId: `cart-${n}`, events: [added(-1)] })));

    const [holder, creator] = [await client(), await client()];
    await lockStream(holder, q, "cart-98");
    await creator.query(`begin; insert into ${q}.streams (name) values ('cart-99')`);
    let free = false;
    const held = times(40, (n) => store.appendToStream(n % 2 === 0 ? "cart-98" : "cart-99", [added(n)]).then(() => expect(free).toBe(true)));
    const settled = Promise.all(held);
    const until = performance.now() + 5_000;
    const waiting: number[] = [];
    const watch = (async () => {
      while (performance.now() < until) {
        const { rows } = await sql.query(
          "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%append_waiting%'",
        );
        waiting.push(rows[0].n);
      }
    })();
    const [beside, alone] = await Promise.all(
      [store, control].map((each) =>
        busy(
          (n) => each.appendToStream(`cart-${n}`, [added()]),
          49,
          () => performance.now() < until,
        ),
      ),
    );
    await watch;
    free = true;
    await Promise.all([holder.query("commit"), creator.query("commit")]);
    await settled;

    if (!beside || !alone) throw new Error("Both were busy.");
    // What 50 ms are to a machine of its own, three times the time without a lock is to a busy one.
    expect(usualP99(beside)).toBeLessThan(Math.max(50, 3 * usualP99(alone)));
    // An append that waited for the lock would wait for all of its 5 s.
    expect(p99(beside)).toBeLessThan(Math.max(500, 5 * p99(alone)));
    expect(Math.max(...waiting)).toBe(2);
    for (const [streamId, first] of [
      ["cart-98", [{ n: -1 }]],
      ["cart-99", []],
    ] as const) {
      const odd = streamId === "cart-99" ? 1 : 0;
      expect((await log(streamId)).map(({ data }) => data)).toEqual([...first, ...times(20, (n) => ({ n: 2 * n + odd }))]);
    }
  });

  test("and 49 others, leave a pool of five to everybody else", async ({ openStore, client, sql, q, log }) => {
    const store = await openStore({ pool: { max: 5 } });
    await store.appendToStreams(times(50, (n) => ({ streamId: `held-${n}`, events: [added()] })));
    const holder = await client();
    await holder.query("begin");
    await holder.query(`select 1 from ${q}.streams for update`);
    const held = times(50, (n) => store.appendToStream(`held-${n}`, [added()]));
    for (let round = 0; round < 10; round++) await Promise.all(times(20, (n) => store.appendToStream(`free-${n}`, [added(round)])));
    await eventually(async () => {
      const { rows } = await sql.query("select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
      expect(rows).toEqual([{ n: 2 }]);
    });
    expect(await log()).toHaveLength(250);
    await holder.query("commit");
    for (const { version } of await Promise.all(held)) expect(version).toBe(2);
  });

  test("for longer than queryTimeoutMs fails its appends, with nothing written", async ({ store, openStore, client, q, log }) => {
    await store.appendToStream("cart-1", [added()]);
    const impatient = await openStore({ pool: { queryTimeoutMs: 1_200 } });
    const holder = await client();
    await lockStream(holder, q, "cart-1");
    const settled = await Promise.allSettled(times(2, () => impatient.appendToStream("cart-1", [added()])));
    for (const outcome of settled)
      expect(outcome).toMatchObject({
        reason: { code: "DATABASE", sqlState: "55P03", retryable: true, message: expect.stringContaining('held "cart-1" for more than 1200 ms') },
      });
    await holder.query("commit");
    expect(await log()).toHaveLength(1);
    expect(await impatient.appendToStream("cart-1", [added()])).toMatchObject({ version: 2 });
  });
});
