import pg from "pg";
import { defineConsumer, defineProjection, openEventStore, type RecordedEvent } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test as base } from "./test.ts";

const test = base
  /** Refuses events of type CartConfirmed, and only when the transaction commits. */
  .extend("refuseAtCommit", ({ sql, schema, effects }) => ({
    async constraint() {
      await sql.query(`alter table ${effects.table} add column refers bigint references ${effects.table} (position) deferrable initially deferred`);
    },
    async trigger() {
      const refuse = `${pg.escapeIdentifier(schema)}.refuse`;
      await sql.query(`
        alter table ${effects.table} add column refers bigint;
        create function ${refuse}() returns trigger language plpgsql as $$
          begin
            if new.refers < 0 then raise exception 'refused at commit'; end if;
            return null;
          end $$;
        create constraint trigger refuse after insert on ${effects.table} deferrable initially deferred for each row execute function ${refuse}()`);
    },
  }));

function row({ type, position }: RecordedEvent): [number, number | null] {
  return [position, type === "CartConfirmed" ? -1 : null];
}

describe.for(["constraint", "trigger"] as const)("what a handler writes and a deferred %s refuses at COMMIT", (kind) => {
  test("is its event's failure, and its neighbours' effects stand once", async ({ store, start, effects, refuseAtCommit }) => {
    await refuseAtCommit[kind]();
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed, itemAdded(), confirmed]);
    await store.appendToStream("cart-2", [itemAdded()]);
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 2, minDelayMs: 1 },
        onFailure: "skip",
        async handle(event, context) {
          await context.query(`insert into ${effects.table} (position, refers) values ($1, $2)`, row(event));
        },
      }),
    );
    await worker.caughtUp();
    expect(await effects.positions()).toEqual([position - 3, position - 1, position + 1]);
    const letters = await store.deadLetters.list();
    expect(letters.map((letter) => letter.position)).toEqual([position - 2, position]);
    expect(letters[0]).toMatchObject({ attempts: 2, error: { code: "DATABASE" } });
    expect(errors.map(({ code }) => code)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  test("is its event's failure in a batch too", async ({ store, start, effects, refuseAtCommit }) => {
    await refuseAtCommit[kind]();
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed, itemAdded()]);
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        onFailure: "skip",
        async handleBatch(events, context) {
          for (const event of events) await context.query(`insert into ${effects.table} (position, refers) values ($1, $2)`, row(event));
        },
      }),
    );
    await worker.caughtUp();
    expect(await effects.positions()).toEqual([position - 2, position]);
    expect(await store.deadLetters.list()).toMatchObject([{ position: position - 1 }]);
  });

  test("keeps a dead letter that is tried again", async ({ store, start, effects, refuseAtCommit }) => {
    await refuseAtCommit[kind]();
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        async handle(event, context) {
          await context.query(`insert into ${effects.table} (position, refers) values ($1, $2)`, row(event));
        },
      }),
    );
    await worker.caughtUp();
    await store.deadLetters.retry({ consumer: "c", position });
    await eventually(async () => expect(await store.deadLetters.get({ consumer: "c", position })).toMatchObject({ attempts: 2, retryRequested: false }));
    expect(await effects.positions()).toEqual([]);
  });

  test("stops a projection at its event", async ({ databaseUrl, schema, store, effects, refuseAtCommit }) => {
    await refuseAtCommit[kind]();
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed, itemAdded()]);
    const projection = defineProjection({
      name: "p",
      version: 1,
      mode: "async",
      handles: ["ItemAdded", "CartConfirmed"],
      async handle(event, tx) {
        await tx.query(`insert into ${effects.table} (position, refers) values ($1, $2)`, row(event));
      },
    });
    await using second = await openEventStore(databaseUrl, { schema, projections: [projection] });
    await using worker = second.createWorker({ onError: () => {} });
    await worker.start();
    await expect(worker.caughtUp()).rejects.toMatchObject({ code: "HANDLER_FAILED", position: position - 1 });
    expect(await effects.positions()).toEqual([position - 2]);
  });
});
