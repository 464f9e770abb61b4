import type pg from "pg";
import { type ConsumerContext, defineConsumer, type RecordedEvent } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "./test.ts";

/** What an ORM takes a client for. */
function driver(client: unknown): pg.Pool {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as an ORM's types do
  return client as pg.Pool;
}

/** Four events; the third one's handler is hostile. */
const events = [itemAdded(), itemAdded(), confirmed, itemAdded()];

const ends = [
  "commit",
  "rollback",
  "commit and chain",
  "rollback and chain",
  "rollback; begin",
  "commit; begin",
  "select 1; rollback; select 2",
  "prepare transaction 'x'",
  "close all",
];

describe("a handler that ends its transaction", () => {
  test("fails alone and at once: what others wrote stands once, what it wrote is gone", async ({ store, sql, start, effects }) => {
    for (const script of ends) {
      for (const where of script.startsWith("prepare") ? ["query", "client"] : ["query", "client", "before it writes"]) {
        await sql.query(`truncate ${effects.table}`);
        const name = `${script} ${where}`;
        const { position } = await store.appendToStream("cart-1", events);
        const calls: number[] = [];
        const { worker } = await start(
          defineConsumer({
            name,
            startFrom: { after: position - 4 },
            retry: { attempts: 5, minDelayMs: 1, maxDelayMs: 1 },
            onFailure: "skip",
            async handle(event, context) {
              const hostile = event.type === "CartConfirmed";
              if (hostile) calls.push(event.position);
              if (hostile && where === "before it writes") await driver(context.client).query(script);
              await effects.write(event, context);
              if (!hostile) return;
              if (where === "query" && !script.includes(";")) await context.query(script);
              else
                await driver(context.client)
                  .query(script)
                  .catch(() => {});
            },
          }),
        );
        await worker.caughtUp();
        await worker.stop();
        expect(await effects.positions(), name).toEqual([position - 3, position - 2, position]);
        expect(await store.deadLetters.list({ consumer: name }), name).toMatchObject([
          { position: position - 1, attempts: 1, error: { code: "TRANSACTION_ENDED" } },
        ]);
        // Once beside others, once alone.
        expect(calls.length, name).toBeLessThanOrEqual(2);
      }
    }
  });

  test("is blamed although its first event is the only one", async ({ store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        async handle(event, context) {
          await effects.write(event, context);
          await context.query("rollback");
        },
      }),
    );
    await worker.caughtUp();
    expect(await effects.positions()).toEqual([]);
    expect(await store.deadLetters.list()).toMatchObject([{ position, error: { code: "TRANSACTION_ENDED" } }]);
  });

  test("fails although it is a dead letter that is tried again", async ({ store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    let script = "select 1/0";
    const tried: number[] = [];
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        async handle(event, context) {
          await effects.write(event, context);
          await context.query(script);
          tried.push(event.position);
        },
      }),
    );
    await worker.caughtUp();
    script = "rollback";
    await store.deadLetters.retry({ consumer: "c", position });
    await expect.poll(async () => (await store.deadLetters.get({ consumer: "c", position })).error?.code, { timeout: 60_000 }).toBe("TRANSACTION_ENDED");
    expect(tried).toEqual([position]);
    expect(await effects.positions()).toEqual([]);
    script = "select 1";
    await store.deadLetters.retry({ consumer: "c", position });
    await expect.poll(() => store.deadLetters.list(), { timeout: 60_000 }).toEqual([]);
    expect(await effects.positions()).toEqual([position]);
  });
});

describe("a handler's savepoints", () => {
  type Steps = (event: RecordedEvent, context: ConsumerContext, write: () => Promise<void>) => Promise<void>;

  const cases: readonly { readonly name: string; readonly handle: Steps; readonly written: readonly number[]; readonly failed: readonly number[] }[] = [
    {
      name: "may have any name",
      async handle(_event, context, write) {
        for (const savepoint of ["event", "tidemark", "tidemark_append", "tidemark_handler"]) {
          await context.query(`savepoint ${savepoint}`);
          await write();
          await context.query(`rollback to savepoint ${savepoint}`);
          await context.query(`release savepoint ${savepoint}`);
        }
        await write();
      },
      written: [1, 2, 3, 4],
      failed: [],
    },
    {
      name: "take nothing along when their event fails",
      async handle({ version }, context, write) {
        await write();
        for (const savepoint of ["event", "tidemark_handler"]) await context.query(`savepoint ${savepoint}`);
        if (version === 3) throw new Error("no");
      },
      written: [1, 2, 4],
      failed: [3],
    },
    {
      name: "are not those of the next event",
      async handle({ version }, context, write) {
        if (version === 1) await context.query("savepoint mine");
        await write();
        if (version === 3) await context.query("rollback to savepoint mine");
      },
      written: [1, 2, 4],
      failed: [3],
    },
    {
      name: "are not the last event's to undo",
      async handle({ version }, context, write) {
        if (version === 1) await context.query("savepoint mine");
        await write();
        if (version === 4) await context.query("rollback to savepoint mine");
      },
      written: [1, 2, 3],
      failed: [4],
    },
    {
      name: "are not the next event's to release",
      async handle({ version }, context, write) {
        if (version === 1) await context.query("savepoint mine");
        await write();
        if (version === 3) await context.query("release savepoint mine");
      },
      written: [1, 2, 4],
      failed: [3],
    },
  ];

  test.for(cases)("$name", async ({ handle, written, failed }, { store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", events);
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        onFailure: "skip",
        handle: (event, context) => handle(event, context, () => effects.write(event, context)),
      }),
    );
    await worker.caughtUp();
    const versions = (positions: readonly number[]): readonly number[] => positions.map((at) => at - position + 4);
    expect(versions(await effects.positions())).toEqual(written);
    expect(versions((await store.deadLetters.list()).map((letter) => letter.position))).toEqual(failed);
  });
});
