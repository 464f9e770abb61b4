import pg from "pg";
import { command, type Decider, type Event, type EventStore, type Process } from "tidemark";
import { FollowerWorker } from "../../src/runtime/follower-worker.ts";
import { takeOver } from "../runtime/take-over.ts";
import { waitsForLock } from "../schema/gates.ts";
import { type Gate, gate } from "../support/gate.ts";
import { ordering, placed } from "./order.ts";
import { describe, eventually, expect, type StartedWorker, test as base } from "./test.ts";

type Done = Event<"Done", { by: string }>;

const test = base.extend("next", ({ sql, schema, openStore, start }) => async (process: Process): Promise<StartedWorker> => {
  const other: EventStore = await openStore();
  return await takeOver(sql, schema, async () => {
    const { worker, errors } = await start(process, { on: other });
    if (!(worker instanceof FollowerWorker)) throw new TypeError("a worker of the store is a FollowerWorker");
    return { worker, errors };
  });
});

/** One command for an order, whose decider asks the outside first. */
function asking(by: string, attempts: number, outside: () => Promise<void>): Process {
  const decider: Decider<number, object, Done> = {
    name: "asking",
    initialState: () => 0,
    evolve: (count) => count + 1,
    async decide() {
      await outside();
      return [{ type: "Done", data: { by } }];
    },
  };
  return ordering(({ streamId }) => [command(decider, `asked-${streamId}`, {})], {
    retry: { attempts, minDelayMs: 60_000, maxDelayMs: 60_000, jitter: false },
  });
}

/** Decisions that are begun, each of which waits at a gate. */
function decisions(): { at(gate: Gate): Promise<void>; times(count: number): Promise<void> } {
  let begun = 0;
  return {
    async at({ opened }) {
      begun++;
      await opened;
    },
    times: (count) => eventually(() => expect(begun).toBe(count)),
  };
}

function refuse(): never {
  throw Object.assign(new Error("the outside is away"), { retryable: true });
}

/** Does not hear of a takeover while the test runs. */
const never = { leaseMs: 3_600_000 };

/** After the last of its tries a command is parked, and before that it is put off. What is written of it takes the lock of a row in this table first. */
const failures = [
  ["parked", 1, "process_instances", "tidemark_process_park"],
  ["put off", 5, "process_commands", "tidemark_process_back_off"],
] as const;

describe("a command that fails for a worker that was taken over", () => {
  test.for(failures)("is not %s: the next worker is at it", async ([, attempts], { store, start, next }) => {
    using failing = gate();
    using deciding = gate();
    const asked = decisions();
    await store.appendToStream("order-1", [placed()]);
    const first = await start(
      asking("first", attempts, () => asked.at(failing).then(refuse)),
      never,
    );
    await asked.times(1);
    const second = await next(asking("second", attempts, () => asked.at(deciding)));
    await asked.times(2);
    failing.open();
    await eventually(() => expect(first.errors).not.toEqual([]));
    expect(new Set(first.errors.map(({ code }) => code))).toEqual(new Set(["FENCED"]));
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({
      status: "running",
      commands: [{ status: "pending", attempts: 0, error: undefined }],
    });
    deciding.open();
    await second.worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "running", commands: [{ status: "done", attempts: 1 }] });
  });

  test.for(failures)("is not %s where the takeover finds that under way", async ([, attempts, table, statement], { store, sql, schema, start, next }) => {
    using failing = gate();
    using deciding = gate();
    const asked = decisions();
    await store.appendToStream("order-1", [placed()]);
    const first = await start(
      asking("first", attempts, () => asked.at(failing).then(refuse)),
      never,
    );
    await asked.times(1);
    const holder = await sql.connect();
    try {
      await holder.query("begin");
      await holder.query(`select from ${pg.escapeIdentifier(schema)}.${table} for update`);
      failing.open();
      await waitsForLock(sql, statement);
      const second = await next(asking("second", attempts, () => asked.at(deciding)));
      await asked.times(2);
      await holder.query("commit");
      await eventually(async () => {
        const { rows } = await sql.query(
          "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and position($1 in query) > 0",
          [statement],
        );
        expect(rows).toEqual([]);
      });
      deciding.open();
      await second.worker.caughtUp();
    } finally {
      await holder.query("rollback");
      holder.release();
    }
    expect(first.errors.map(({ code }) => code)).not.toContain("PROCESS_PARKED");
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "running", commands: [{ status: "done", attempts: 1 }] });
  });
});
