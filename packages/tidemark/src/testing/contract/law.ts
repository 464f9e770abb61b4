import type { StoreOptions } from "../../arguments/store-options.ts";
import type { NewEvent } from "../../event.ts";
import type { EventStore } from "../../event-store.ts";

/** One thing that every store keeps. */
export interface Law {
  readonly name: string;
  readonly holds: (open: OpenStore) => Promise<void>;
}

/** Opens an empty store, which the law closes. */
export type OpenStore = (options?: Pick<StoreOptions, "now" | "createId">) => Promise<EventStore>;

export function added(sku = "tea"): NewEvent {
  return { type: "ItemAdded", data: { sku } };
}

export const confirmed: NewEvent = { type: "CartConfirmed", data: {} };
