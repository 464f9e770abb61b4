import { checkOpenArguments } from "../../src/arguments/store-options.ts";
import type { EventCodec } from "../../src/catalogue/event-codec.ts";
import { assembleStore } from "../../src/store/assemble-store.ts";
import type { EventStore, StoreOptions } from "../../src/index.ts";
import { test as base } from "../support/test.ts";

/** `openWith`: opens a store that reads through a codec, in the test's schema; closed after the test. */
export const test = base.extend("openWith", ({ databaseUrl, schema }, { onCleanup }) => {
  const opened: EventStore[] = [];
  onCleanup(async () => {
    await Promise.all(opened.map((store) => store.close()));
  });
  return async (codec: EventCodec, given: StoreOptions = {}): Promise<EventStore> => {
    const { target, options } = checkOpenArguments([databaseUrl, { schema, ...given }]);
    const store = await assembleStore(target, options, codec);
    opened.push(store);
    return store;
  };
});

export { describe, eventually, expect } from "../support/test.ts";
