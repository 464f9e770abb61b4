import pg from "pg";
import type { Server } from "@tidemark/servers";
import { startServer } from "@tidemark/servers";
import { afterAll, beforeAll } from "vitest";
import { Feed } from "../../src/feed/feed.ts";
import { openDatabase } from "../schema/open.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { append, openStore, positions, silent } from "./open.ts";
import { replayed, startStandby } from "./standby.ts";
import { beginTransaction } from "./transaction.ts";
import { fn } from "../support/functions.ts";

const schema = "on both";
let primary: Server;
let standby: Server;

beforeAll(async () => {
  primary = await startServer();
  const store = await openStore(primary.url, schema);
  await append(store, "order");
  await store.close();
  standby = await startStandby(primary);
});
afterAll(async () => {
  await standby[Symbol.asyncDispose]();
  await primary[Symbol.asyncDispose]();
});

/** Writes the mark down now: a feed does so at its first answer, then once a second. */
async function writeDown(of = schema): Promise<number> {
  const database = await openDatabase(primary.url);
  const mark = await new Feed(database, of, silent).highWaterMark();
  await database.close();
  return mark;
}

describe("a standby", () => {
  test("is followed by polling, since it refuses LISTEN, which is said once", async () => {
    const followed = "followed on a standby";
    await using onPrimary = await openStore(primary.url, followed, { durability: "on" });
    await append(onPrimary, "order");
    await writeDown(followed);
    const said: string[] = [];
    const say = (line: unknown): void => void said.push(String(line));
    await using onStandby = await openStore(standby.url, followed, { migrate: "off", logger: { debug: say, info: say, warn: say, error: say } });
    await replayed(onPrimary, onStandby);
    const caughtUp = Promise.withResolvers<number>();
    const events = onStandby.subscribe({ after: "end", onCaughtUp: caughtUp.resolve })[Symbol.asyncIterator]();
    const next = events.next();
    await caughtUp.promise;
    const position = await append(onPrimary, "order");
    await writeDown(followed);
    expect((await next).value?.position).toBe(position);
    await eventually(() => expect(said.join()).toContain("during recovery"));
    expect(said.filter((line) => line.includes("during recovery"))).toHaveLength(1);
    await events.return?.();
  });

  test("knows the mark that the primary wrote down and passes no open append; promoted, it goes on by itself", async () => {
    await using onPrimary = await openStore(primary.url, schema, { durability: "on" });
    await using onStandby = await openStore(standby.url, schema, { migrate: "off" });
    const before = await writeDown();
    expect(before).toBe(1);
    await replayed(onPrimary, onStandby);
    expect(await onStandby.highWaterMark()).toBe(before);

    const client = new pg.Client({ connectionString: primary.url });
    await client.connect();
    const open = await beginTransaction(onPrimary, client);
    const held = await open.append("open");
    const later = await append(onPrimary, "order");
    expect(await writeDown()).toBe(before);
    await replayed(onPrimary, onStandby);
    // The later event is there, no lock is, and the sequence is ahead.
    const { rows } = await onStandby.query<{ position: string }>(`select position from ${pg.escapeIdentifier(schema)}.events order by position`);
    expect(rows.map(({ position }) => Number(position))).toEqual([before, later]);
    expect(await onStandby.highWaterMark()).toBe(before);
    expect(await positions(onStandby)).toEqual([before]);

    await open.commit();
    await replayed(onPrimary, onStandby);
    expect(await onStandby.highWaterMark()).toBe(before);
    expect(await writeDown()).toBe(later);
    await replayed(onPrimary, onStandby);
    expect(await onStandby.highWaterMark()).toBe(later);
    expect(await positions(onStandby)).toEqual([before, held, later]);
    await expect(append(onStandby, "order")).rejects.toMatchObject({ code: "DATABASE", sqlState: "25006", retryable: true });
    await client.end();

    await primary.kill();
    await onStandby.query("select pg_promote()");
    expect(await onStandby.highWaterMark()).toBe(later);
    const user = new pg.Client({ connectionString: standby.url });
    await user.connect();
    const opened = await beginTransaction(onStandby, user);
    const first = await opened.append("open");
    expect(first).toBeGreaterThan(later);
    const last = await append(onStandby, "order");
    expect(await onStandby.highWaterMark()).toBe(later);
    await opened.commit();
    expect(await onStandby.highWaterMark()).toBe(last);
    expect(await positions(onStandby, later)).toEqual([first, last]);
    await user.end();
  });
});

describe("the mark that a standby reads", () => {
  test("is not written down where its event is not in the log, as after a failover that lost the tail", async () => {
    const { url } = standby;
    await using store = await openStore(url, "lost tail");
    const position = await append(store, "order");
    const database = await openDatabase(url);
    const name = pg.escapeIdentifier("lost tail");
    try {
      const [row] = await database.query({ name: "id", text: `select id::text from ${name}.events` }, []);
      const keep = { name: "keep", text: `select ${name}.${fn("keep_high_water_mark")}($1, $2)::text` };
      const kept = { name: "kept", text: `select position::text from ${name}.high_water_mark` };
      await database.query(keep, [position + 10, crypto.randomUUID()]);
      await database.query(keep, [position, crypto.randomUUID()]);
      expect(await database.query(kept, [])).toEqual([{ position: "0" }]);
      await database.query(keep, [position, row?.["id"] ?? null]);
      expect(await database.query(kept, [])).toEqual([{ position: `${position}` }]);
    } finally {
      await database.close();
    }
  });
});
