import type { EventStore, ScheduledTimer, ScheduleOptions, StoreTransaction, Timer } from "tidemark";
import { type CartEvent, same } from "./cart.ts";

declare const any: EventStore;
declare const store: EventStore<CartEvent>;
declare const tx: StoreTransaction<CartEvent>;

const confirmed = { type: "CartConfirmed", data: { at: "2026-11-29" } } as const;

// A timer has an event of the store's, in a transaction too.
same<Promise<ScheduledTimer>>()(store.schedule("cart-1", confirmed, { key: "a", in: 1_000 }));
same<Promise<ScheduledTimer>>()(tx.schedule("cart-1", confirmed, { key: "a", at: new Date() }));
void any.schedule("cart-1", { type: "Anything", data: 1, tags: ["cart:1"] }, { key: "a", cron: "0 9 * * 1", timeZone: "Europe/Rome", missed: "each" });
same<Promise<readonly Timer[]>>()(store.timers.list({ dueBefore: new Date(), limit: 1, signal: AbortSignal.timeout(1_000) }));
same<Promise<boolean>>()(tx.timers.cancel("a"));

// @ts-expect-error -- a signal, and not the controller
void store.timers.list({ signal: new AbortController() });
// @ts-expect-error -- no such event in this store
void store.schedule("cart-1", { type: "CartExpired", data: {} }, { key: "a", in: 1_000 });
// @ts-expect-error -- a timer has a key
void store.schedule("cart-1", confirmed, { in: 1_000 });
// @ts-expect-error -- and says when
void store.schedule("cart-1", confirmed, { key: "a" });
// @ts-expect-error -- in one way
({ key: "a", in: 1_000, at: new Date() }) satisfies ScheduleOptions;
// @ts-expect-error -- a time zone goes with cron
({ key: "a", in: 1_000, timeZone: "UTC" }) satisfies ScheduleOptions;
// @ts-expect-error -- one event for all that were missed, or one for each
({ key: "a", cron: "* * * * *", missed: "none" }) satisfies ScheduleOptions;
