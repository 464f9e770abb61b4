import { Hono } from "hono";
import { type EventStore, handleCommand } from "tidemark";
import { etag, problemResponse, readJson, type LogHandler } from "tidemark/http";
import { z } from "zod";
import { item, order, type OrderCommand, type OrderEvent, Refused } from "./order.ts";
import { page } from "./page.ts";

/** The shop's addresses: orders to write and read, the log to follow, and the live page. */
export function shopApi(store: EventStore<OrderEvent>, log: LogHandler): Hono {
  const app = new Hono();

  const handle = async (request: Request, id: string, command: OrderCommand): Promise<Response> => {
    // A client that got no answer sends its request again, with the same key.
    const commandId = request.headers.get("idempotency-key");
    const { version, state } = await handleCommand(store, order, `order-${id}`, command, commandId === null ? {} : { commandId });
    return Response.json({ version, cents: state.cents, placed: state.placed }, { headers: { etag: etag({ version }) } });
  };

  app.post("/orders/:id/items", async ({ req }) => {
    const added = item.parse(await readJson(req.raw, { maxBytes: 10_000 }));
    return await handle(req.raw, req.param("id"), { kind: "add", item: added });
  });
  app.post("/orders/:id/place", ({ req }) => handle(req.raw, req.param("id"), { kind: "place" }));
  app.get("/orders/:id", async ({ req }) => {
    const { state, version } = await store.aggregateStream(`order-${req.param("id")}`, { initialState: order.initialState, evolve: order.evolve });
    return version === 0 ? problem(404, "There is no such order.") : Response.json(state, { headers: { etag: etag({ version }) } });
  });
  app.all("/events/*", ({ req }) => log(req.raw));
  app.get("/", ({ html }) => html(page));

  app.onError((error) => {
    if (error instanceof z.ZodError) return problem(422, z.prettifyError(error));
    if (error instanceof Refused) return problem(409, error.message);
    return problemResponse(error);
  });
  return app;
}

function problem(status: number, detail: string): Response {
  return new Response(JSON.stringify({ status, detail }), { status, headers: { "content-type": "application/problem+json" } });
}
