import pg from "pg";
import type { ListeningSession, TextRow } from "../../src/database/database.ts";
import { textOf } from "../../src/database/statement-text.ts";
import type { SessionObserver } from "../../src/feed/notification-listener.ts";
import { Liveness, type WorkerLiveness } from "../../src/runtime/liveness.ts";
import { runtimeStatements } from "../../src/runtime/statements.ts";
import { fn } from "../support/functions.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { untilWaiting } from "../store/test.ts";

const timings = { lookMs: 5, graceMs: 2_000, settleMs: 60_000 };

/** A worker "w" with a shard of consumer "c", who lives by lock 7, and what judges that. */
interface Judge {
  readonly liveness: Liveness;
  /** Milliseconds; stands still. */
  now: number;
  /** What is to happen, and when. */
  readonly later: { readonly at: number; readonly work: () => void }[];
  /** A session begins that listens. Returns what ends it. */
  begin(session: ListeningSession): () => void;
  /** Until it has looked twice more, from its first call to the answer of its second. */
  looked(): Promise<void>;
  /** "held" by w, or "free". */
  lease(): Promise<string>;
}

const test = base
  .extend("session", async ({ databaseUrl }, { onCleanup }) => {
    const opened: pg.Client[] = [];
    onCleanup(async () => {
      await Promise.all(opened.map((client) => client.end()));
    });
    return async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      client.on("error", () => {});
      opened.push(client);
      await client.connect();
      return client;
    };
  })
  .extend("hold", ({ session, schema }) => async () => {
    const client = await session();
    await eventually(async () => {
      const { rows } = await client.query(`select ${pg.escapeIdentifier(schema)}.${fn("hold_liveness_lock")}(7) as held`);
      expect(rows).toEqual([{ held: true }]);
    });
    return client;
  })
  .extend("judge", async ({ store, sql, schema }, { onCleanup }): Promise<Judge> => {
    const ends: (() => void)[] = [];
    onCleanup(() => ends.forEach((end) => end()));
    await store.highWaterMark();
    const at = pg.escapeIdentifier(schema);
    await sql.query(`select ${at}.${fn("register_consumer")}('', 'c', 1, 0, '{}')`);
    await sql.query(`select ${at}.${fn("take_shard")}(id, 'w', 3600000) from ${at}.consumer_shards`);
    await sql.query(`select ${at}.${fn("renew_leases")}('', 'c', 'w', 3600000, '{}', '{}', '{}', '[]', 7)`);
    let observer: SessionObserver | undefined;
    let looks = 0;
    const feed = { keepListening: () => () => {}, observeSessions: (onSession: SessionObserver) => void (observer = onSession) };
    const clock = {
      now: () => judge.now,
      after(ms: number, work: () => void) {
        if (ms === 0) work();
        else judge.later.push({ at: judge.now + ms, work });
        return () => {};
      },
      every: () => () => {},
    };
    const judge: Judge = {
      liveness: new Liveness(feed, runtimeStatements(schema), { timings, clock }),
      now: 1_000,
      later: [],
      begin(session) {
        if (!observer) throw new Error("nobody observes");
        const end = observer({
          async query(statement, values) {
            const rows = await session.query(statement, values);
            if (statement.name.includes("free_liveness_locks")) looks++;
            return rows;
          },
        });
        ends.push(end);
        return end;
      },
      async looked() {
        const before = looks;
        await eventually(() => expect(looks).toBeGreaterThanOrEqual(before + 3));
      },
      async lease() {
        const { rows } = await sql.query(`select lease_end > clock_timestamp() as held from ${at}.consumer_leases`);
        return rows[0]?.held === true ? "held" : "free";
      },
    };
    return judge;
  });

/** Sends each statement to the next of these clients, as a pooler may. */
function sessionOf(...clients: readonly pg.Client[]): ListeningSession {
  let turn = 0;
  return {
    async query(statement, values) {
      const { rows = [] } = (await clients[turn++ % clients.length]?.query<TextRow>(textOf(statement, "cast"), [...values])) ?? {};
      return rows;
    },
  };
}

const join = ({ liveness }: Judge, changed = (): void => {}): WorkerLiveness => liveness.join({ changed, keepsListening: false });

describe("a worker whose lock", () => {
  test("was seen held and then stays free loses its leases after the time of grace, not before", async ({ judge, session, hold }) => {
    const lock = await hold();
    let changes = 0;
    const worker = join(judge, () => changes++);
    judge.begin(sessionOf(await session()));
    await eventually(() => expect(worker.lock).toEqual(expect.any(Number)));
    worker.watch([7]);
    await judge.looked();
    await lock.end();
    await judge.looked();
    judge.now += timings.graceMs - 1;
    await judge.looked();
    expect(await judge.lease()).toBe("held");
    judge.now += 1;
    await eventually(async () => expect(await judge.lease()).toBe("free"));
    // Once for its own lock, and once for the leases: workers take them at once.
    await eventually(() => expect(changes).toBe(2));
  });

  test("is held again in time keeps its leases", async ({ judge, session, hold }) => {
    const lock = await hold();
    const worker = join(judge);
    judge.begin(sessionOf(await session()));
    worker.watch([7]);
    await judge.looked();
    await lock.end();
    await judge.looked();
    await hold();
    await judge.looked();
    judge.now += timings.graceMs;
    await judge.looked();
    expect(await judge.lease()).toBe("held");
  });

  test("was never seen held keeps its leases", async ({ judge, session }) => {
    const worker = join(judge);
    judge.begin(sessionOf(await session()));
    worker.watch([7]);
    await judge.looked();
    judge.now += timings.graceMs;
    await judge.looked();
    expect(await judge.lease()).toBe("held");
  });

  test("was seen held by a session that has ended since keeps its leases", async ({ judge, session, hold }) => {
    const lock = await hold();
    const worker = join(judge);
    const end = judge.begin(sessionOf(await session()));
    worker.watch([7]);
    await judge.looked();
    end();
    await lock.end();
    judge.begin(sessionOf(await session()));
    await judge.looked();
    judge.now += timings.graceMs;
    await judge.looked();
    expect(await judge.lease()).toBe("held");
  });

  test.for(["another lock", "none"] as const)("is gone keeps its leases where it lives by %s since", async (what, { judge, session, hold, sql, schema }) => {
    const lock = await hold();
    const worker = join(judge);
    judge.begin(sessionOf(await session()));
    worker.watch([7]);
    await judge.looked();
    await lock.end();
    await judge.looked();
    // Its heartbeat is under way when it is judged.
    const heartbeat = await session();
    await heartbeat.query("begin");
    const next = what === "none" ? "null" : "8";
    await heartbeat.query(`select ${pg.escapeIdentifier(schema)}.${fn("renew_leases")}('', 'c', 'w', 3600000, '{}', '{}', '{}', '[]', ${next})`);
    judge.now += timings.graceMs;
    await untilWaiting(sql, 1);
    await heartbeat.query("commit");
    await judge.looked();
    expect(await judge.lease()).toBe("held");
  });
});

describe("a process names its lock", () => {
  test("as soon as it holds it, and no longer once the session has ended", async ({ judge, session }) => {
    let changes = 0;
    const worker = join(judge, () => changes++);
    expect(worker.lock).toBeUndefined();
    const end = judge.begin(sessionOf(await session()));
    await eventually(() => expect(worker.lock).toEqual(expect.any(Number)));
    expect(changes).toBe(1);
    end();
    expect(worker.lock).toBeUndefined();
    expect(changes).toBe(2);
  });

  test("after a loss only when the next session has lasted", async ({ judge, session }) => {
    const worker = join(judge);
    const end = judge.begin(sessionOf(await session()));
    await eventually(() => expect(worker.lock).toEqual(expect.any(Number)));
    end();
    judge.begin(sessionOf(await session()));
    await eventually(() => expect(judge.later).toHaveLength(1));
    expect(worker.lock).toBeUndefined();
    expect(judge.later).toMatchObject([{ at: judge.now + timings.settleMs }]);
    judge.later[0]?.work();
    expect(worker.lock).toEqual(expect.any(Number));
  });

  test("no longer when a look finds itself in another session", async ({ judge, session, hold }) => {
    await hold();
    const worker = join(judge);
    const [first, second] = [await session(), await session()];
    // It takes its lock in the first, and looks once there.
    judge.begin(sessionOf(first, first, second));
    await eventually(() => expect(worker.lock).toEqual(expect.any(Number)));
    worker.watch([7]);
    await eventually(() => expect(worker.lock).toBeUndefined());
  });

  test("only while its looks are answered", async ({ judge, session, hold }) => {
    await hold();
    const worker = join(judge);
    const own = sessionOf(await session());
    let answers = true;
    judge.begin({
      query: async (...call) => {
        if (!answers) throw new Error("no answer");
        return await own.query(...call);
      },
    });
    worker.watch([7]);
    await eventually(() => expect(worker.lock).toEqual(expect.any(Number)));
    answers = false;
    await eventually(() => expect(worker.lock).toBeUndefined());
    answers = true;
    await eventually(() => expect(worker.lock).toEqual(expect.any(Number)));
  });

  test("and never takes itself for dead", async ({ judge, session, sql, schema }) => {
    const worker = join(judge);
    judge.begin(sessionOf(await session()));
    const own = await eventually(() => {
      expect(worker.lock).toEqual(expect.any(Number));
      return worker.lock ?? 0;
    });
    await sql.query(`update ${pg.escapeIdentifier(schema)}.consumer_workers set liveness_lock = ${own}`);
    worker.watch([own]);
    await judge.looked();
    judge.now += timings.graceMs;
    await judge.looked();
    expect(await judge.lease()).toBe("held");
  });
});
