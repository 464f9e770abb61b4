import { promisify } from "node:util";
import express from "express";
import { openEventStore } from "tidemark";
import { Probe } from "./probe.ts";

const store = await openEventStore(process.env["DATABASE_URL"], { migrate: "off" });
const probe = new Probe(store);
const app = express();
app.use(express.json());

app.get("/livez", async (_request, response) => {
  const { status, report } = await probe.live();
  response.status(status).json(report);
});
app.get("/readyz", async (_request, response) => {
  const { status, report } = await probe.ready();
  response.status(status).json(report);
});
app.post("/carts/:id/items", async (request, response) => {
  const { version } = await store.appendToStream(`cart-${request.params.id}`, [{ type: "ItemAdded", data: request.body }]);
  response.status(201).json({ version });
});

const server = app.listen(Number(process.env["PORT"]), "127.0.0.1");
probe.drainAtSigterm(promisify(server.close.bind(server)), Number(process.env["NOTICED_MS"] ?? 10_000));
