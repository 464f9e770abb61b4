import type { Event, EventStore } from "tidemark";

export type ItemAdded = Event<"ItemAdded", { sku: string; quantity: number; price: number }>;
export type CartConfirmed = Event<"CartConfirmed", { at: string }>;
export type CartEvent = ItemAdded | CartConfirmed;

export declare const store: EventStore;
export declare const cartStore: EventStore<CartEvent>;

/** Fails to compile unless both types are the same: `same<number>()(value)`. */
export declare function same<Expected>(): <Actual>(
  actual: Actual,
  ...different: (<T>() => T extends Expected ? 1 : 2) extends <T>() => T extends Actual ? 1 : 2 ? [] : [never]
) => void;
