import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { openEventStore } from "tidemark";
import { Probe } from "./probe.ts";

const store = await openEventStore(process.env["DATABASE_URL"], { migrate: "off" });
const probe = new Probe(store);
const app = new Hono();

app.get("/livez", async (context) => {
  const { status, report } = await probe.live();
  return context.json(report, status);
});
app.get("/readyz", async (context) => {
  const { status, report } = await probe.ready();
  return context.json(report, status);
});
app.post("/carts/:id/items", async (context) => {
  const { version } = await store.appendToStream(`cart-${context.req.param("id")}`, [{ type: "ItemAdded", data: await context.req.json() }]);
  return context.json({ version }, 201);
});

const server = serve({ fetch: app.fetch, port: Number(process.env["PORT"]), hostname: "127.0.0.1" });
probe.drainAtSigterm(promisify(server.close.bind(server)), Number(process.env["NOTICED_MS"] ?? 10_000));
