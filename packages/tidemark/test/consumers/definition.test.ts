import { type Consumer, defineConsumer, isTidemarkError, type RecordedEvent } from "tidemark";
import { expectTypeOf } from "vitest";
import type { CartEvent } from "../support/cart.ts";
import { describe, expect, test } from "../support/test.ts";

const handle = (): void => {};

describe("defineConsumer", () => {
  test.for<readonly [name: string, definition: unknown, message: string]>([
    ["no definition", undefined, "definition is missing"],
    ["no name", { handle }, "definition.name is missing"],
    ["an empty name", { name: "", handle }, "definition.name is empty"],
    ["a name with a control character", { name: "a\nb", handle }, "definition.name holds the control character"],
    ["no handler", { name: "c" }, 'definition of "c" needs one of handle and handleBatch'],
    ["two handlers", { name: "c", handle, handleBatch: handle }, "not both"],
    ["a handler that is none", { name: "c", handle: "no" }, "definition.handle must be a function"],
    ["an option with a typing error", { name: "c", handle, shard: 2 }, 'definition.shard is not an option; did you mean "shards"?'],
    ["no shards", { name: "c", handle, shards: 0 }, "definition.shards must be a whole number from 1 to 256, not 0"],
    ["an odd start", { name: "c", handle, startFrom: "start" }, 'definition.startFrom must be "beginning" or "end"'],
    ["a bare position as start", { name: "c", handle, startFrom: 7 }, "definition.startFrom is 7; write { after: 7 }"],
    ["a start without a place", { name: "c", handle, startFrom: {} }, "definition.startFrom.after is missing"],
    ["an unknown retry option", { name: "c", handle, retry: { tries: 3 } }, "definition.retry.tries is not an option"],
    ["a factor below 1", { name: "c", handle, retry: { factor: 0.5 } }, "definition.retry.factor must be a number from 1 to 100"],
    ["an odd failure", { name: "c", handle, onFailure: "dead-leter" }, 'did you mean "dead-letter"?'],
    ["an odd filter", { name: "c", handle, filter: { type: ["A"] } }, 'definition.filter.type is not an option; did you mean "types"?'],
    ["an empty filter list", { name: "c", handle, filter: { types: [] } }, "definition.filter.types is empty"],
    ["an odd breaker", { name: "c", handle, circuitBreaker: true }, "definition.circuitBreaker must be an object"],
  ])("refuses %s", ([, definition, message]) => {
    let refused: unknown;
    try {
      // @ts-expect-error -- as a JavaScript caller would
      defineConsumer(definition);
    } catch (error) {
      refused = error;
    }
    expect(isTidemarkError(refused, "INVALID_ARGUMENT") && refused.message).toContain(message);
  });

  test("gives a consumer with a name, and nothing that later changes reach", () => {
    const consumer = defineConsumer({ name: "mailer", handle });
    expectTypeOf(consumer).toEqualTypeOf<Consumer>();
    expect(consumer).toMatchObject({ name: "mailer", kind: "consumer" });
    expect(Object.isFrozen(consumer)).toBe(true);
  });

  test("types events by its union", () => {
    defineConsumer<CartEvent>({
      name: "c",
      filter: { types: ["CartConfirmed"] },
      handle: (event) => void expectTypeOf(event).toEqualTypeOf<RecordedEvent<CartEvent>>(),
    });
    // @ts-expect-error -- no such type
    defineConsumer<CartEvent>({ name: "c", filter: { types: ["CartConfirmd"] }, handle });
  });
});

describe("createWorker", () => {
  test("refuses what it cannot run", async ({ store }) => {
    const consumer = defineConsumer({ name: "c", handle });
    expect(() => store.createWorker({})).toThrow("definition.consumers is missing");
    expect(() => store.createWorker({ consumers: [consumer, consumer] })).toThrow('definition.consumers holds "c" twice');
    expect(() => store.createWorker({ consumers: [{ name: "c", kind: "consumer" }] })).toThrow("definition.consumers[0] must be what defineConsumer returns");
    expect(() => store.createWorker({ consumers: [consumer], leaseMs: 10 })).toThrow("definition.leaseMs must be a whole number from 500");
    for (const definition of [{ projections: [] }, { consumers: [] }, { consumers: [], projections: [] }])
      expect(() => store.createWorker(definition)).toThrow("definition.consumers is missing or empty, and there are no async projections");
  });
});
