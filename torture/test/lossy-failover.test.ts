import pg from "pg";
import { startProxy, startServer, type Server } from "@tidemark/servers";
import { defineConsumer, isTidemarkError, openEventStore, type RecordedEvent } from "tidemark";
import { expect, test } from "vitest";
import { startStandby } from "../src/cluster/standby.ts";

const added = (sku: string) => ({ type: "ItemAdded", data: { sku } });

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Nothing that is written from now on reaches the replica. */
async function separate(standby: Server): Promise<void> {
  await query(standby.url, "alter system set primary_conninfo = ''");
  await query(standby.url, "select pg_reload_conf()");
  await until(async () => (await query(standby.url, "select 1 from pg_stat_wal_receiver")).length === 0);
}

test("after a failover that lost events, who had followed them says so, and nobody skips what took their place", async () => {
  await using primary = await startServer();
  await primary.createDatabase("lossy");
  await using standby = await startStandby(primary, {});
  const urlAt = (port: number): string => {
    const url = new URL(primary.url);
    [url.port, url.pathname] = [`${port}`, "/lossy"];
    return url.href;
  };
  await using proxy = await startProxy({ port: primary.port });
  await using store = await openEventStore(urlAt(proxy.port), { logger: { debug() {}, info() {}, warn() {}, error() {} } });

  const handled: RecordedEvent[] = [];
  const errors: unknown[] = [];
  const mailer = defineConsumer({ name: "mailer", handle: (event) => void handled.push(event) });
  const worker = store.createWorker({ consumers: [mailer], leaseMs: 1_000, onError: (error) => void errors.push(error) });
  await worker.start();
  const followed: RecordedEvent[] = [];
  const following = (async (): Promise<unknown> => {
    try {
      for await (const event of store.subscribe()) followed.push(event);
      return "ended";
    } catch (error) {
      return error;
    }
  })();

  const kept = await store.appendToStream(
    "cart-1",
    Array.from({ length: 5 }, () => added("kept")),
  );
  await until(() => handled.length === 5 && followed.length === 5);
  await until(async () => (await query(urlAt(standby.port), "select count(*)::int as n from tidemark.events"))[0]?.["n"] === 5);
  await separate(standby);
  await store.appendToStream(
    "cart-2",
    Array.from({ length: 7 }, () => added("lost")),
  );
  await until(() => handled.length === 12 && followed.length === 12);

  await primary.kill();
  await query(standby.url, "select pg_promote()");
  proxy.aim(standby.port);
  proxy.cutAll();

  // New events, at positions that some of the lost ones had.
  await query(urlAt(standby.port), `select setval('tidemark.events_position_seq', ${kept.position})`);
  await using after = await openEventStore(urlAt(standby.port));
  const news = Array.from({ length: 9 }, () => added("new"));
  for (const event of news) await after.appendToStream("cart-3", [event]);

  const outcome = await following;
  expect(isTidemarkError(outcome, "HISTORY_FORKED")).toBe(true);
  // A consumer whose worker had not been told of its commit when the server went begins anew where the log stands; another one
  // stands still, and goes on when somebody has said from where.
  const handledNews = (): number => handled.filter(({ streamId }) => streamId === "cart-3").length;
  await until(() => handledNews() === news.length || errors.some((error) => isTidemarkError(error, "HISTORY_FORKED")));
  if (handledNews() < news.length) await after.consumers.reset("mailer", { after: kept.position });
  await until(() => handledNews() === news.length);
  expect(followed.some(({ streamId }) => streamId === "cart-3")).toBe(false);
  await worker.stop();
});
