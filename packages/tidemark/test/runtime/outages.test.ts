import pg from "pg";
import { startProxy } from "@tidemark/servers";
import { defineConsumer, openEventStore } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, gate, test } from "./test.ts";

describe("a worker whose connections are lost", () => {
  test("goes on by itself, repeats no effect and gives no event up", async ({ store, sql, start, effects }) => {
    for (let n = 0; n < 30; n++) await store.appendToStream(`cart-${n % 3}`, [itemAdded(), itemAdded()]);
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        shards: 3,
        batchSize: 4,
        retry: { attempts: 1 },
        async handle(event, context) {
          await effects.write(event, context);
          await context.query("select pg_sleep(0.01)");
        },
      }),
    );
    for (let round = 1; round <= 5; round++) {
      await eventually(async () => expect((await effects.positions()).length).toBeGreaterThan(round * 5));
      await sql.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep%' and pid <> pg_backend_pid()",
      );
    }
    await worker.caughtUp();
    expect(await effects.positions()).toHaveLength(60);
    expect(await store.deadLetters.list()).toEqual([]);
    expect(errors.map(({ code }) => code)).not.toContain("HANDLER_FAILED");
  });

  test.for(["the answer to a commit", "a commit"] as const)(
    "learns where its checkpoint is when %s is lost",
    async (what, { store, schema, databaseUrl, effects }) => {
      const { position } = await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
      await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
      await using behind = await openEventStore(proxy.through(databaseUrl), { schema });
      const attempts: number[] = [];
      let armed = false;
      proxy.on(what === "a commit" ? "frontend" : "backend", ({ name, bytes }) => {
        const hit = what === "a commit" ? name === "Query" && bytes.includes("commit") : name === "CommandComplete" && bytes.includes("COMMIT");
        if (!armed || !hit) return;
        armed = false;
        return "drop-connection-before";
      });
      await using worker = behind.createWorker({
        leaseMs: 5_000,
        onError: () => {},
        consumers: [
          defineConsumer({
            name: "c",
            retry: { attempts: 1 },
            async handle(event, context) {
              attempts.push(event.version);
              await effects.write(event, context);
              armed = attempts.length === 2;
            },
          }),
        ],
      });
      await worker.start();
      await worker.caughtUp();
      const { position: last } = await store.appendToStream("cart-1", [itemAdded()]);
      await store.waitFor("c", last, { timeoutMs: 60_000 });
      expect(await effects.positions()).toEqual([position - 1, position, last]);
      // What was committed is not handled again; what was not, is.
      expect(attempts).toEqual(what === "a commit" ? [1, 2, 1, 2, 3] : [1, 2, 3]);
      expect(await store.deadLetters.list()).toEqual([]);
    },
  );

  test("lets no handler write that hung while the commit behind it was lost", async ({ store, schema, databaseUrl, effects }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using behind = await openEventStore(proxy.through(databaseUrl), { schema });
    let armed = false;
    proxy.on("frontend", ({ name, bytes }) => {
      if (!armed || name !== "Query" || !bytes.includes("commit")) return;
      armed = false;
      return "drop-connection-before";
    });
    const again = gate();
    let late: Promise<void> | undefined;
    let refused = false;
    const calls: string[] = [];
    await using worker = behind.createWorker({
      leaseMs: 60_000,
      onError: () => {},
      consumers: [
        defineConsumer({
          name: "c",
          // Of the one that hangs. A busy machine may take longer for others too, which are tried again.
          timeoutMs: 200,
          retry: { attempts: 1_000, minDelayMs: 1, maxDelayMs: 1 },
          async handle(event, context) {
            calls.push(`${event.version}, ${context.attempt}`);
            if (event.version === 1 || refused) return await effects.write(event, context);
            if (!late) {
              // What the first event wrote is committed behind this one, which takes its time.
              armed = true;
              late = again.opened.then(() => effects.write(event, context));
              return await late;
            }
            again.open();
            await late.catch(() => {});
            refused = true;
            throw new Error("not yet");
          },
        }),
      ],
    });
    await worker.start();
    await worker.caughtUp();
    await expect(late).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(calls.filter((call) => call.startsWith("2")).slice(0, 3)).toEqual(["2, 1", "2, 1", "2, 2"]);
    // The first event, too, was handled again, because its commit was lost.
    expect(calls.slice(calls.indexOf("2, 1"), calls.lastIndexOf("2, 1"))).toContain("1, 1");
    expect(await store.deadLetters.list()).toEqual([]);
    expect(await effects.positions()).toEqual([position - 1, position]);
  });

  test("begins no event once its lease is over, although all else works", async ({ store, schema, databaseUrl, start }) => {
    await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using behind = await openEventStore(proxy.through(databaseUrl), { schema });
    const [inside, go] = [gate(), gate()];
    const seen: string[] = [];
    const consumer = (who: string): ReturnType<typeof defineConsumer> =>
      defineConsumer({
        name: "c",
        async handle({ version }) {
          seen.push(`${who} ${version}`);
          if (who !== "first") return;
          inside.open();
          await go.opened;
        },
      });
    const errors: string[] = [];
    const first = behind.createWorker({ consumers: [consumer("first")], leaseMs: 800, onError: ({ code }) => void errors.push(code) });
    await first.start();
    await inside.opened;
    // From now on its heartbeats are lost, and nothing else.
    const heal = proxy.on("frontend", ({ bytes }) => (bytes.includes("tidemark_worker_renew") ? "drop-connection-before" : undefined));
    const second = await start(consumer("second"), { leaseMs: 800 });
    await second.worker.caughtUp();
    go.open();
    await eventually(() => expect(errors).toContain("CONNECTION"));
    heal();
    await eventually(() => expect(errors).toContain("FENCED"));
    expect(seen).toEqual(["first 1", "second 1", "second 2", "second 3"]);
    await first.stop();
  });

  test("is not at fault when its pool is used up: handlers wait, and leases go on", async ({ openStore, start }) => {
    const store = await openStore({ pool: { max: 2 } });
    for (let n = 0; n < 8; n++) await store.appendToStream(`cart-${n}`, [itemAdded()]);
    let handled = 0;
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        shards: 8,
        // Takes a second connection while it holds one: eight at once would wait for each other for ever.
        async handle(_event, context) {
          await context.query("select 1");
          await store.query("select 1");
          handled++;
        },
      }),
      { on: store },
    );
    await worker.caughtUp();
    expect(handled).toBe(8);
    expect(errors).toEqual([]);
  });

  test("counts no try whose time went by while it waited for its transaction", async ({ openStore, start, effects }) => {
    // One handler's transaction at a time.
    const store = await openStore({ pool: { max: 2 } });
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    const [inside, go] = [gate(), gate()];
    const holding = defineConsumer({
      name: "holds the transaction",
      async handle(_event, context) {
        await context.query("select 1");
        inside.open();
        await go.opened;
      },
    });
    const attempts: number[] = [];
    const waiting = defineConsumer({
      name: "waits for it",
      // A busy machine may need longer than that for the statement itself: such a try counts, and is made again.
      timeoutMs: 50,
      retry: { attempts: 1_000, minDelayMs: 1, maxDelayMs: 1 },
      async handle(event, context) {
        attempts.push(context.attempt);
        await effects.write(event, context);
      },
    });
    await start(holding, { on: store });
    await inside.opened;
    const { worker, errors } = await start(waiting, { on: store });
    try {
      await eventually(() => expect(errors).toMatchObject([{ code: "HANDLER_TIMEOUT", consumer: "waits for it" }]));
      await eventually(() => expect(attempts.length).toBeGreaterThan(2));
      expect(new Set(attempts)).toEqual(new Set([1]));
    } finally {
      go.open();
    }
    await worker.caughtUp();
    expect(await effects.positions()).toEqual([position]);
    expect(await store.deadLetters.list()).toEqual([]);
  });
});

describe("a handler that keeps its transaction open", () => {
  test("without a word for longer than a lease is cut off, and it is its event that failed", async ({ store, start, effects }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const never = gate();
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        timeoutMs: 20_000,
        async handle(event, context) {
          await effects.write(event, context);
          await Promise.race([never.opened, new Promise((resolve) => setTimeout(resolve, 800))]);
          await context.query("select 1");
        },
      }),
      { leaseMs: 500 },
    );
    await worker.caughtUp();
    expect(await store.deadLetters.list()).toMatchObject([{ state: "failed" }]);
    expect(await effects.positions()).toEqual([]);
    never.open();
  });
});

describe("a consumer whose log was replaced", () => {
  test("under its running worker stops, even where it was cut off while it handled an event", async ({ store, sql, schema, start }) => {
    const at = pg.escapeIdentifier(schema);
    const entered = gate();
    const go = gate();
    for (const stream of ["a", "b", "c"]) await store.appendToStream(stream, [itemAdded()]);
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        async handle({ position }, context) {
          if (position < 4) return;
          await context.query("select 1");
          entered.open();
          await go.opened;
          await context.query("select 1");
        },
      }),
    );
    await worker.caughtUp();
    const third = (await store.consumers.get("c")).shards[0]?.eventId;
    await store.appendToStream("d", [itemAdded()]);
    await entered.opened;
    // As on a promoted standby that had received one event and its checkpoint, and none of this server's connections.
    await sql.query(`update ${at}.consumer_shards set position = 1, event_id = (select id from ${at}.events where position = 1)`);
    await sql.query(`begin; set local session_replication_role = replica; delete from ${at}.events where position > 1; commit`);
    await sql.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
    go.open();
    const fork = { code: "HISTORY_FORKED", reader: "c", position: 3, eventId: third, found: undefined, lastPosition: 1 };
    await eventually(() => expect(errors).toContainEqual(expect.objectContaining(fork)));
    // Until the pool has noticed all that it lost, a call of its own may be told so.
    await eventually(async () => await expect(worker.caughtUp()).rejects.toMatchObject(fork));
    expect((await store.consumers.get("c")).shards).toMatchObject([{ position: 1 }]);
  });

  test("stops, says which event is gone, and goes on once it is set back", async ({ store, openStore, sql, schema, start }) => {
    const at = pg.escapeIdentifier(schema);
    const seen: string[] = [];
    const consumer = defineConsumer({ name: "c", handle: ({ streamId }) => void seen.push(streamId) });
    for (const stream of ["a", "b", "c"]) await store.appendToStream(stream, [itemAdded()]);
    const first = await start(consumer);
    await first.worker.caughtUp();
    await first.worker.stop();
    const lost = await store.eventById((await store.consumers.get("c")).shards[0]?.eventId ?? "");
    await sql.query(
      `begin; set local session_replication_role = replica; delete from ${at}.events where position > 1; select setval('${at}.events_position_seq', 1); commit`,
    );
    const restored = await openStore();
    await restored.appendToStream("d", [itemAdded()]);
    const { worker, errors } = await start(consumer, { on: restored });
    await eventually(async () => expect(await restored.consumers.get("c")).toMatchObject({ state: "failed" }));
    await expect(worker.caughtUp()).rejects.toMatchObject({ code: "HISTORY_FORKED", reader: "c", position: 3, eventId: lost?.id });
    expect(await restored.consumers.get("c")).toMatchObject({ state: "failed", shards: [{ position: 3, lastError: { code: "HISTORY_FORKED" } }] });
    expect(errors).toMatchObject([{ code: "HISTORY_FORKED" }]);
    expect(seen).toEqual(["a", "b", "c"]);
    await restored.consumers.reset("c", { after: 1 });
    await worker.caughtUp();
    expect(seen).toEqual(["a", "b", "c", "d"]);
  });
});
