import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { startProxy } from "@tidemark/servers";
import {
  append,
  cancelTimer,
  command,
  complete,
  type Decider,
  defineProcess,
  type Event,
  type EventStore,
  openEventStore,
  type Process,
  timer,
  type Worker,
} from "tidemark";
import { eventually, expect, test } from "./test.ts";

type Placed = Event<"OrderPlaced", { amount: number }>;
type Accepted = Event<"PaymentAccepted", { order: string; receipt: string }>;
type TimedOut = Event<"PaymentTimedOut", object>;

/** A payment service: the first request for a key fails, and those that follow get the receipt of one payment. */
async function startPaymentService(): Promise<{ readonly url: string; readonly payments: ReadonlyMap<string, number>; readonly server: Server }> {
  const requests = new Map<string, number>();
  const payments = new Map<string, number>();
  const server = createServer((request, response) => {
    const key = request.headers["idempotency-key"];
    if (typeof key !== "string") return response.writeHead(400).end();
    const before = requests.get(key) ?? 0;
    requests.set(key, before + 1);
    if (before === 0) return response.writeHead(503).end();
    payments.set(key, 1);
    return response.end(`receipt of ${key}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the service has no port");
  return { url: `http://127.0.0.1:${address.port}`, payments, server };
}

function checkout(service: string): Process {
  const payment: Decider<boolean, { readonly order: string }, Accepted> = {
    name: "payment",
    initialState: () => false,
    evolve: () => true,
    async decide({ order }, accepted) {
      if (accepted) throw new Error("paid already");
      const response = await fetch(service, { method: "POST", headers: { "idempotency-key": order } });
      if (!response.ok) throw Object.assign(new Error(`the service said ${response.status}`), { retryable: true });
      return [{ type: "PaymentAccepted", data: { order, receipt: await response.text() } }];
    },
  };
  return defineProcess<{ readonly paid: boolean }, Placed | Accepted | TimedOut>({
    name: "checkout",
    handles: ["OrderPlaced", "PaymentAccepted", "PaymentTimedOut"],
    instanceId: (event) => (event.type === "PaymentAccepted" ? event.data.order : event.streamId),
    initialState: () => ({ paid: false }),
    evolve: (state, { type }) => ({ paid: state.paid || type === "PaymentAccepted" }),
    react(event) {
      if (event.type !== "OrderPlaced") return [cancelTimer("payment"), append(`shipment-of-${event.type}`, [{ type: "OrderShipped", data: {} }]), complete()];
      const { streamId } = event;
      return [command(payment, `payment-${streamId}`, { order: streamId }), timer("payment", { in: 3_600_000 }, { type: "PaymentTimedOut", data: {} })];
    },
    retry: { minDelayMs: 1, maxDelayMs: 1 },
  });
}

function start(store: EventStore, process: Process): Worker {
  return store.createWorker({ processes: [process], leaseMs: 500, timers: false, onError: () => {} });
}

/** What an order came to: everything of it, once. */
async function outcome(store: EventStore): Promise<unknown> {
  const instance = await store.processes.get("checkout", "order-1");
  const { status, state, inputCount, handledCount, lateCount, timers, commands } = instance;
  return {
    status,
    state,
    inputCount,
    handledCount,
    lateCount,
    timers,
    commands: commands.map((one) => one.status),
    accepted: (await store.readStream("payment-order-1").toArray()).map(({ type }) => type),
    shipped: (await store.readStream("shipment-of-PaymentAccepted").toArray()).map(({ type }) => type),
  };
}

const right = {
  status: "completed",
  state: { paid: true },
  inputCount: 2,
  handledCount: 2,
  lateCount: 0,
  timers: [],
  commands: ["done", "done"],
  accepted: ["PaymentAccepted"],
  shipped: ["OrderShipped"],
};

const atOnce = 8;

test("an order ends right whichever statement of its worker is the last one", async ({ store, databaseUrl, schema }) => {
  const service = await startPaymentService();
  const { port } = new URL(databaseUrl);
  /** Has a worker work on an order of the tenant's, until it has sent so many statements. Returns how many those were. */
  const strike = async (tenant: string, last: number): Promise<number> => {
    await store.forTenant(tenant).appendToStream<Placed>("order-1", [{ type: "OrderPlaced", data: { amount: 7 } }]);
    await using proxy = await startProxy({ port: Number(port) });
    let sent = 0;
    const dead = Promise.withResolvers<void>();
    // The server runs what has arrived with one of these.
    proxy.on("frontend", ({ name }) => {
      if ((name !== "Sync" && name !== "Query") || ++sent !== last) return;
      setImmediate(() => {
        void proxy.close();
        dead.resolve();
      });
      return "drop-connection-after";
    });
    const through = await openEventStore(proxy.through(databaseUrl), {
      schema,
      migrate: "off",
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    }).catch(() => undefined);
    if (!through) return sent;
    const worker = start(through.forTenant(tenant), checkout(`${service.url}/${tenant}`));
    try {
      const done = worker.start().then(() => eventually(async () => expect(await outcome(store.forTenant(tenant))).toEqual(right)));
      await Promise.race([dead.promise, done]);
    } catch {
      // It was struck while it started.
    } finally {
      await worker.stop({ timeoutMs: 0 }).catch(() => {});
      await through.close({ timeoutMs: 0 }).catch(() => {});
    }
    return sent;
  };
  try {
    const whole = await strike("whole", Number.POSITIVE_INFINITY);
    expect(whole).toBeGreaterThan(20);
    const cases = Array.from({ length: whole }, (_, n) => n + 1);
    const goOn = async (): Promise<void> => {
      for (let point = cases.pop(); point !== undefined; point = cases.pop()) {
        const tenant = `after-${point}`;
        await strike(tenant, point);
        const of = store.forTenant(tenant);
        const next = start(of, checkout(`${service.url}/${tenant}`));
        await next.start();
        try {
          await eventually(async () => expect({ point, ...Object(await outcome(of)) }).toEqual({ point, ...right }));
        } finally {
          await next.stop();
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, goOn));
    expect(cases).toEqual([]);
  } finally {
    service.server.closeAllConnections();
    service.server.close();
  }
});
