import pg from "pg";
import { startProxy, type Proxy } from "@tidemark/servers";
import { listenBeside, type ListenerTimings } from "../../src/database/pg-listener.ts";
import type { Listener } from "../../src/database/database.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

/** An answer has time: on a busy machine a process stands still for a second now and then. */
const timings: ListenerTimings = { heartbeatMs: 50, answerMs: 60_000, firstRetryMs: 10, mostRetryMs: 50, deafRetryMs: 60_000 };

interface Heard {
  readonly payloads: string[];
  /** How often it began to listen. */
  began: number;
  readonly said: string[];
  /** What it is told when it asks whether anything is heard. */
  hears: boolean;
}

const test = base
  .extend("proxy", async ({ databaseUrl }, { onCleanup }): Promise<Proxy> => {
    const proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    onCleanup(() => proxy.close());
    return proxy;
  })
  .extend("heard", (): Heard => ({ payloads: [], began: 0, said: [], hears: true }))
  .extend("listen", async ({ databaseUrl, proxy, heard }, { onCleanup }): Promise<(answerMs?: number) => Listener> => {
    const url = new URL(proxy.through(databaseUrl));
    url.searchParams.set("application_name", "listener");
    const pool = new pg.Pool({ connectionString: url.href });
    const opened: Listener[] = [];
    onCleanup(async () => {
      await Promise.all(opened.map((listener) => listener.close()));
      await pool.end();
    });
    const say = (line: unknown): void => void heard.said.push(String(line));
    return (answerMs = timings.answerMs) => {
      const listener = listenBeside(
        pool,
        {
          channel: "here",
          onNotification: (payload) => heard.payloads.push(payload),
          onListening: async () => {
            heard.began++;
            return heard.hears;
          },
          logger: { debug: say, info: say, warn: say, error: say },
        },
        { ...timings, answerMs },
      );
      if (!listener) throw new Error("a pg.Pool says how it connects");
      opened.push(listener);
      return listener;
    };
  });

describe("a listener", () => {
  test("hears what others notify, and leaves no connection behind", async ({ listen, heard, sql }) => {
    const listener = listen();
    await eventually(() => expect(heard.began).toBe(1));
    await sql.query("notify here, 'one'");
    await eventually(() => expect(heard.payloads).toEqual(["one"]));
    await listener.close();
    await eventually(async () => {
      const { rows } = await sql.query("select from pg_stat_activity where datname = current_database() and application_name = 'listener'");
      expect(rows).toEqual([]);
    });
    expect(heard.said).toEqual([]);
  });

  test("listens again when its backend was ended, and says so once for each loss", async ({ listen, heard, sql }) => {
    listen();
    for (let loss = 1; loss <= 3; loss++) {
      await eventually(() => expect(heard.began).toBe(loss));
      await sql.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'listener'");
    }
    await eventually(() => expect(heard.began).toBe(4));
    await sql.query("notify here, 'after'");
    await eventually(() => expect(heard.payloads).toEqual(["after"]));
    const failures = heard.said.filter((line) => line.includes("failed"));
    expect(failures.length).toBeGreaterThanOrEqual(1);
    // At most one line a second, however often it is lost.
    expect(failures.length).toBeLessThanOrEqual(3);
  });

  test("finds out by its heartbeat that a connection is half open", async ({ listen, heard, proxy, sql }) => {
    listen(500);
    await eventually(() => expect(heard.began).toBeGreaterThanOrEqual(1));
    const before = heard.began;
    let newest = -1;
    const counting = proxy.on("frontend", ({ connection }) => void (newest = Math.max(newest, connection)));
    await eventually(() => expect(newest).toBeGreaterThanOrEqual(0));
    counting();
    const lost = newest;
    // From here on nothing goes through, and neither end hears of it.
    const restore = proxy.on("backend", ({ connection }) => (connection <= lost ? "swallow" : "pass"));
    await eventually(() => expect(heard.began).toBeGreaterThan(before));
    restore();
    // Again and again: on a busy machine an answer may take too long here, too, and what is notified meanwhile is lost.
    await eventually(async () => {
      await sql.query("notify here, 'after'");
      expect(heard.payloads).toContain("after");
    });
    expect(heard.said.join()).toContain("no answer within 500 ms");
  });

  test("gives the connection back where nothing is heard on it, and says so once", async ({ listen, heard, sql }) => {
    heard.hears = false;
    listen();
    await eventually(() => expect(heard.said.join()).toContain("notifications do not arrive"));
    await eventually(async () => {
      const { rows } = await sql.query("select from pg_stat_activity where datname = current_database() and application_name = 'listener'");
      expect(rows).toEqual([]);
    });
    expect(heard.began).toBe(1);
    expect(heard.said).toHaveLength(1);
  });

  test("that cannot connect goes on trying without a word for each try", async ({ listen, heard, proxy }) => {
    let tries = 0;
    proxy.on("frontend", ({ name }) => {
      if (name !== "StartupMessage") return "pass";
      tries++;
      return "drop-connection-before";
    });
    const listener = listen();
    await eventually(() => expect(tries).toBeGreaterThanOrEqual(10));
    expect(heard.said.length).toBeLessThanOrEqual(2);
    await listener.close();
    const after = tries;
    expect(tries).toBe(after);
  });
});
