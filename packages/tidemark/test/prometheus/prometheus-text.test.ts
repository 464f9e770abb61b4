import { defineConsumer, type FollowerMetrics, openEventStore } from "tidemark";
import { prometheusText } from "tidemark/prometheus";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../support/test.ts";

/** `name{labels}` of each line, and its value. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  return new Map(
    text
      .split("\n")
      .flatMap((line) =>
        line === "" || line.startsWith("#") ? [] : [[line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))] as const],
      ),
  );
}

describe("prometheusText", () => {
  test("tells store.metrics in the text of Prometheus, with what a worker runs", async ({ databaseUrl }) => {
    const schema = 'odd "shop"\\';
    await using store = await openEventStore(databaseUrl, { schema });
    const failing = defineConsumer({
      name: 'mail "er"',
      retry: { attempts: 1 },
      handle({ version }) {
        if (version === 2) throw new Error("no second item");
      },
    });
    await using worker = store.createWorker({ consumers: [failing], onError: () => {} });
    await worker.start();
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    await store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 9 }).catch(() => {});
    await store.forTenant("acme").appendToStream("cart-1", [itemAdded()]);
    await worker.caughtUp();
    const of = String.raw`tidemark_schema="odd \"shop\"\\"`;
    const named = String.raw`tidemark_follower_kind="consumer",tidemark_follower_name="mail \"er\""`;
    await eventually(async () => {
      const samples = samplesOf(await prometheusText(store));
      expect(samples.get(`tidemark_append_events_total{${of}}`)).toBe(3);
      expect(samples.get(`tidemark_append_calls_total{${of},tidemark_outcome="written"}`)).toBe(2);
      expect(samples.get(`tidemark_append_calls_total{${of},tidemark_outcome="conflict"}`)).toBe(1);
      expect(samples.get(`db_client_connection_max{${of}}`)).toBe(10);
      expect(samples.get(`tidemark_follower_events_total{${of},${named},tidemark_outcome="handled"}`)).toBe(1);
      expect(samples.get(`tidemark_follower_events_total{${of},${named},tidemark_outcome="parked"}`)).toBe(1);
      expect(samples.get(`tidemark_follower_lag_events{${of},${named}}`)).toBe(0);
      expect(samples.get(`tidemark_listener_state{${of},tidemark_state="listening"}`)).toBe(1);
      expect([...samples.values()].filter((value) => !Number.isFinite(value))).toEqual([]);
    });
    expect(await prometheusText(store)).toContain("# TYPE tidemark_append_duration_mean_seconds gauge");
    expect(await prometheusText(store)).toContain("# HELP tidemark_append_events_total ");
  });

  test("tells of whatever a worker runs, by its kind", async ({ store }) => {
    const none = { count: 0, meanMs: null, p99Ms: null, mostMs: null };
    const follower = (name: string): FollowerMetrics => ({
      name,
      version: null,
      tenant: "",
      shards: [],
      position: 3,
      lag: { events: 2, ms: 0 },
      eventsPerSecond: 0,
      drainMs: null,
      handled: 1,
      retried: 0,
      parked: 0,
      handling: none,
    });
    const ran = { consumers: [follower("a")], projections: [follower("b")], processes: [follower("c")], relays: [follower("d")] };
    const samples = samplesOf(await prometheusText(Object.assign(Object.create(store), { metrics: () => ({ ...store.metrics(), ...ran }) })));
    const lags = [...samples.keys()].filter((key) => key.startsWith("tidemark_follower_lag_events"));
    expect(lags.map((key) => /kind="(\w+)",tidemark_follower_name="(\w)"/.exec(key)?.slice(1))).toEqual([
      ["consumer", "a"],
      ["projection", "b"],
      ["process", "c"],
      ["relay", "d"],
    ]);
  });

  test("asks the database nothing, unless for health", async ({ store }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const { health, ...others } = { health: store.health.bind(store), metrics: store.metrics.bind(store) };
    let asked = 0;
    const spied = Object.assign(Object.create(store), others, {
      health: () => {
        asked++;
        return health();
      },
    });
    expect(await prometheusText(spied)).not.toContain("tidemark_health_status");
    expect(asked).toBe(0);
    expect(samplesOf(await prometheusText(spied, { health: true })).get('tidemark_health_status{tidemark_check="mark"}')).toBe(0);
    expect(asked).toBe(1);
  });

  test("tells of a check that fails", async ({ openStore, schema }) => {
    const store = await openStore();
    await store.close();
    const label = `tidemark_schema="${schema.replaceAll('"', String.raw`\"`)}"`;
    expect(samplesOf(await prometheusText(store, { health: true })).get(`tidemark_health_status{${label},tidemark_check="store"}`)).toBe(2);
  });

  test("refuses an option that it does not know", async ({ store }) => {
    await expect(prometheusText(store, Object({ helth: true }))).rejects.toThrow(/options.helth is not an option; did you mean "health"/);
  });
});
