import { strictEqual } from "node:assert";
import type { StoreOptions } from "../../arguments/store-options.ts";
import type { NewEvent } from "../../model/event.ts";
import type { EventStore } from "../../store/event-store.ts";

/** One thing that every store keeps. */
export interface Law {
  readonly name: string;
  readonly holds: (open: OpenStore) => Promise<void>;
}

/** Opens an empty store, which is closed when the law has held, or has not. */
export type OpenStore = (options?: Pick<StoreOptions, "now" | "createId">) => Promise<EventStore>;

export function added(sku = "tea"): NewEvent {
  return { type: "ItemAdded", data: { sku } };
}

/** It fails with exactly this error. `rejects` of `node:assert` takes no error of a test runner's sandbox for one. */
export async function failsWith(promise: Promise<unknown>, expected: Error): Promise<void> {
  const outcome = await promise.then(
    () => "it was fulfilled",
    (error: unknown) => error,
  );
  strictEqual(outcome, expected);
}

export const confirmed: NewEvent = { type: "CartConfirmed", data: {} };
