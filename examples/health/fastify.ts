import Fastify from "fastify";
import { openEventStore } from "tidemark";
import { Probe } from "./probe.ts";

const store = await openEventStore(process.env["DATABASE_URL"], { migrate: "off" });
const probe = new Probe(store);
// Closing waits until clients have let go of their connections: 72 seconds by default. Node.js itself takes 5.
const app = Fastify({ keepAliveTimeout: 5_000 });

app.get("/livez", async (_request, reply) => {
  const { status, report } = await probe.live();
  return reply.code(status).send(report);
});
app.get("/readyz", async (_request, reply) => {
  const { status, report } = await probe.ready();
  return reply.code(status).send(report);
});
app.post<{ Params: { id: string }; Body: { sku: string } }>("/carts/:id/items", async (request, reply) => {
  const { version } = await store.appendToStream(`cart-${request.params.id}`, [{ type: "ItemAdded", data: request.body }]);
  return reply.code(201).send({ version });
});

await app.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" });
probe.drainAtSigterm(() => app.close(), Number(process.env["NOTICED_MS"] ?? 10_000));
