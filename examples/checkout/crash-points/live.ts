import { startProxy } from "@tidemark/servers";
import type { EventStore } from "tidemark";
import type { PaymentService } from "../payment-service.ts";
import { openShop, type Shop } from "../shop.ts";
import { type Diary, loggerOf, note } from "./evidence.ts";
import { judge } from "./judge.ts";
import { type Story, streamId } from "./stories.ts";

/** Where a shop works on one order that no other shop knows. */
export interface Place {
  readonly url: string;
  readonly schema: string;
  readonly tenant: string;
  readonly service: PaymentService;
  /** Of the tenant. Its messages are not counted. */
  readonly store: EventStore;
  readonly diary: Diary;
}

/** A message of PostgreSQL's protocol: which one its side sends, over all connections of the shop, from 0. */
export interface Point {
  readonly side: "frontend" | "backend";
  readonly ordinal: number;
}

/** Each costs a dozen messages before it is of use. Of all the time that a busy machine takes, none is the library's. */
const pool = { max: 4, connectionTimeoutMs: 120_000 };
/** The service answers in a few turns of the event loop, which all of the shops share. */
const answerWithinMs = 1_000;

/**
 * An order that waits for ever is as wrong as one that is paid twice. Counted in ticks, which come less often where the machine is busy with other work:
 * then the shop is slower, too.
 */
const tickMs = 20;
const mostTicks = 9_000;
const ticksOfOperator = 250;

/** Has a shop take the order and bring it to its end. Rejects where it takes too long. */
async function work(shop: Shop, { order }: Story, { service, store, diary }: Place): Promise<void> {
  const late = Promise.withResolvers<never>();
  let ticks = 0;
  const clock = setInterval(() => {
    if (++ticks > mostTicks) late.reject(new Error(`the order has not ended after ${mostTicks} ticks of ${tickMs} ms`));
    if (ticks % ticksOfOperator === 0) retryParked(store, diary).catch(late.reject);
  }, tickMs);
  try {
    await Promise.race([
      late.promise,
      shop
        .place(streamId, order)
        .then(() => shop.end(streamId))
        .then(() => service.told()),
    ]);
  } finally {
    clearInterval(clock);
  }
}

/** What an operator does: a request that timed out as often as it may, on a machine that was busy, is parked. */
async function retryParked(store: EventStore, diary: Diary): Promise<void> {
  for (const { name, id, lastError } of await store.processes.list({ status: "parked" })) {
    note(diary, `the operator retries ${name} ${id}: ${lastError?.message}`);
    await store.processes.retry(name, id);
  }
}

/**
 * Has a shop work until it dies: it neither sends nor gets the message at `point`, nor any later one. Undefined: it lives.
 *
 * @returns How many messages each side sent, and whether the shop died.
 */
export async function live(place: Place, story: Story, point?: Point): Promise<Record<Point["side"], number> & { dead: boolean }> {
  const { url, schema, tenant, service, diary } = place;
  const proxy = await startProxy({ port: Number(new URL(url).port) });
  const died = Promise.withResolvers<void>();
  const seen = { frontend: 0, backend: 0, dead: false };
  for (const side of ["frontend", "backend"] as const) {
    proxy.on(side, () => {
      if (point?.side === side && point.ordinal === seen[side]) {
        note(diary, "the first shop dies");
        seen.dead = true;
        died.resolve();
      }
      seen[side]++;
      // All of its connections, and those that it tries to open.
      return seen.dead ? "drop-connection-before" : "pass";
    });
  }
  const storeOptions = { schema, migrate: "off", pool, logger: loggerOf(diary, "the first shop") } as const;
  const opening = openShop({ database: proxy.through(url), storeOptions, tenant, service, answerWithinMs });
  try {
    const working = opening.then((shop) => work(shop, story, place));
    working.catch(() => {});
    await Promise.race([died.promise, working]);
  } finally {
    // A process that is killed says no goodbye. Nor does it come back: the port stays taken until it has closed, or it could reach the database of another
    // run of this program, whose tenants and commands have the same names and numbers.
    if (seen.dead) proxy.refuseAll();
    await opening.then(
      (shop) => shop.close(seen.dead ? { timeoutMs: 0 } : {}),
      () => {},
    );
    await proxy.close();
  }
  return seen;
}

/** Another shop goes on with what the first one left. The customer, who got no answer, sends the order again. Returns what is wrong then. */
export async function goOn(place: Place, story: Story): Promise<string | undefined> {
  const { url, schema, tenant, service, diary } = place;
  const storeOptions = { schema, migrate: "off", pool, logger: loggerOf(diary, "the second shop") } as const;
  const shop = await openShop({ database: url, storeOptions, tenant, service, answerWithinMs });
  try {
    await work(shop, story, place);
    return await judge(shop.store, story, service);
  } finally {
    await shop.close();
  }
}
