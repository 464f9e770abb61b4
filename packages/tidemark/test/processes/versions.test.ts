import pg from "pg";
import { append, complete, type Logger, type Process, type TidemarkError } from "tidemark";
import { partitionOf } from "../../src/runtime/partition.ts";
import { functionName } from "../../src/schema/function-set.ts";
import { waitsForLock } from "../schema/gates.ts";
import { ordering, placed } from "./order.ts";
import { describe, eventually, expect, test as base } from "./test.ts";

const received = { type: "PaymentReceived", data: { amount: 1 } } as const;

const test = base
  .extend("client", async ({ databaseUrl }, { onCleanup }) => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    onCleanup(() => client.end());
    return client;
  })
  .extend("at", ({ schema }) => pg.escapeIdentifier(schema))
  .extend("versionOf", ({ store }) => async (id: string): Promise<{ readonly version: number; readonly inputs: number }> => {
    const { version, inputCount } = await store.processes.get("ordering", id);
    return { version, inputs: inputCount };
  });

/** Notes which version reacts to what. */
function ordered(version: number, more: Parameters<typeof ordering>[1] = {}): Process {
  return ordering(
    ({ streamId, type }) => [append(`notes-${streamId}`, [{ type: "Noted", data: { version } }]), ...(type === "PaymentReceived" ? [complete()] : [])],
    { version, ...more },
  );
}

const unexpected = (errors: readonly TidemarkError[]): readonly TidemarkError[] => errors.filter(({ code }) => code !== "FENCED");

describe("an instance", () => {
  test("stays with the version that started it, and new ones begin with the new version", async ({ store, openStore, start, versionOf }) => {
    await store.appendToStream("order-1", [placed()]);
    const old = await start(ordered(1));
    await old.worker.caughtUp();
    const next = await start([ordered(1), ordered(2)], { on: await openStore() });
    await store.appendToStream("order-2", [placed()]);
    await store.appendToStream("order-1", [received]);
    const { position } = await store.appendToStream("order-2", [received]);
    await Promise.all([store.waitFor("ordering", position, { timeoutMs: 60_000 }), old.worker.caughtUp(), next.worker.caughtUp()]);
    expect(await versionOf("order-1")).toEqual({ version: 1, inputs: 2 });
    expect(await versionOf("order-2")).toEqual({ version: 2, inputs: 2 });
    for (const [id, version] of [
      ["order-1", 1],
      ["order-2", 2],
    ])
      expect((await store.readStream(`notes-${id}`).toArray()).map(({ data }) => data)).toEqual([{ version }, { version }]);
    expect((await store.processes.list({ version: 2 })).map(({ id }) => id)).toEqual(["order-2"]);
    const [first, second] = await store.processes.versions("ordering");
    expect(first).toMatchObject({ version: 1, startsAfter: 0, startsUntil: second?.startsAfter, openCount: 0, pendingCount: 0, workers: 2, needed: false });
    expect(second).toMatchObject({ version: 2, startsUntil: undefined, openCount: 0, workers: 1, needed: true });
    expect(unexpected([...old.errors, ...next.errors])).toEqual([]);
  });

  test("begins with the higher version though the lower one comes later", async ({ store, openStore, start, versionOf }) => {
    await store.appendToStream("order-1", [placed()]);
    const next = await start(ordered(2));
    await next.worker.caughtUp();
    const old = await start(ordered(1), { on: await openStore() });
    await store.appendToStream("order-2", [placed()]);
    await Promise.all([old.worker.caughtUp(), next.worker.caughtUp()]);
    expect(await versionOf("order-1")).toEqual({ version: 2, inputs: 1 });
    expect(await versionOf("order-2")).toEqual({ version: 2, inputs: 1 });
    expect((await store.processes.versions("ordering")).map(({ version, needed }) => ({ version, needed }))).toEqual([
      { version: 1, needed: false },
      { version: 2, needed: true },
    ]);
  });

  test("is not started by the old version, though the new one is away", async ({ store, openStore, start, versionOf }) => {
    const old = await start(ordered(1));
    await (await start(ordered(2), { on: await openStore() })).worker.stop();
    await store.appendToStream("order-1", [placed()]);
    await old.worker.caughtUp();
    expect(await store.processes.list()).toEqual([]);
    await (await start(ordered(2))).worker.caughtUp();
    expect(await versionOf("order-1")).toEqual({ version: 2, inputs: 1 });
  });

  test("is the new version's where the old one is about to start it as that is registered", async ({ store, openStore, start, client, at, sql, versionOf }) => {
    const old = await start(ordered(1));
    await old.worker.caughtUp();
    // The old version's transaction has made the instance, and waits before its checkpoint.
    await client.query(`begin; lock table ${at}.process_inputs in exclusive mode`);
    try {
      await store.appendToStream("order-1", [placed()]);
      await waitsForLock(sql, "record_process_inputs");
      const next = await start(ordered(2), { on: await openStore() });
      expect((await store.processes.versions("ordering")).map(({ startsAfter }) => startsAfter)).toEqual([0, 0]);
      await client.query("commit");
      await Promise.all([old.worker.caughtUp(), next.worker.caughtUp()]);
      expect(unexpected([...old.errors, ...next.errors])).toEqual([]);
    } finally {
      await client.query("rollback");
    }
    expect(await versionOf("order-1")).toEqual({ version: 2, inputs: 1 });
    expect((await store.readStream("notes-order-1").toArray()).map(({ data }) => data)).toEqual([{ version: 2 }]);
  });

  test("is the old version's where its commit is under way as the new one is registered", async ({ store, openStore, start, client, at, sql, versionOf }) => {
    const old = await start(ordered(1));
    await old.worker.stop();
    const { position } = await store.appendToStream("order-1", [placed()]);
    // What that worker's last transaction would write.
    await client.query("begin");
    try {
      await client.query(`update ${at}.consumer_shards set position = $1, event_id = (select id from ${at}.events where position = $1)`, [position]);
      await client.query(
        `insert into ${at}.process_instances (process, version, instance, hash, state, state_version, handled, inputs) values ('ordering', 1, 'order-1', $1, '{"seen":["OrderPlaced"]}', 1, 1, 1)`,
        [partitionOf("order-1")],
      );
      const starting = start(ordered(2), { on: await openStore() });
      await waitsForLock(sql, "register_process");
      await client.query("commit");
      const next = await starting;
      await next.worker.caughtUp();
    } finally {
      await client.query("rollback");
    }
    expect((await store.processes.versions("ordering")).map(({ startsAfter }) => startsAfter)).toEqual([0, position]);
    expect(await versionOf("order-1")).toEqual({ version: 1, inputs: 1 });
  });

  test("of a shard that is behind the cut is still the old version's: the new one waits for it, and says so", async ({
    store,
    openStore,
    start,
    at,
    sql,
    versionOf,
  }) => {
    const shards = 2;
    const ofShard = (shard: number): string => `order-${[1, 2, 3, 4, 5, 6, 7, 8, 9].find((n) => partitionOf(`order-${n}`) % shards === shard)}`;
    const [ahead, behind] = [ofShard(0), ofShard(1)];
    await (await start(ordered(1, { shards }))).worker.stop();
    const { position } = await store.appendToStream(behind, [placed()]);
    // Shard 0 has passed it by, because it is not its own; shard 1 has not come to it.
    await sql.query(`update ${at}.consumer_shards set position = $1, event_id = (select id from ${at}.events where position = $1) where shard = 0`, [position]);
    const told: unknown[] = [];
    const quiet = (): void => {};
    const logger: Logger = { debug: quiet, info: (line: unknown) => void told.push(line), warn: quiet, error: quiet };
    const next = await start(ordered(2, { shards }), { on: await openStore({ logger }) });
    const later = await store.appendToStream(ahead, [placed()]);
    await eventually(() => expect(next.errors).not.toEqual([]));
    // Once for each shard that waits.
    await eventually(() => expect(told).toHaveLength(shards));
    expect(told[0]).toBe(`tidemark: version 2 of process "ordering" waits until version 1 has handled the events up to position ${position}; it is at 0.`);
    expect(next.errors[0]).toMatchObject({ code: "PROCESS_VERSION_MISSING", process: "ordering", version: 1, waits: "next-version" });
    await expect(store.processes.get("ordering", ahead)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await store.processes.versions("ordering"))[0]).toMatchObject({ version: 1, position: 0, startsUntil: position, needed: true, workers: 0 });

    await start(ordered(1, { shards }));
    await next.worker.caughtUp();
    await store.waitFor("ordering", later.position, { timeoutMs: 60_000 });
    expect(await versionOf(behind)).toEqual({ version: 1, inputs: 1 });
    expect(await versionOf(ahead)).toEqual({ version: 2, inputs: 1 });
  });
});

describe("a version that no worker runs", () => {
  test("is told of where its instances wait, at the start and when an input of theirs comes", async ({ store, openStore, start }) => {
    await store.appendToStream("order-1", [placed()]);
    const old = await start(ordered(1));
    await old.worker.caughtUp();
    const next = await start(ordered(2), { on: await openStore() });
    await old.worker.stop();
    const { position } = await store.appendToStream("order-1", [received]);
    await next.worker.caughtUp();
    const error = { code: "PROCESS_VERSION_MISSING", process: "ordering", version: 1, waits: "instances", message: expect.stringContaining("createWorker") };
    await eventually(() => expect(next.errors).toMatchObject([error]));
    await next.worker.stop();
    const again = await start(ordered(2));
    await eventually(() => expect(again.errors).toMatchObject([error]));
    const [first] = await store.processes.versions();
    expect(first).toMatchObject({ version: 1, openCount: 1, workers: 0, needed: true });
    await expect(store.waitFor("ordering", position, { timeoutMs: 1 })).rejects.toMatchObject({ code: "WAIT_TIMEOUT" });

    await (await start(ordered(1))).worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ version: 1, status: "completed" });
  });

  test("is told of where it starts the new instances", async ({ store, start }) => {
    await (await start(ordered(2))).worker.stop();
    await store.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(ordered(1));
    await worker.caughtUp();
    await eventually(() => expect(errors).toMatchObject([{ code: "PROCESS_VERSION_MISSING", version: 2, waits: "new-instances" }]));
    expect(await store.processes.list()).toEqual([]);
  });

  test("is not told of while the worker that has registered it is about to run it", async ({ store, start, sql, schema, at }) => {
    const { worker, errors } = await start(ordered(1));
    // All that the worker of the next version has done before its first heartbeat. This one loses its shard by it, and looks at the versions when it
    // has it again. The time is ahead: however long that takes, it is just registered.
    await sql.query(`
      select ${functionName(schema, "register_process")}('', 'ordering', 2, 'process' || chr(29) || 'ordering' || chr(29) || '2', 1, null);
      update ${at}.process_versions set registered_at = now() + interval '1 hour' where version = 2`);
    const fenceAbove = (fence: string): Promise<string> =>
      eventually(async () => {
        const { rows } = await sql.query<{ fence: string }>(
          `select s.fence from ${at}.consumer_shards as s join ${at}.consumer_leases as l on l.id = s.id where s.fence > $1 and l.state = 'live' and l.lease_end > now()`,
          [fence],
        );
        const [held] = rows;
        if (!held) throw new Error(`The worker has not taken the shard again, with a fence above ${fence}.`);
        return held.fence;
      });
    const fence = await fenceAbove("2");
    await store.appendToStream("order-1", [placed()]);
    await worker.caughtUp();
    expect(unexpected(errors)).toEqual([]);
    // It never came.
    await sql.query(`update ${at}.process_versions set registered_at = now() - interval '1 minute'`);
    await sql.query(`select ${functionName(schema, "evict_owners")}('', c.name) from ${at}.consumers as c where c.owner_version = 1`);
    await fenceAbove(`${BigInt(fence) + 1n}`);
    // Once for each time that it had the shard: the input that went by may have had it look before the shard was taken.
    await eventually(() => expect(unexpected(errors)[0]).toMatchObject({ code: "PROCESS_VERSION_MISSING", version: 2, waits: "new-instances" }));
  });
});

describe("another stateVersion", () => {
  const counting = (stateVersion: number, more: Parameters<typeof ordering>[1] = {}): Process =>
    ordering(({ streamId }, state) => [append(`notes-${streamId}`, [{ type: "Noted", data: state }])], {
      stateVersion,
      ...(stateVersion > 1 && { evolve: ({ seen }, { type }) => ({ seen: [...seen, type.toLowerCase()] }) }),
      ...more,
    });

  test("has the state folded again before the next input, and repeats no effect", async ({ store, start }) => {
    await store.appendToStream("order-1", [placed(), placed()]);
    const first = await start(counting(1));
    await first.worker.caughtUp();
    await first.worker.stop();
    const { worker } = await start(counting(2));
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ stateVersion: 1, state: { seen: ["OrderPlaced", "OrderPlaced"] } });
    await store.appendToStream("order-1", [received]);
    await worker.caughtUp();
    const state = { seen: ["orderplaced", "orderplaced", "paymentreceived"] };
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ stateVersion: 2, state, handledCount: 3 });
    const notes = await store.readStream("notes-order-1").toArray();
    expect(notes).toHaveLength(3);
    expect(notes[2]?.data).toEqual(state);
  });

  test("parks the instance where that fails, and retry folds it again", async ({ store, start }) => {
    await store.appendToStream("order-1", [placed(), received]);
    const first = await start(counting(1));
    await first.worker.caughtUp();
    await first.worker.stop();
    let broken = true;
    const { worker, errors } = await start(
      counting(2, {
        evolve({ seen }, { type }) {
          if (broken && type === "PaymentReceived") throw new Error("no such payment");
          return { seen: [...seen, type.toLowerCase()] };
        },
      }),
    );
    await store.appendToStream("order-1", [placed()]);
    await store.appendToStream("order-1", [placed()]);
    await worker.caughtUp();
    expect(errors).toMatchObject([{ code: "PROCESS_PARKED", at: "input", input: 2, cause: { message: "no such payment" } }]);
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({
      status: "parked",
      stateVersion: 1,
      state: { seen: ["OrderPlaced", "PaymentReceived"] },
      inputCount: 4,
      handledCount: 2,
    });
    broken = false;
    await store.processes.retry("ordering", "order-1");
    await worker.caughtUp();
    const state = { seen: ["orderplaced", "paymentreceived", "orderplaced", "orderplaced"] };
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "running", stateVersion: 2, state, handledCount: 4 });
  });
});
