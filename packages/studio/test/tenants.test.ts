import { randomUUID } from "node:crypto";
import { defineConsumer, type EventStore } from "tidemark";
import { studio, type Studio } from "@tidemark/studio";
import { vi } from "vitest";
import type { AuditPage, ChangePlan } from "../src/wire/changes.ts";
import type { StatsReport, StreamPage, StreamsPage } from "../src/wire/reports.ts";
import type { TenantsReport } from "../src/wire/tenant-reports.ts";
import { describe, expect, test } from "../../tidemark/test/support/test.ts";
import { routes } from "../src/server/api/routes.ts";
import { change, get, report } from "./support.ts";

const mailer = { kind: "consumer", name: "mailer" };

/** Two events of the store itself, three of acme, one of globex, in this order. */
async function fill(store: EventStore): Promise<void> {
  const opened = { type: "Opened", data: {} };
  await store.appendToStream("cart-1", [opened, opened]);
  await store.forTenant("acme").appendToStream("cart-1", [opened, opened, opened]);
  await store.forTenant("globex").appendToStream("order-9", [{ type: "OrderPlaced", data: { secret: "of globex" } }]);
}

const streamsOf = async (panel: Studio, query: string): Promise<readonly string[]> =>
  (await report<StreamsPage>(panel, `/api/streams${query}`)).streams.map(({ streamId, version }) => `${streamId}: ${version}`);

describe("a studio of every tenant", () => {
  test("lists them with their events, their share of the log and their newest event, beside the tables", async ({ store }) => {
    await fill(store);
    const { tenants, tables, bytes, oldest, newest, mark, all, looked } = await report<TenantsReport>(studio(store, { tenants: "all" }), "/api/tenants");
    expect([all, looked]).toEqual([true, 6]);
    const positions = (await store.readAll({ tenants: "all" }).toArray()).map(({ position }) => position);
    expect(tenants.map(({ name, count, estimated, newest: last }) => [name, count, estimated, last?.position])).toEqual([
      ["acme", 3, false, positions[4]],
      ["", 2, false, positions[1]],
      ["globex", 1, false, positions[5]],
    ]);
    expect([oldest?.position, newest?.position, mark]).toEqual([positions[0], positions[5], positions[5]]);
    const log = tables.find(({ name }) => name === "events");
    expect(tenants[0]?.bytes).toBe(Math.round((((log?.bytes ?? 0) + (log?.indexBytes ?? 0)) * 3) / 6));
    expect(tables.reduce((sum, table) => sum + table.bytes + table.indexBytes, 0)).toBe(bytes);
  });

  test("shows each by its name in the address, and nothing of another there", async ({ store, schema }) => {
    await fill(store);
    const panel = studio(store, { schema, tenants: "all" });
    expect(await streamsOf(panel, "?tenant=acme")).toEqual(["cart-1: 3"]);
    expect(await streamsOf(panel, "")).toEqual(["cart-1: 2"]);
    expect(await streamsOf(panel, "?tenant=globex")).toEqual(["order-9: 1"]);
    expect((await report<StreamPage>(panel, "/api/stream?id=order-9&tenant=globex")).events.map(({ tenant, data }) => [tenant, JSON.parse(data)])).toEqual([
      ["globex", { secret: "of globex" }],
    ]);
    const [event] = await store.forTenant("globex").readAll().toArray();
    expect((await get(panel, `/api/event?id=${event?.id}&tenant=acme`)).status).toBe(404);
    expect((await get(panel, "/api/stream?id=order-9&tenant=acme")).status).toBe(404);
    expect((await get(panel, "/api/streams?tenant=nobody")).status).toBe(200);
    expect((await get(panel, `/api/streams?tenant=${"x".repeat(200)}`)).status).toBe(400);
    expect((await get(panel, `/?tenant=${"x".repeat(200)}`)).status).toBe(200);
  });

  test("keeps the reports of each apart, and says whose a large stream is", async ({ store }) => {
    await fill(store);
    const panel = studio(store, { tenants: "all" });
    const stats = async (query: string): Promise<readonly [number, readonly (string | null)[]]> => {
      const { events, largestStreams } = await report<StatsReport>(panel, `/api/stats${query}`);
      return [events.count, largestStreams.map(({ tenant }) => tenant)];
    };
    expect([await stats(""), await stats("?tenant=acme"), await stats("?tenant=globex"), await stats("")]).toEqual([
      [6, ["acme", "", "globex"]],
      [3, ["acme"]],
      [1, ["globex"]],
      [6, ["acme", "", "globex"]],
    ]);
  });

  test("writes a change to the audit of its tenant", async ({ store }) => {
    const acme = store.forTenant("acme");
    const worker = acme.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: async () => {} })] });
    await worker.start();
    await worker.stop();
    const panel = studio(store, { tenants: "all", role: "admin" });
    expect((await change(panel, "pause", { parameters: mailer })).status).toBe(404);
    const plan: ChangePlan = await (await change(panel, "pause?tenant=acme", { parameters: mailer })).json();
    const id = randomUUID();
    expect((await change(panel, "pause?tenant=acme", { parameters: mailer, id, confirm: plan.confirm })).status).toBe(200);
    expect((await acme.consumers.get("mailer")).paused).toBe(true);
    expect((await report<AuditPage>(panel, "/api/audit?tenant=acme")).entries).toMatchObject([{ id, state: "done" }]);
    expect((await report<AuditPage>(panel, "/api/audit")).entries).toEqual([]);
  });

  test("has authorize say who may see which", async ({ store }) => {
    await fill(store);
    const panel = studio(store, { tenants: "all", authorize: ({ url }) => new URL(url).searchParams.get("tenant") === "acme" });
    expect((await get(panel, "/api/streams?tenant=acme")).status).toBe(200);
    for (const path of ["/api/streams", "/api/streams?tenant=globex", "/?tenant=globex"]) expect((await get(panel, path)).status, path).toBe(401);
  });

  test("keeps what it knows of the hundred that were asked for last", async ({ store }) => {
    const opened = vi.spyOn(store, "forTenant");
    const panel = studio(store, { tenants: "all" });
    for (let n = 0; n <= 100; n++) await report(panel, `/api/session?tenant=t-${n}`);
    await report(panel, "/api/session?tenant=t-100");
    expect(opened).toHaveBeenCalledTimes(101);
    await report(panel, "/api/session?tenant=t-0");
    expect(opened).toHaveBeenCalledTimes(102);
  });
});

describe("a studio of one tenant", () => {
  test("names no other, and shows none, whoever asks by which route", async ({ store }) => {
    await fill(store);
    for (const panel of [studio(store, { role: "admin" }), studio(store.forTenant("acme"), { role: "admin" })]) {
      const { all, tenants, newest } = await report<TenantsReport>(panel, "/api/tenants");
      expect([all, tenants, newest?.streamId]).toEqual([false, [], "cart-1"]);
      for (const path of Object.keys(routes)) {
        const answer = await get(panel, `/api${path}?tenant=globex&id=order-9`);
        expect([path, answer.status, await answer.text()]).toEqual([path, 404, expect.not.stringContaining("secret")]);
      }
      expect((await change(panel, "pause?tenant=globex", { parameters: mailer })).status).toBe(404);
    }
  });
});
